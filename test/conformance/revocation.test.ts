import {
  ConfigurationError,
  createRevocationList,
  type IntrospectionOptions,
  type Revocation,
  type RevocationCheck,
} from '@behalf/core'
import { expect } from 'vitest'
import { type Endpoint, type Reply, raw, startEndpoint } from '../introspection/endpoint.js'
import type { Api, Options } from '../support/api.js'
import type { Route } from '../support/routes.js'
import type { TargetName } from '../support/targets.js'
import { claims, createKey, delegated, ISSUER, issuerKey, type Json, jwks, mint, NOW } from '../support/token.js'
import { expectAllowed, expectRefused } from './answer.js'
import { bound, present } from './proof.js'
import { createSuite, withApi } from './suite.js'

const { proves } = createSuite()
const listed = () => createRevocationList({ now: () => NOW })

/** What is withdrawn, a token of it, and one that is as like it as can be. */
const kinds: Readonly<Record<string, readonly [target: Json, token: Json, twin: Json]>> = {
  subject: [{ subject: 'user-1' }, {}, { sub: 'user-2' }],
  'subject of an agent': [{ subject: 'user-1' }, { act: { sub: 'agent:support' } }, { sub: 'agent:support' }],
  actor: [{ actor: 'agent:support' }, { act: { sub: 'agent:support' } }, { act: { sub: 'agent:other' } }],
  'prior actor': [
    { actor: 'agent:first' },
    { act: { sub: 'agent:support', act: { sub: 'agent:first' } } },
    { act: { sub: 'agent:support', act: { sub: 'agent:second' } } },
  ],
  client: [{ client: 'client-1' }, {}, { client_id: 'client-2' }],
  session: [{ session: 'session-1' }, { sid: 'session-1' }, { sid: 'session-2' }],
  transaction: [{ transaction: 'task-1' }, { txn: 'task-1' }, { txn: 'task-2' }],
  grant: [{ grant: 'grant-1' }, { grant_id: 'grant-1' }, { grant_id: 'grant-2' }],
  tokenId: [{ tokenId: 'token-x' }, { jti: 'token-x' }, { jti: 'token-y' }],
}

proves('BEHALF-revoked', async ({ target }) => {
  for (const [name, [what, concerned, twin]] of Object.entries(kinds)) {
    const list = listed()
    await withApi(target, { options: { revocation: list } }, async (api) => {
      const [token, other] = [mint(concerned), mint(twin)]
      expectAllowed(await api.call(token))
      list.revoke({ ...what, issuer: ISSUER } as Revocation)
      const refused = await api.call(token)
      expect([name, refused.response.status]).toEqual([name, 401])
      expectRefused(refused, 'token_revoked')
      expectRefused(await api.call(mint(concerned)), 'token_revoked')
      expectAllowed(await api.call(other))
    })
  }
})

proves('BEHALF-revoked-before', async ({ target }) => {
  const list = listed()
  list.revoke({ subject: 'user-1', issuer: ISSUER, issuedAt: NOW - 10 })
  await withApi(target, { options: { revocation: list } }, async (api) => {
    for (const iat of [NOW - 100, NOW - 11, NOW - 10]) expectRefused(await api.call(mint({ iat })), 'token_revoked')
    for (const iat of [NOW - 9, NOW]) expectAllowed(await api.call(mint({ iat })))
  })
})

proves('BEHALF-revoked-issuer', async ({ target }) => {
  const list = listed()
  await withApi(target, { options: { revocation: list } }, async (api) => {
    list.revoke({ subject: 'user-1', issuer: 'https://other.example.com' })
    expectAllowed(await api.call(mint()))
    list.revoke({ subject: 'user-1', issuer: ISSUER })
    expectRefused(await api.call(mint()), 'token_revoked')
  })
})

const failing: Readonly<Record<string, () => unknown>> = {
  throws() {
    throw new Error('connection to 10.0.0.7 lost')
  },
  rejects: () => Promise.reject(new Error('connection to 10.0.0.7 lost')),
  undefined: () => undefined,
  null: () => null,
  zero: () => 0,
  text: () => 'false',
  'nothing, later': async () => undefined,
  'never answers': () => new Promise(() => {}),
}
proves('BEHALF-revocation-fails', async ({ target }) => {
  for (const [name, isRevoked] of Object.entries(failing)) {
    await withApi(target, { options: { revocation: { isRevoked } as RevocationCheck } }, async (api) => {
      const refused = await api.call(mint())
      expect([name, refused.response.status]).toEqual([name, 503])
      expectRefused(refused, 'revocation_unavailable')
      expect(refused.response.raw.toString()).not.toMatch(/10\.0\.0\.7/)
    })
  }
  for (const isRevoked of [() => false, async () => false]) {
    await withApi(target, { options: { revocation: { isRevoked } } }, async (api) => {
      expectAllowed(await api.call(mint()))
    })
  }
})

