import { AccessError, type Requirement } from '@behalf/core'
import { badTokens, createTestIssuer, malformedActs } from '@behalf/testing'
import { expect } from 'vitest'
import { type Api, type Call, startApi } from '../support/api.js'
import { standardRoutes } from '../support/routes.js'
import { AUDIENCE, createKey, delegated, ISSUER, mint, NOW } from '../support/token.js'
import { headerValue, headerValues } from '../support/wire.js'
import { expectAllowed, expectRefused, parseChallenge, seenBy, splitChallenges } from './answer.js'
import { type Code, codes, rowOf } from './error-table.js'
import { createSuite } from './suite.js'

/** Every code, raised by the check of a route: `/raise/token_expired`. */
const raising = {
  method: 'GET',
  path: '/raise/:code',
  guards: [
    {
      protect: (param: (name: string) => string | undefined): Requirement => ({
        check() {
          throw new AccessError(param('code') as Code)
        },
      }),
    },
  ],
} as const
const { proves } = createSuite({ routes: [...standardRoutes, raising] })

/** One refusal of each sort that a caller can bring about. */
const refusals: readonly (readonly [Code, Call])[] = [
  ['token_missing', {}],
  ['credentials_malformed', { authorization: 'Bearer' }],
  ['credentials_multiple', { authorization: ['Bearer x', 'Bearer x'] }],
  ['token_malformed', 'x.y.z'],
  ['token_expired', mint({ exp: 1, iat: 0 })],
  ['signature_invalid', mint({}, { key: createKey('ES256', 'es256') })],
  [
    'delegation_too_deep',
    mint({ act: { sub: '1', act: { sub: '2', act: { sub: '3', act: { sub: '4', act: { sub: '5' } } } } } }),
  ],
  ['scope_insufficient', mint({ scope: 'other' })],
  ['delegation_required', { path: '/delegated', token: mint() }],
  ['subject_mismatch', { path: '/customers/user-2', token: mint() }],
]

proves('RFC9110-11.6.1-challenge', async (api) => {
  for (const [code, call] of refusals) {
    if (rowOf(code).status !== 401) continue
    const { response } = await api.call(call)
    expect(response.status, code).toBe(401)
    const fields = headerValues(response, 'WWW-Authenticate')
    expect(fields, code).toHaveLength(1)
    expect(splitChallenges(fields[0]).map((challenge) => parseChallenge(challenge).scheme)).toEqual(['Bearer', 'DPoP'])
  }
  expect(headerValues((await api.call(mint())).response, 'WWW-Authenticate')).toEqual([])
})

proves('RFC6750-3-refused-challenge', async (api) => {
  for (const [code, call] of refusals) {
    const { response } = await api.call(call)
    expect(headerValues(response, 'WWW-Authenticate'), code).toHaveLength(1)
  }
})

proves('RFC6750-3-parameters', async (api) => {
  for (const [code, call] of refusals) {
    const challenges = splitChallenges(headerValue((await api.call(call)).response, 'WWW-Authenticate'))
    const params = challenges.flatMap((challenge) => parseChallenge(challenge).params)
    for (const [name, value] of params) {
      const allowed = name === 'scope' ? /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/ : /^[\x20-\x21\x23-\x5b\x5d-\x7e]*$/
      expect(value, `${code} ${name}`).toMatch(allowed)
      expect(['error', 'error_description', 'scope', 'algs']).toContain(name)
    }
  }
})

/** A route of its own may put text of the request into a parameter. */
const wild = {
  method: 'GET',
  path: '/wild',
  guards: [
    {
      protect: {
        check() {
          throw new AccessError('scope_insufficient', { parameters: { scope: 'a\r\nSet-Cookie: x=y\0é€\u{1f600}"\\' } })
        },
      } satisfies Requirement,
    },
  ],
} as const
createSuite({ routes: [wild] }).proves('RFC6750-3-parameters', async (api) => {
  const { response } = await api.call({ path: '/wild', token: mint() })
  expect(response.status).toBe(403)
  expect(headerValues(response, 'Set-Cookie')).toEqual([])
  expect(headerValue(response, 'WWW-Authenticate')).toContain(', scope="a??Set-Cookie: x=y?')
  expect(headerValue(response, 'WWW-Authenticate')).toMatch(/^[\x20-\x7e]+$/)
})

