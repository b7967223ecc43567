import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import { expectAllowed, expectRefused, seenBy } from '../conformance/answer.js'
import { createSuite } from '../conformance/suite.js'
import { type Api, startApi } from '../support/api.js'
import { type KeyEndpoint, startKeyEndpoint } from '../support/key-endpoint.js'
import {
  AUDIENCE,
  claims,
  createKey,
  delegated,
  encodePart,
  ISSUER,
  issuerKey,
  type Json,
  jwks,
  mint,
  NOW,
} from '../support/token.js'
import { exchange, formatRequest } from '../support/wire.js'
import type { ThreatId } from './threats.js'

const key = issuerKey()
const { proves } = createSuite<ThreatId>()
const request = (token: string) =>
  new Request(`${AUDIENCE}/invoices`, { headers: { authorization: `Bearer ${token}` } })

proves('cache-confusion', async (api) => {
  const victim = mint({ sub: 'victim', jti: 'same', scope: 'billing:read' })
  expectAllowed(await api.call(victim))
  expectAllowed(await api.call(victim))
  const [h = '', c = '', s = ''] = victim.split('.')
  const evil = encodePart({ ...claims(), sub: 'evil', jti: 'same' })
  const forged: Record<string, string> = {
    'header and signature of the victim': `${h}.${evil}.${s}`,
    'claims of the victim': `${h}.${c}.${mint().split('.')[2]}`,
    'header of another': `${encodePart({ alg: 'ES256', typ: 'at+jwt', kid: key.kid, x: 1 })}.${c}.${s}`,
    'the same start': `${victim.slice(0, -4)}AAAA`,
    'the same end': `A${victim.slice(1)}`,
    'longer by one': `${victim}A`,
    'shorter by one': victim.slice(0, -1),
    'upper case': victim.toUpperCase(),
    'lower case': victim.toLowerCase(),
    'unused bits': `${victim.slice(0, -1)}${String.fromCharCode(victim.charCodeAt(victim.length - 1) + 1)}`,
    'its hash': createHash('sha256').update(victim).digest('base64url'),
    'same identifier, another key': mint({ sub: 'victim', jti: 'same' }, { key: createKey('ES256', key.kid) }),
    'a padded one': `${victim}=`,
  }
  for (const [name, token] of Object.entries(forged)) {
    const { response, events } = await api.call(token)
    expect([name, response.status, events[0]?.subject?.id]).toEqual([name, 401, undefined])
  }
  // same identifier, same subject, same length: still another token
  for (const sub of ['victin', 'evil42']) {
    const outcome = await api.call(mint({ sub, jti: 'same' }))
    expectAllowed(outcome)
    expect(seenBy(outcome).subject).toBe(sub)
  }
  expect(seenBy(await api.call(victim)).subject).toBe('victim')
})

proves('cache-confusion', async (api) => {
  // names that are special to maps and objects, presented where a cache might use them for keys
  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'get', 'size', '0', '']) {
    expect((await api.call({ authorization: `Bearer ${name}` })).response.status).toBeGreaterThanOrEqual(400)
    const outcome = await api.call(mint({ sub: name === '' ? 'x' : name, jti: name === '' ? 'x' : name }))
    expectAllowed(outcome)
  }
})

proves('cache-confusion', async ({ target }) => {
  // a small cache: entries come and go, answers stay right
  const api = await startApi(target, { options: { tokenCache: { maxEntries: 2 } } })
  const without = await startApi(target, { options: { tokenCache: false } })
  try {
    const tokens = Array.from({ length: 6 }, (_, i) => [`user-${i}`, mint({ sub: `user-${i}` })] as const)
    for (let round = 0; round < 5; round++) {
      for (const [sub, token] of tokens) {
        expect(seenBy(await api.call(token)).subject).toBe(sub)
        expect(seenBy(await without.call(token)).subject).toBe(sub)
      }
    }
  } finally {
    await api.close()
    await without.close()
  }
})

