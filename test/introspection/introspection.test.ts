import { describe, expect, test } from 'vitest'
import { introspected } from '../../packages/core/dist/token/profile.js'
import { AUDIENCE, claims, delegated, ISSUER, type Json, mint, NOW } from '../support/token.js'
import { active, createScene, inScene, opaque, type SceneOptions, trustIn } from './scene.js'

describe('an opaque token', () => {
  test('becomes what its issuer says of it', async () => {
    await inScene(active({ iss: ISSUER, jti: 'token-1', txn: 'task-1' }), async ({ judge }) => {
      expect(await judge()).toMatchObject({
        header: undefined,
        issuer: ISSUER,
        subject: 'user-1',
        audience: [AUDIENCE],
        clientId: 'client-1',
        scopes: ['billing:read'],
        issuedAt: NOW - 10,
        expiresAt: NOW + 290,
        tokenId: 'token-1',
        mode: 'direct',
        delegation: [],
        claims: { active: true, txn: 'task-1' },
      })
    })
  })

  test('has the chain its issuer says it has', async () => {
    await inScene(
      active({ act: { sub: 'agent:support', iss: ISSUER, act: { sub: 'agent:planner' } } }),
      async ({ judge }) => {
        const { mode, delegation } = await judge()
        expect(mode).toBe('delegated')
        expect(delegation.map(({ subject, issuer }) => `${subject} of ${issuer}`)).toEqual([
          `agent:support of ${ISSUER}`,
          `agent:planner of ${ISSUER}`,
        ])
      },
    )
  })

  test.each([
    ['DPoP', { jkt: 'A'.repeat(43) }, 'dpop'],
    ['Bearer', { 'x5t#S256': 'A'.repeat(43) }, 'mtls'],
  ])('of type %s is bound to the key its issuer names', async (type, cnf, method) => {
    await inScene(active({ token_type: type, cnf }), async ({ judge }) => {
      expect((await judge()).confirmation).toEqual({ method, thumbprint: 'A'.repeat(43) })
    })
  })

  test('is told from a JWT by its form', async () => {
    await inScene(undefined, async ({ introspector: { isOpaque } }) => {
      const jwt = mint()
      expect([jwt, mint({ exp: 0 }), `${jwt.slice(0, jwt.lastIndexOf('.'))}.`, 'e30.e30.AA'].map(isOpaque)).toEqual([
        false,
        false,
        false,
        false,
      ])
      const others = [opaque, 'ory_at_a.b', 'v2.local.abc', 'a.b.c', `${jwt}.AA.AA`, 'WzFd.e30.AA', '', '..']
      expect(others.map(isOpaque)).toEqual(others.map(() => true))
    })
  })

  test.each([
    ['larger than a token may be', 'a'.repeat(16_385), 'a'.repeat(16_384)],
    ['with a character no token has', 'opaque token', 'opaque-token'],
    ['with another', 'opaque&token_type_hint=x', 'opaque~token+hint/x'],
  ])('%s is refused unasked', async (_name, wrong, right) => {
    await inScene(undefined, async ({ outcome, endpoint }) => {
      expect(await outcome(wrong)).toBe('token_malformed')
      expect(endpoint.questions).toEqual([])
      expect(await outcome(right)).toBe('accepted')
      expect(endpoint.questions[0]?.form.get('token')).toBe(right)
    })
  })
})