proves('RFC6750-3.1-error-codes', async (api) => {
  const byError: Record<string, number> = {
    invalid_request: 400,
    invalid_token: 401,
    insufficient_scope: 403,
    actor_unauthorized: 403,
  }
  for (const [code, call] of refusals) {
    const { response } = await api.call(call)
    const { params } = parseChallenge(splitChallenges(headerValue(response, 'WWW-Authenticate'))[0])
    const error = Object.fromEntries(params).error
    expect(error, code).toBe(rowOf(code).error)
    if (error !== undefined) expect(byError[error]).toBe(response.status)
  }
})

proves('RFC9457-3-problem', async (api) => {
  for (const [code, call] of refusals) {
    const { response } = await api.call(call)
    expect(headerValue(response, 'Content-Type')).toBe('application/problem+json')
    const problem = JSON.parse(response.body.toString()) as Record<string, unknown>
    expect(problem.status, code).toBe(response.status)
    expect(problem.type).toBe(`urn:behalf:error:${rowOf(code).shown ?? code}`)
    expect(JSON.stringify(problem)).toBe(response.body.toString())
    expect(headerValue(response, 'Content-Length')).toBe(String(response.body.length))
  }
})

proves('RFC9111-5.2.2.5-no-store', async (api) => {
  for (const [code, call] of refusals) {
    expect(headerValues((await api.call(call)).response, 'Cache-Control'), code).toEqual(['no-store'])
  }
})

proves('BEHALF-constant-text', async (api) => {
  const texts = new Map<string, string>()
  const variants: readonly (readonly [Code, readonly Call[]])[] = [
    [
      'token_expired',
      [mint({ exp: 1, iat: 0 }), mint({ exp: 2, iat: 0, sub: 'somebody else' }), mint({ exp: NOW - 60 })],
    ],
    ['claim_missing', ['sub', 'jti', 'exp'].map((name) => mint({ [name]: undefined }))],
    ['claim_invalid', [mint({ sub: 1 }), mint({ exp: 'soon' }), mint({ scope: {} })]],
    ['key_not_found', ['a', 'b'].map((kid) => mint({}, { header: { kid } }))],
    ['issuer_untrusted', [mint({ iss: 'https://a.example' }), mint({ iss: 'https://b.example' })]],
    ['token_malformed', ['x', 'a.b', 'a.b.c']],
  ]
  for (const [code, calls] of variants) {
    for (const call of calls) {
      const outcome = await api.call(call)
      expectRefused(outcome, code)
      const body = outcome.response.body.toString()
      expect(texts.get(code) ?? body).toBe(body)
      texts.set(code, body)
    }
  }
})

proves('ACTOR-PROFILE-no-detail', async (api) => {
  const calls: readonly (readonly [Code, Call])[] = [
    ['delegation_required', { path: '/delegated', token: mint() }],
    ['delegation_forbidden', { path: '/direct', token: mint(delegated()) }],
    ['actor_not_allowed', { path: '/support', token: mint({ act: { sub: 'agent:other' } }) }],
    ['actor_untrusted', { path: '/support', token: mint({ act: { sub: 'agent:support', iss: 'https://x.example' } }) }],
  ]
  const answers = new Set<string>()
  for (const [code, call] of calls) {
    const outcome = await api.call(call)
    expectRefused(outcome, code)
    const { status, headers, body } = outcome.response
    answers.add(
      JSON.stringify([
        status,
        headers.filter(([name]) => !/^(date|connection|keep-alive)$/i.test(name)),
        body.toString(),
      ]),
    )
  }
  expect([...answers]).toHaveLength(1)
})