proves('BEHALF-revocation-every-check', async ({ target }) => {
  const [one, two] = [listed(), listed()]
  const later: RevocationCheck = { isRevoked: async (token) => token.subject === 'user-3' }
  await withApi(target, { options: { revocation: [one, later, two] } }, async (api) => {
    expectAllowed(await api.call(mint()))
    one.revoke({ subject: 'user-1', issuer: ISSUER })
    two.revoke({ subject: 'user-2', issuer: ISSUER })
    for (const sub of ['user-1', 'user-2', 'user-3']) expectRefused(await api.call(mint({ sub })), 'token_revoked')
    expectAllowed(await api.call(mint(delegated({ sub: 'user-4' }))))
  })
})

proves('BEHALF-revocation-after-possession', async ({ target }) => {
  const list = listed()
  await withApi(target, { options: { revocation: list } }, async (api) => {
    const token = bound()
    expectAllowed(await api.call(await present({ token })))
    list.revoke({ subject: 'user-1', issuer: ISSUER })
    expectRefused(await api.call(token), 'binding_required')
    expectRefused(await api.call(await present({ token, method: 'POST' })), 'dpop_proof_invalid', { used: 'DPoP' })
    expectRefused(await api.call(await present({ token })), 'token_revoked', { used: 'DPoP' })
  })
})

const asked = { introspection: 'always' } as const
const routes: readonly Route[] = [
  { method: 'GET', path: '/plain', guards: [{ protect: undefined }] },
  { method: 'GET', path: '/asked', guards: [{ protect: asked }] },
  { method: 'GET', path: '/later', guards: [{ protect: async () => asked }] },
  { method: 'GET', path: '/stacked', guards: [{ protect: undefined }, { protect: asked }] },
  { method: 'GET', path: '/strict', guards: [{ protect: { ...asked, scope: 'billing:admin' } }] },
  { method: 'GET', path: '/once', guards: [{ protect: { ...asked, singleUse: true } }] },
]
const askingRoutes = ['/asked', '/later']

/** An API whose routes can ask, and the endpoint they ask. */
async function withIssuer(
  target: TargetName,
  reply: Reply,
  body: (api: Api, endpoint: Endpoint) => Promise<void>,
  options: Partial<IntrospectionOptions> = {},
  mounted = routes,
): Promise<void> {
  const endpoint = await startEndpoint(reply)
  const client = { id: 'billing-api', secret: 'a secret of this test alone' }
  const introspection = { endpoint: endpoint.url, mode: 'opaque', client, ...options } as const
  try {
    await withApi(target, { routes: mounted, options: { introspection } }, (api) => body(api, endpoint))
  } finally {
    await endpoint.close()
  }
}

proves('RFC7662-2.2-route', async ({ target }) => {
  await withIssuer(target, { active: true }, async (api, endpoint) => {
    const token = mint()
    expectAllowed(await api.call({ path: '/plain', token }))
    expect(endpoint.questions).toHaveLength(0)
    for (const path of askingRoutes) expectAllowed(await api.call({ path, token }))
    expectAllowed(await api.call({ path: '/stacked', token, events: 2 }), 2)
    expect(endpoint.questions.map(({ form }) => form.get('token'))).toEqual([token]) // what it said still counts
    endpoint.reply = { active: false }
    for (const path of askingRoutes) expectRefused(await api.call({ path, token: mint() }), 'token_revoked')
    const { response, events } = await api.call({ path: '/stacked', token: mint(), events: 2 })
    expect([response.status, events.map(({ reason }) => reason.code)]).toEqual([401, ['allowed', 'token_revoked']])
    expectAllowed(await api.call({ path: '/plain', token: mint() }))
    endpoint.reply = { active: true, token_type: 'Bearer', ...claims() }
    expectAllowed(await api.call({ path: '/asked', token: 'an-opaque-token' }))
  })
  for (const mode of ['opaque', 'always'] as const) {
    const each = async (api: Api, endpoint: Endpoint) => {
      for (let i = 0; i < 2; i++) expectAllowed(await api.call({ path: '/asked', token: mint({ jti: 'the same' }) }))
      expect([mode, endpoint.questions.length]).toEqual([mode, 2])
    }
    await withIssuer(target, { active: true }, each, { mode, ttl: 0 })
    const later = async (api: Api, endpoint: Endpoint) => {
      const token = mint()
      expectAllowed(await api.call({ path: '/asked', token }))
      endpoint.reply = { active: false }
      api.clock.now += 29
      expectAllowed(await api.call({ path: '/asked', token }))
      api.clock.now += 1
      for (let i = 0; i < 2; i++) expectRefused(await api.call({ path: '/asked', token }), 'token_revoked')
      endpoint.reply = { active: true }
      expectAllowed(await api.call({ path: '/asked', token }))
    }
    await withIssuer(target, { active: true }, later, { mode, ttl: 30 })
  }
})