proves('cache-confusion', async ({ target }) => {
  // two resource servers in one process share nothing
  const strict = await startApi(target, { options: { maxTokenAge: 60 } })
  const elsewhere = await startApi(target, { options: { audience: 'https://orders.example.com' } })
  const other = await startApi(target, {
    options: { issuer: { issuer: ISSUER, jwks: jwks(createKey('ES256', key.kid)) } },
  })
  const lax = await startApi(target)
  try {
    const token = mint({ iat: NOW - 120 })
    for (let i = 0; i < 2; i++) {
      expectAllowed(await lax.call(token))
      expectRefused(await strict.call(token), 'token_too_old')
      expectRefused(await elsewhere.call(token), 'audience_mismatch')
      expectRefused(await other.call(token), 'signature_invalid')
    }
  } finally {
    for (const api of [strict, elsewhere, other, lax]) await api.close()
  }
})

proves('cached-too-broad', async (api) => {
  const token = mint(delegated({ scope: 'billing:read' }))
  for (let i = 0; i < 3; i++) {
    expectAllowed(await api.call({ path: '/token', token }))
    expectAllowed(await api.call({ path: '/invoices', token }))
    expectAllowed(await api.call({ path: '/either', token }))
    expectRefused(await api.call({ path: '/both', token }), 'scope_insufficient', {
      scope: 'billing:read billing:write',
    })
    expectRefused(await api.call({ path: '/direct', token }), 'delegation_forbidden')
    expectRefused(await api.call({ path: '/customers/user-2', token }), 'subject_mismatch')
    expectAllowed(await api.call({ path: '/customers/user-1', token }))
  }
})

proves('crossed-identities', async (api) => {
  const users = Array.from({ length: 200 }, (_, i) => `user-${i}`)
  const own = new Map(
    users.map((sub, i) => [
      sub,
      [mint({ sub }), mint({ sub, act: { sub: `agent:${i}` } }), mint({ sub, exp: 1, iat: 0 })],
    ]),
  )
  const perUser = 9
  let crossed = 0
  let served = 0
  await Promise.all(
    users.map(async (sub, i) => {
      const tokens = own.get(sub) ?? []
      const calls = Array.from({ length: perUser }, (_, n) => ({ n, token: tokens[(n + i) % 3] ?? '' }))
      const bytes = Buffer.concat(
        calls.map(({ token }, n) =>
          formatRequest({
            target: n % 2 === 0 ? '/invoices' : `/customers/${sub}`,
            headers: [['Authorization', `Bearer ${token}`]],
          }),
        ),
      )
      const responses = await exchange(
        api.port,
        bytes,
        calls.map(() => 'GET'),
      )
      for (const [n, response] of responses.entries()) {
        const kind = (n + i) % 3
        const body = JSON.parse(response.body.toString()) as {
          subject?: string
          actor?: { subject: string }
          code?: string
        }
        const right =
          kind === 2
            ? body.code === 'token_expired'
            : body.subject === sub && body.actor?.subject === (kind === 1 ? `agent:${i}` : undefined)
        if (!right) crossed += 1
        served += 1
      }
    }),
  )
  expect([crossed, served]).toEqual([0, users.length * perUser])
  const events = await api.takeEvents(served)
  expect(events).toHaveLength(served)
  for (const event of events) {
    if (event.decision !== 'allow' || event.actor === undefined) continue
    expect(event.actor.id).toBe(`agent:${event.subject?.id.slice('user-'.length)}`)
  }
})
proves('crossed-identities', async (api) => {
  // the same in the core, all at once: requirement functions and checks that wait in between
  const users = Array.from({ length: 200 }, (_, i) => `user-${i}`)
  const wait = () => new Promise((resolve) => setImmediate(resolve))
  const guard = api.server.protect<{ id: string }>(async ({ id }) => {
    await wait()
    return {
      subject: id,
      async check(principal) {
        await wait()
        return principal.subject === id
      },
    }
  })
  const tokens = users.map((sub) => mint({ sub }))
  const rounds = Array.from({ length: 5 }, () => users.map((id, i) => ({ id, i }))).flat()
  const decisions = await Promise.all(rounds.map(({ id, i }) => guard(request(tokens[i] ?? ''), { id })))
  expect(
    decisions.filter((decision, n) => !(decision.allowed && decision.principal.subject === rounds[n]?.id)),
  ).toEqual([])
  const crossed = await Promise.all(
    rounds.map(({ i }) => guard(request(tokens[i] ?? ''), { id: `user-${(i + 1) % 200}` })),
  )
  expect(new Set(crossed.map((decision) => (decision.allowed ? 'allowed' : decision.error.code)))).toEqual(
    new Set(['subject_mismatch']),
  )
  expect(await api.takeEvents(2000)).toHaveLength(2000)
})