proves('BEHALF-own-fault', async (api) => {
  for (const code of codes.filter((name) => rowOf(name).status >= 500)) {
    const outcome = await api.call({ path: `/raise/${code}`, token: mint() })
    expectRefused(outcome, code)
    expect(outcome.response.raw.toString()).not.toMatch(/invalid_token|Bearer/)
  }
})

proves('BEHALF-every-code', async (api) => {
  for (const code of codes) expectRefused(await api.call({ path: `/raise/${code}`, token: mint() }), code)
})

proves('BEHALF-every-bad-token', async ({ target }) => {
  const issuer = await createTestIssuer({ now: () => NOW })
  const options = Object.assign({}, ...badTokens.map((row) => row.options)) as object
  const api = await startApi(target, { options: { ...options, issuer: issuer.trusted() } })
  try {
    const spec = { subject: 'user-1', audience: AUDIENCE, scope: 'billing:read' }
    for (const { kind, code, status } of badTokens) {
      const outcome = await api.call(await issuer.bad[kind](spec))
      expect([kind, outcome.events[0]?.reason.code, outcome.response.status]).toEqual([kind, code, status])
      expectRefused(outcome, code as Code)
      expectAllowed(await api.call(await issuer.token(spec)))
    }
    for (const act of malformedActs) {
      expectRefused(await api.call(await issuer.bad.malformedChain(spec, act)), 'delegation_malformed')
    }
    expectAllowed(await api.call(await issuer.token({ ...spec, actor: 'agent:support' })))
  } finally {
    await api.close()
    await issuer.close()
  }
})

proves('BEHALF-principal', async (api) => {
  const direct = await api.call(mint({ jti: 'token-77', txn: 'task-9', scope: 'billing:read other' }))
  expectAllowed(direct)
  expect(seenBy(direct)).toEqual({
    subject: 'user-1',
    issuer: ISSUER,
    mode: 'direct',
    clientId: 'client-1',
    scopes: ['billing:read', 'other'],
    expiresAt: NOW + 300,
    tokenId: 'token-77',
    transaction: 'task-9',
  })
  const token = mint(delegated({ jti: 'token-78', act: { sub: 'agent:support', sub_profile: 'ai_agent' } }))
  expect(seenBy(await api.call(token))).toEqual({
    subject: 'user-1',
    issuer: ISSUER,
    mode: 'delegated',
    actor: { subject: 'agent:support', issuer: ISSUER, profile: 'ai_agent' },
    clientId: 'client-1',
    scopes: ['billing:read'],
    expiresAt: NOW + 300,
    tokenId: 'token-78',
  })
  const decision = await decide(api, token)
  if (!decision.allowed) throw new Error('refused')
  const { principal } = decision
  expect(principal.token).toBe(token)
  expect(Object.keys(principal)).not.toContain('token')
  expect(JSON.stringify(principal)).not.toContain(token.slice(0, 40))
  expect(Object.isFrozen(principal)).toBe(true)
  expect(principal.claims).toMatchObject({ sub: 'user-1', jti: 'token-78' })
})

async function decide(api: Api, token: string) {
  const request = new Request('https://billing.example.com/invoices', { headers: { authorization: `Bearer ${token}` } })
  const decision = await api.server.authorize(request)
  await api.takeEvents(1)
  return decision
}

proves('BEHALF-identities-stay-apart', async (api) => {
  const users = Array.from({ length: 40 }, (_, i) => `user-${i}`)
  const tokens = new Map(users.map((sub) => [sub, mint({ sub })]))
  const rounds = Array.from({ length: 5 }, () => users).flat()
  const { responses } = await api.pipeline(rounds.map((sub) => tokens.get(sub) ?? ''))
  expect(responses.map((response) => seenBy({ response, events: [] }).subject)).toEqual(rounds)
})