proves('BEHALF-introspection-stacked', async ({ target }) => {
  const answer: Json = { active: true, token_type: 'Bearer', ...claims() }
  const path = '/two'
  const later: Route = { method: 'GET', path, guards: [{ protect: undefined }, { protect: undefined }] }
  await withIssuer(
    target,
    answer,
    async (api, endpoint) => {
      for (const questions of [2, 4]) {
        expectAllowed(await api.call({ path, token: 'an-opaque-token', events: 2 }), 2)
        expect(endpoint.questions).toHaveLength(questions)
      }
      const changes = {
        token_revoked: { active: false },
        binding_mismatch: { ...answer, cnf: { jkt: 'A'.repeat(43) } },
      }
      for (const [code, change] of Object.entries(changes)) {
        const asked = endpoint.questions.length
        endpoint.reply = () => (endpoint.questions.length === asked + 1 ? answer : change)
        const { response, events } = await api.call({ path, token: 'an-opaque-token', events: 2 })
        expect([response.status, events.map(({ reason }) => reason.code)]).toEqual([401, ['allowed', code]])
      }
    },
    { ttl: 0 },
    [later],
  )
})

const disagreements: Readonly<Record<string, Json>> = {
  audience_mismatch: { aud: 'https://other.example.com' },
  issuer_untrusted: { iss: 'https://other.example.com' },
  token_expired: { exp: NOW - 60 },
  claim_invalid: { sub: 'user-2' },
}
proves('BEHALF-introspection-route-refuses', async ({ target }) => {
  await withIssuer(target, { active: true }, async (api, endpoint) => {
    for (const [code, changes] of Object.entries(disagreements)) {
      endpoint.reply = { active: true, ...changes }
      expectRefused(await api.call({ path: '/asked', token: mint() }), code as 'claim_invalid')
    }
    endpoint.reply = { active: true, scope: 'billing:read billing:admin', act: undefined }
    expectRefused(await api.call({ path: '/strict', token: mint() }), 'scope_insufficient', { scope: 'billing:admin' })
    expectAllowed(await api.call({ path: '/strict', token: mint({ scope: 'billing:admin' }) }))
    const count = endpoint.questions.length
    expectRefused(await api.call({ path: '/asked', token: mint({ exp: NOW - 60, iat: NOW - 90 }) }), 'token_expired')
    const forged = mint({}, { key: createKey('ES256', issuerKey().kid) })
    expectRefused(await api.call({ path: '/asked', token: forged }), 'signature_invalid')
    expect(endpoint.questions).toHaveLength(count)
  })
})

proves('BEHALF-introspection-route-order', async ({ target }) => {
  await withIssuer(target, { active: false }, async (api, endpoint) => {
    const token = bound()
    expectRefused(await api.call({ path: '/asked', token }), 'binding_required')
    expect(endpoint.questions).toHaveLength(0)
    expectRefused(await api.call(await present({ path: '/asked', token })), 'token_revoked', { used: 'DPoP' })
    expectRefused(await api.call({ path: '/strict', token: mint() }), 'token_revoked')
    const once = mint()
    expectRefused(await api.call({ path: '/once', token: once }), 'token_revoked')
    endpoint.reply = { active: true }
    expectAllowed(await api.call({ path: '/once', token: once }))
    expectRefused(await api.call({ path: '/once', token: once }), 'token_replayed')
    expectAllowed(await api.call(await present({ path: '/asked', token })))
  })
})

proves('BEHALF-introspection-route-fails', async ({ target }) => {
  await withIssuer(target, raw(500, {}), async (api, endpoint) => {
    const token = mint()
    for (const path of askingRoutes) expectRefused(await api.call({ path, token }), 'introspection_unavailable')
    expectAllowed(await api.call({ path: '/plain', token }))
    endpoint.reply = { active: true }
    expectAllowed(await api.call({ path: '/asked', token }))
  })
})

proves('BEHALF-introspection-route-settings', async ({ target }) => {
  const client = { id: 'billing-api', secret: 'a secret of this test alone' }
  const introspection = { endpoint: 'http://127.0.0.1:9/introspect', mode: 'opaque', issuer: ISSUER, client } as const
  const one = { issuer: ISSUER, jwks: jwks(issuerKey()) }
  const unable: readonly Options[] = [
    {},
    { introspection, issuer: [one, { ...one, issuer: 'https://other.example.com' }] },
  ]
  const [, fixed, later] = routes
  for (const options of unable) {
    const starting = withApi(target, { routes: fixed ? [fixed] : [], options }, async () => {})
    await expect(starting).rejects.toThrow(ConfigurationError)
    await expect(starting).rejects.toMatchObject({ option: 'requirement.introspection' })
    await withApi(target, { routes: later ? [later] : [], options }, async (api) => {
      expectRefused(await api.call({ path: '/later', token: mint() }), 'internal_error')
    })
  }
  for (const value of [true, 'opaque', undefined, null]) {
    const wrong = {
      method: 'GET',
      path: '/asked',
      guards: [{ protect: { introspection: value as 'always' } }],
    } as const
    const starting = withApi(target, { routes: [wrong], options: { introspection } }, async () => {})
    await expect(starting).rejects.toMatchObject({ option: 'requirement.introspection' })
  }
  await withApi(target, { routes, options: { introspection } }, async (api) => {
    expectAllowed(await api.call({ path: '/plain', token: mint() }))
  })
})