/** What an endpoint says, and the code it is refused with. Beside each stands the good answer it was made from. */
const judged: Readonly<Record<string, readonly [code: string, changes: Json, settings?: SceneOptions]>> = {
  'not active': ['token_revoked', { active: false }],
  'active as a text': ['introspection_unavailable', { active: 'true' }],
  'active as a number': ['introspection_unavailable', { active: 1 }],
  'active as null': ['introspection_unavailable', { active: null }],
  'active as a list': ['introspection_unavailable', { active: [true] }],
  'nothing about active': ['introspection_unavailable', { active: undefined }],
  expired: ['token_expired', { exp: NOW - 5 }],
  'exp as a text': ['claim_invalid', { exp: String(NOW + 290) }],
  'without exp': ['claim_missing', { exp: undefined }],
  'without iat': ['claim_missing', { iat: undefined }],
  'issued in the future': ['token_not_yet_valid', { iat: NOW + 6, exp: NOW + 290 }],
  'not yet valid': ['token_not_yet_valid', { nbf: NOW + 6 }],
  'without sub': ['claim_missing', { sub: undefined }],
  'sub as a number': ['claim_invalid', { sub: 1 }],
  'without client_id': ['claim_missing', { client_id: undefined }],
  'without aud': ['claim_missing', { aud: undefined }],
  'another aud': ['audience_mismatch', { aud: 'https://orders.example.com' }],
  'an aud that only begins like this': ['audience_mismatch', { aud: `${AUDIENCE}.evil.example` }],
  'another iss': ['issuer_untrusted', { iss: 'https://other.example.com' }],
  'iss with a slash': ['issuer_untrusted', { iss: `${ISSUER}/` }],
  'iss as a list': ['issuer_untrusted', { iss: [ISSUER] }],
  'iss as null': ['issuer_untrusted', { iss: null }],
  'a malformed chain': ['delegation_malformed', { act: 'agent:support' }],
  'a chain too deep': [
    'delegation_too_deep',
    { act: { sub: 'a', act: { sub: 'b', act: { sub: 'c', act: { sub: 'd', act: { sub: 'e' } } } } } },
  ],
  'an actor of somebody': ['actor_untrusted', { act: { sub: 'agent:support', iss: 'https://other.example.com' } }],
  'a delegated token of two APIs': [
    'audience_mismatch',
    { act: { sub: 'agent:support' }, aud: [AUDIENCE, 'https://orders.example.com'] },
  ],
  'a delegated token that lives too long': [
    'token_lifetime_too_long',
    { act: { sub: 'agent:support' }, exp: NOW + 900 },
  ],
  'a chain that is not whole, where that is asked': [
    'actor_not_allowed',
    { act: { sub: 'agent:support' }, chain_complete: false },
    { delegation: { deniedActors: ['agent:rogue'] } },
  ],
  'a chain without anybody': ['delegation_malformed', { chain_complete: false }],
  'a malformed cnf': ['binding_unsupported', { cnf: { jkt: 'short' } }],
  'a DPoP token that lost its key': ['binding_unsupported', { token_type: 'DPoP' }],
  'a DPoP token with a certificate': [
    'binding_unsupported',
    { token_type: 'dpop', cnf: { 'x5t#S256': 'A'.repeat(43) } },
  ],
  'a refresh token, without a type': ['token_type_rejected', { token_type: undefined }],
  'a refresh token by its type': ['token_type_rejected', { token_type: 'refresh_token' }],
  'a refresh token by its use': ['token_type_rejected', { token_use: 'refresh_token' }],
  'an ID token by its kind': ['token_type_rejected', { typ: 'ID' }],
  'a type that is no text': ['token_type_rejected', { token_type: ['Bearer'] }],
  'scope as a list': ['claim_invalid', { scope: ['billing:read'] }],
}

describe('what the issuer says is judged like a JWT', () => {
  test.each(Object.entries(judged))('%s', async (_name, [code, changes, settings]) => {
    await inScene(
      active(changes),
      async ({ outcome, endpoint, clock }) => {
        expect(await outcome()).toBe(code)
        endpoint.reply = active({ act: { sub: 'agent:support', iss: ISSUER }, iss: ISSUER })
        clock.now += 31 // the answer that was refused may be remembered: it was a good one of a bad token
        expect(await outcome()).toBe('accepted')
      },
      settings,
    )
  })

  test.each([
    ['token_type in lower case', { token_type: 'bearer' }],
    ['what Hydra adds', { token_use: 'access_token' }],
    ['what Keycloak adds', { typ: 'Bearer', username: 'jane', preferred_username: 'jane', azp: 'client-1' }],
    ['what Cognito would add', { token_use: 'access' }],
    ['several audiences of a direct token', { aud: ['https://orders.example.com', AUDIENCE] }],
    ['a whole chain where it is asked for', { chain_complete: true, act: { sub: 'agent:support' } }],
    ['no scope', { scope: undefined }],
  ])('%s is good', async (_name, changes) => {
    await inScene(active(changes), async ({ outcome }) => expect(await outcome()).toBe('accepted'))
  })

  test('a profile says what counts where an issuer leaves something out', async () => {
    const profile = introspected({ subjectClaims: ['sub', 'client_id'] })
    await inScene(active({ sub: undefined }), async ({ judge }) => expect((await judge()).subject).toBe('client-1'), {
      options: { profile },
    })
  })
})

describe('the question', () => {
  test('is one POST of a form, to the endpoint and nowhere else', async () => {
    await inScene(undefined, async ({ outcome, endpoint }) => {
      expect(await outcome('a+b/c~d==')).toBe('accepted')
      const [question, ...others] = endpoint.questions
      expect(others).toEqual([])
      expect(question).toMatchObject({
        method: 'POST',
        path: '/introspect',
        headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
      })
      expect(Object.fromEntries(question?.form ?? [])).toEqual({ token: 'a+b/c~d==', token_type_hint: 'access_token' })
    })
  })

  test('is asked for the issuer that is named', async () => {
    const other = 'https://other.example.com'
    const issuers = new Map([ISSUER, other].map((issuer) => [issuer, trustIn(issuer)] as const))
    await inScene(
      active({ iss: other }),
      async ({ judge, endpoint, outcome, clock }) => {
        expect((await judge()).issuer).toBe(other)
        clock.now += 31
        endpoint.reply = active({ iss: ISSUER })
        expect(await outcome()).toBe('issuer_untrusted')
      },
      { issuers, options: { issuer: other } },
    )
  })

  test.each([
    ['no trusted issuer', { issuer: 'https://nobody.example.com' }, 'introspection.issuer must name'],
    ['none of several', {}, 'introspection.issuer must name'],
    ['several issuers, and every token', { issuer: ISSUER, mode: 'always' }, "introspection.mode must be 'opaque'"],
  ] as const)('is not possible for %s', async (_name, options, message) => {
    const issuers = new Map([ISSUER, 'https://other.example.com'].map((issuer) => [issuer, trustIn(issuer)] as const))
    await expect(createScene(undefined, { issuers, options })).rejects.toThrow(message)
    await inScene(undefined, async ({ outcome }) => expect(await outcome()).toBe('accepted'), {
      issuers,
      options: { issuer: ISSUER },
    })
  })
})

