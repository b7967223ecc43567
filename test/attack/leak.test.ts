import { inspect } from 'node:util'
import { ConfigurationError, createResourceServer } from '@behalf/core'
import { expect } from 'vitest'
import { corpus, corpusIssuer, corpusRoutes } from '../conformance/corpus.js'
import { createSuite } from '../conformance/suite.js'
import { type Api, startApi, toBytes } from '../support/api.js'
import { startKeyEndpoint } from '../support/key-endpoint.js'
import { keySecrets, leaks, tokenSecrets } from '../support/secrets.js'
import { AUDIENCE, createKey, delegated, forge, ISSUER, issuerKey, jwks, mint } from '../support/token.js'
import { exchange } from '../support/wire.js'
import type { ThreatId } from './threats.js'

const { proves } = createSuite<ThreatId>({
  routes: corpusRoutes,
  publish: true,
  options: { issuer: corpusIssuer, maxTokenAge: 3600 },
})
const keys = [issuerKey(), issuerKey('RS256'), issuerKey('EdDSA')]

/** Every token in the corpus, cut into what must not come back. */
const secrets = new Set([
  ...Object.values(corpus).flatMap(({ call }) => {
    const head = toBytes(call).toString('latin1').split('\r\n\r\n', 1)[0] ?? ''
    return head
      .split(/[\s,"]+/)
      .filter((word) => /^[\w-]{10,}\.[\w-]+\./.test(word))
      .flatMap(tokenSecrets)
  }),
  ...keys.flatMap(keySecrets),
])

/** What a person may see of a value: as JSON, as the console shows it, as text, and the stack of an error with its causes. */
function everything(value: unknown): string {
  const seen = [inspect(value, { depth: 20 }), String(value)]
  try {
    seen.push(JSON.stringify(value) ?? '')
  } catch {}
  for (let error = value; error instanceof Error; error = error.cause) seen.push(error.stack ?? '', error.message)
  return seen.join('\n')
}

proves('leak', async (api: Api) => {
  expect(secrets.size).toBeGreaterThan(100)
  const found: string[] = []
  for (const [name, { call }] of Object.entries(corpus)) {
    if (name.startsWith('byte')) continue
    const bytes = toBytes(call)
    const [response] = await exchange(api.port, bytes, [bytes.toString('latin1').split(' ', 1)[0] ?? 'GET'])
    found.push(...leaks(response?.raw.toString('latin1') ?? '', secrets).map((secret) => `${name}: ${secret}`))
  }
  const events = await api.takeEvents(100)
  expect(events.length).toBeGreaterThanOrEqual(100)
  for (const event of events) found.push(...leaks(everything(event), secrets))
  found.push(...leaks(everything(api.warnings), secrets))
  expect(found).toEqual([])
})

proves('leak', async ({ server, takeEvents }) => {
  const tokens = [
    mint(),
    mint(delegated()),
    mint({ exp: 1, iat: 0 }),
    mint({ sub: 7 }),
    mint({ act: [] }),
    mint({}, { key: createKey('ES256', 'es256') }),
    mint({}, { header: { kid: 'unknown-kid-of-some-length' } }),
    mint({}, { header: { typ: 'JWT' } }),
    forge({ header: '{', claims: 'not JSON: a-secret-in-the-claims', key: issuerKey() }),
    forge({ header: { alg: 'ES256', typ: 'at+jwt' }, claims: '{"sub":"a-secret-in-the-claims",', key: issuerKey() }),
    'a-secret-that-is-no-token-at-all',
    `${mint()}.${mint()}`,
  ]
  for (const token of tokens) {
    const mine = [...tokenSecrets(token), 'a-secret-in-the-claims', 'unknown-kid-of-some-length']
    const request = new Request(AUDIENCE, { headers: { authorization: `Bearer ${token}` } })
    const decision = await server.authorize(request)
    if (decision.allowed) {
      // the token is there for who asks for it by name, and for nobody else
      expect(decision.principal.token).toBe(token)
      const { principal } = decision
      for (const shown of [
        everything(principal),
        everything({ ...principal }),
        everything(structuredClone({ ...principal })),
        everything(Object.entries(principal)),
        everything(decision),
      ]) {
        expect(leaks(shown, mine)).toEqual([])
      }
      for (const name in principal) expect(name).not.toBe('token')
    } else {
      expect(leaks(everything(decision) + everything(decision.error), mine)).toEqual([])
      const error: unknown = await server.verify(token).then(
        () => undefined,
        (reason: unknown) => reason,
      )
      expect(leaks(everything(error), mine)).toEqual([])
    }
    expect(leaks(everything(await takeEvents(1)), mine)).toEqual([])
  }
})

proves('leak', async ({ target }) => {
  // what an operator is told of keys that are not right holds none of their material
  const own = createKey('ES256', 'own')
  const rsa = createKey('RS256', 'own-rsa', 1024)
  const secret = 'c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0'
  const members = [
    { ...own.jwk, ...own.privateKey.export({ format: 'jwk' }) },
    { ...rsa.jwk, ...rsa.privateKey.export({ format: 'jwk' }) },
    { kty: 'oct', k: secret },
    { ...own.jwk, y: own.jwk.x },
  ]
  const endpoint = await startKeyEndpoint({ '/keys.json': { keys: [...members, issuerKey().jwk] } })
  const api = await startApi(target, {
    options: { issuer: { issuer: ISSUER, jwksUri: `${endpoint.origin}/keys.json` } },
  })
  const material = [...keySecrets(own), ...keySecrets(rsa), secret]
  try {
    expect((await api.call(mint())).response.status).toBe(200)
    expect(api.warnings.length).toBeGreaterThan(0)
    expect(leaks(everything(api.warnings), material)).toEqual([])
    for (const body of [
      `${secret} is not JSON`,
      JSON.stringify({ keys: members.slice(0, 3) }),
      JSON.stringify({ error: secret }),
    ]) {
      endpoint.replies.set('/keys.json', (_: unknown, response: import('node:http').ServerResponse) =>
        response.end(body),
      )
      api.clock.now += 700
      await api.call(mint({ exp: api.clock.now + 60 }))
    }
    expect(leaks(everything(api.warnings), material)).toEqual([])
  } finally {
    await api.close()
    await endpoint.close()
  }
  for (const jwk of members) {
    try {
      createResourceServer({ issuer: { issuer: ISSUER, jwks: { keys: [jwk] } }, audience: AUDIENCE })
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigurationError)
      expect(leaks(everything(error), material)).toEqual([])
    }
  }
  const server = createResourceServer({ issuer: { issuer: ISSUER, jwks: jwks(issuerKey()) }, audience: AUDIENCE })
  expect(leaks(everything(server), keySecrets(issuerKey()))).toEqual([])
  await server.close()
})

proves('leak', async ({ server }) => {
  // the search itself finds what is planted
  const token = mint()
  expect(leaks(everything({ a: [token] }), tokenSecrets(token))).not.toEqual([])
  expect(leaks(everything(new Error('x', { cause: new Error(token.split('.')[2]) })), tokenSecrets(token))).not.toEqual(
    [],
  )
  expect(leaks(everything(issuerKey().jwk), keySecrets(issuerKey()))).not.toEqual([])
  await expect(server.verify(token)).resolves.toBeDefined()
})