function tryTo(change: () => unknown): void {
  try {
    change()
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError)
  }
}
proves('shared-state', async ({ server, takeEvents }) => {
  const token = mint(delegated({ nested: { list: [1, 2] } }))
  for (let round = 0; round < 3; round++) {
    const decision = await server.authorize(request(token))
    if (!decision.allowed) throw new Error('refused')
    const { principal, token: verified, headers } = decision
    const before = JSON.stringify([principal, verified.claims, verified.delegation, verified.scopes])
    expect(principal).toMatchObject({
      subject: 'user-1',
      actor: { subject: 'agent:support' },
      scopes: ['billing:read'],
    })
    expect(verified.claims).toMatchObject({ nested: { list: [1, 2] } })
    const mutable = [principal, verified] as unknown as Json[]
    for (const object of mutable) {
      for (const name of ['subject', 'issuer', 'mode', 'actor', 'scopes', 'claims', 'token', 'extra']) {
        tryTo(() => {
          object[name] = 'evil'
        })
      }
    }
    tryTo(() => principal.scopes.push('admin'))
    tryTo(() => Object.assign(principal.actor ?? {}, { subject: 'agent:evil' }))
    tryTo(() => Object.assign(principal.claims, { sub: 'evil', scope: 'admin' }))
    tryTo(() => (principal.claims.nested as { list: number[] }).list.push(3))
    tryTo(() => Object.assign(verified.claims, { sub: 'evil' }))
    tryTo(() => (verified.delegation as unknown[]).push({ subject: 'agent:evil' }))
    tryTo(() => (verified.scopes as string[]).push('admin'))
    tryTo(() => Object.assign(verified.header ?? {}, { alg: 'none' }))
    tryTo(() => Object.assign(headers, { 'Set-Cookie': 'x=y' }))
    expect(JSON.stringify([principal, verified.claims, verified.delegation, verified.scopes])).toBe(before)
    expect(verified.header?.alg).toBe('ES256')
    expect(headers).not.toHaveProperty('Set-Cookie')
  }
  const refused = await server.authorize(request('x'))
  if (refused.allowed) throw new Error('allowed')
  tryTo(() => Object.assign(refused.headers, { 'WWW-Authenticate': 'evil' }))
  tryTo(() => Object.assign(refused.error, { status: 200 }))
  const again = await server.authorize(request('x'))
  if (again.allowed) throw new Error('allowed')
  expect([again.status, again.error.status, again.headers['WWW-Authenticate']?.includes('evil')]).toEqual([
    401,
    401,
    false,
  ])
  await takeEvents(5)
})

proves('shared-state', async ({ target }) => {
  // a schema makes claims of its own; what one request does to them the next does not see
  const schema = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value: unknown) => ({ value: { ...(value as Json), list: ['a'] } }),
    },
  } as const
  const api = await startApi(target, { options: { claims: schema } })
  try {
    const token = mint({ sub: 'user-1' })
    for (let round = 0; round < 3; round++) {
      const decision = await api.server.authorize(request(token))
      if (!decision.allowed) throw new Error('refused')
      expect(decision.principal.claims).toMatchObject({ sub: 'user-1', list: ['a'] })
      tryTo(() => Object.assign(decision.principal.claims, { sub: 'evil' }))
      tryTo(() => (decision.principal.claims.list as string[]).push('b'))
    }
    await api.takeEvents(3)
  } finally {
    await api.close()
  }
})