describe('a JWT where every token is introspected', () => {
  const jwt = mint({ jti: 'token-1' })
  const always: SceneOptions = { options: { mode: 'always' } }
  const minted = (changes: Json = {}): Json => ({ active: true, ...claims({ jti: 'token-1', ...changes }) })

  test('counts while its issuer says so', async () => {
    await inScene(
      { active: true },
      async ({ confirm, endpoint, clock }) => {
        expect(await confirm(jwt)).toBe('accepted')
        expect(endpoint.questions[0]?.form.get('token')).toBe(jwt)
        endpoint.reply = { active: false }
        clock.now += 31
        expect(await confirm(jwt)).toBe('token_revoked')
      },
      always,
    )
  })

  test('has to hold by itself all the same', async () => {
    await inScene(
      { active: true },
      async ({ confirm, endpoint }) => {
        expect(await confirm(mint({ exp: NOW - 5 }))).toBe('token_expired')
        expect(await confirm(`${jwt.slice(0, -4)}AAAA`)).toBe('signature_invalid')
        expect(endpoint.questions).toEqual([])
        expect(await confirm(jwt)).toBe('accepted')
      },
      always,
    )
  })

  test.each<[string, string, Json]>([
    ['another issuer', 'issuer_untrusted', { iss: 'https://other.example.com' }],
    ['another subject', 'claim_invalid', { sub: 'user-2' }],
    ['another client', 'claim_invalid', { client_id: 'client-2' }],
    ['another identifier', 'claim_invalid', { jti: 'token-2' }],
    ['another audience', 'audience_mismatch', { aud: ['https://orders.example.com'] }],
    ['an end that has passed', 'token_expired', { exp: NOW - 5 }],
    ['an end that is none', 'claim_invalid', { exp: 'never' }],
    ['an actor that the token has not', 'claim_invalid', { act: { sub: 'agent:support' } }],
    ['a key that the token has not', 'claim_invalid', { cnf: { jkt: 'A'.repeat(43) } }],
    ['fewer scopes', 'claim_invalid', { scope: 'billing:write' }],
    ['scopes that are none', 'claim_invalid', { scope: { billing: 'read' } }],
  ])('is refused when its issuer says %s', async (_name, code, changes) => {
    await inScene(
      minted(changes),
      async ({ confirm, endpoint, clock }) => {
        expect(await confirm(jwt)).toBe(code)
        endpoint.reply = minted({ scope: 'billing:write billing:read', username: 'jane' })
        clock.now += 31
        expect(await confirm(jwt)).toBe('accepted')
      },
      always,
    )
  })

  const chain = { act: { sub: 'agent:support', iss: ISSUER, keys: [1, { a: null }], act: { sub: 'agent:planner' } } }
  const same = { act: { act: { sub: 'agent:planner' }, keys: [1, { a: null }], iss: ISSUER, sub: 'agent:support' } }
  test.each<[string, string, Json]>([
    ['the same chain in another order', 'accepted', same],
    ['nothing about the chain', 'accepted', {}],
    ['a trimmed chain, and says so', 'accepted', { act: { sub: 'agent:support' }, chain_complete: false }],
    ['a trimmed chain', 'claim_invalid', { act: { sub: 'agent:support', iss: ISSUER } }],
    ['another actor', 'claim_invalid', { act: { ...chain.act, sub: 'agent:rogue' } }],
    ['another prior actor', 'claim_invalid', { act: { ...chain.act, act: { sub: 'agent:rogue' } } }],
    ['another member', 'claim_invalid', { act: { ...chain.act, keys: [1, { b: null }] } }],
    ['a list for an object', 'claim_invalid', { act: { ...chain.act, keys: { 0: 1, 1: { a: null } } } }],
    ['no chain', 'claim_invalid', { act: null }],
  ])('delegated: its issuer says %s', async (_name, code, said) => {
    const token = mint(delegated({ ...chain, jti: 'token-1' }))
    await inScene({ active: true, ...said }, async ({ confirm }) => expect(await confirm(token)).toBe(code), always)
  })
})