proves('shared-state', async ({ target }) => {
  // options and requirements are never written to
  const options = {
    issuer: { issuer: ISSUER, jwks: jwks(key), algorithms: ['ES256'] as const },
    maxTokenLifetime: { delegated: 900 },
    delegation: { maxDepth: 4 },
  }
  const before = JSON.stringify(options)
  const scope = ['billing:read']
  const api = await startApi(target, {
    options: freeze(options),
    routes: [{ method: 'GET', path: '/invoices', guards: [{ protect: freeze({ scope }) }] }],
  })
  try {
    for (const token of [mint(), mint(delegated()), mint({ scope: '' }), 'x']) await api.call(token)
    expect(JSON.stringify(options)).toBe(before)
    expect(scope).toEqual(['billing:read'])
  } finally {
    await api.close()
  }
})

function freeze<T extends object>(value: T): T {
  for (const member of Object.values(value)) if (typeof member === 'object' && member !== null) freeze(member as object)
  return Object.freeze(value)
}

async function withKeys(
  target: Api['target'],
  document: unknown,
  body: (api: Api, endpoint: KeyEndpoint) => Promise<void>,
): Promise<void> {
  const endpoint = await startKeyEndpoint({ '/keys.json': document })
  const api = await startApi(target, {
    options: { issuer: { issuer: ISSUER, jwksUri: `${endpoint.origin}/keys.json` } },
  })
  try {
    await body(api, endpoint)
  } finally {
    await api.close()
    await endpoint.close()
  }
}

proves('key-flood', async ({ target }) => {
  const flood = async (api: Api) => {
    for (let i = 0; i < 60; i++) {
      const { response } = await api.call(mint({}, { header: { kid: `unknown-${i}` } }))
      expect([401, 503]).toContain(response.status)
    }
  }
  await withKeys(target, { keys: [] }, async (api, { requests }) => {
    await flood(api)
    expect(requests.length).toBeLessThanOrEqual(2)
  })
  await withKeys(target, undefined, async (api, { requests, replies }) => {
    await flood(api)
    expect(requests.length).toBeLessThanOrEqual(2)
    replies.set('/keys.json', jwks(key))
    api.clock.now += 60
    expectAllowed(await api.call(mint()))
  })
  await withKeys(target, jwks(key), async (api, { requests, replies }) => {
    expectAllowed(await api.call(mint()))
    await flood(api)
    expect(requests.length).toBeLessThanOrEqual(2)
    // an unknown kid while the issuer is down, or while it answers nonsense, leaves the good keys alone
    for (const reply of [
      undefined,
      'nonsense',
      { keys: [null] },
      { keys: {} },
      [],
      null,
      { keys: [{ kty: 'oct', k: 'AAAA' }] },
    ]) {
      replies.set('/keys.json', reply)
      api.clock.now += 31
      await api.call(mint({}, { header: { kid: 'unknown-again' } }))
      expectAllowed(await api.call(mint()))
    }
  })
})

proves('advertised-only', async ({ target }) => {
  const api = await startApi(target, {
    publish: true,
    routes: [
      { method: 'GET', path: '/a', guards: [{ requireScope: ['scope:a', 'scope:b'] }] },
      { method: 'GET', path: '/c', guards: [{ requireAnyScope: ['scope:c', 'scope:d'] }] },
      { method: 'GET', path: '/e', guards: [{ protect: { scope: 'scope:e' } }] },
    ],
  })
  try {
    const document = seenBy(await api.call({ path: '/.well-known/oauth-protected-resource', events: 0 })) as {
      scopes_supported: string[]
    }
    expect(document.scopes_supported).toEqual(['scope:a', 'scope:b', 'scope:c', 'scope:d', 'scope:e'])
    const needs: Record<string, string[]> = {
      '/a': ['scope:a', 'scope:b'],
      '/c': ['scope:c', 'scope:d'],
      '/e': ['scope:e'],
    }
    for (const [path, scopes] of Object.entries(needs)) {
      const others = document.scopes_supported.filter((scope) => !scopes.includes(scope))
      const refused = await api.call({ path, token: mint({ scope: others.join(' ') }) })
      expect([path, refused.response.status]).toEqual([path, 403])
      expectAllowed(await api.call({ path, token: mint({ scope: scopes.join(' ') }) }))
    }
    for (const wrong of [{ scopes: ['scope:a'] }, { requiredScopes: ['scope:a'] }, { scopesSupported: ['scope:a'] }]) {
      expect(() => api.server.protect(wrong as never)).toThrow(/is not known/)
    }
  } finally {
    await api.close()
  }
})
