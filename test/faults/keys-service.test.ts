import { ConfigurationError, createResourceServer } from '@behalf/core'
import { expect } from 'vitest'
import { type Behaviour, createKeyEndpoint, hang, json, redirect, status, text } from './endpoint.js'
import { fault } from './faults.js'
import { audience, createClock, createScene, eventually, goodClaims, issuer, present, times, verdict } from './scene.js'
import { createKey, type JsonObject, signToken } from './signing.js'

const oauth = '/.well-known/oauth-authorization-server'
const openid = '/.well-known/openid-configuration'

for (const address of [
  'http://auth.example.com/jwks',
  'http://192.0.2.1/jwks',
  'http://localhost.example.com/jwks',
  'http://127.0.0.1.example.com/jwks',
  'ftp://auth.example.com/jwks',
  'file:///etc/passwd',
  'data:application/json,{"keys":[]}',
  'https://name:secret@auth.example.com/jwks',
  '/jwks',
  '',
]) {
  fault('keys.transport', `jwksUri ${address || '(empty)'} is refused at construction`, () => {
    expect(() => createResourceServer({ issuer: { issuer, jwksUri: address }, audience })).toThrow(ConfigurationError)
  })
}

for (const name of ['http://auth.example.com', 'http://192.0.2.1', 'ftp://auth.example.com', 'auth.example.com', '']) {
  fault('keys.transport', `issuer ${name || '(empty)'} is refused at construction`, () => {
    expect(() => createResourceServer({ issuer: name, audience })).toThrow(ConfigurationError)
  })
}

for (const name of [
  'https://auth.example.com',
  'https://auth.example.com/tenant',
  'http://localhost:1',
  'http://127.0.0.1:1',
  'http://[::1]:1',
]) {
  fault('keys.transport', `issuer ${name} is taken, and nothing is fetched before a token asks for it`, async () => {
    await createResourceServer({ issuer: name, audience }).close()
  })
}

/** An issuer whose metadata is on the endpoint, so that its address is discovered. */
const createDiscovered = async (path = '') => {
  const endpoint = await createKeyEndpoint()
  const clock = createClock()
  const key = createKey('key-1')
  const name = `${endpoint.origin}${path}`
  endpoint.publish([key.jwk])
  endpoint.at(`${oauth}${path}`, json({ issuer: name, jwks_uri: endpoint.jwksUri }))
  const server = createResourceServer({ issuer: name, audience, now: clock.now, keySet: { timeoutDuration: 1000 } })
  const token = (claims: JsonObject = {}): string => signToken(key, goodClaims(clock, { iss: name, ...claims }))
  const ask = async (presented = token()): Promise<string> => verdict(await present(server, presented))
  const end = async (): Promise<void> => {
    await server.close()
    await endpoint.stop()
  }
  return { endpoint, clock, key, name, server, token, ask, [Symbol.asyncDispose]: end }
}

fault('keys.discovery', 'a hundred first requests are one request for metadata and one for keys', async () => {
  await using scene = await createDiscovered()
  expect(new Set(await Promise.all(times(100, () => scene.ask())))).toEqual(new Set(['allowed']))
  expect(scene.endpoint.paths).toEqual([oauth, '/jwks'])
})

fault('keys.discovery', 'the OpenID document is asked second, and only when the first does not serve', async () => {
  await using scene = await createDiscovered()
  scene.endpoint.at(oauth, status(404))
  scene.endpoint.at(openid, json({ issuer: scene.name, jwks_uri: scene.endpoint.jwksUri }))
  expect(await scene.ask()).toBe('allowed')
  expect(scene.endpoint.paths).toEqual([oauth, openid, '/jwks'])
})

fault('keys.discovery', 'a path issuer is asked where each standard puts it', async () => {
  await using scene = await createDiscovered('/tenant')
  expect(await scene.ask()).toBe('allowed')
  expect(scene.endpoint.paths).toEqual([`${oauth}/tenant`, '/jwks'])
  await using second = await createDiscovered('/tenant')
  second.endpoint.at(`${oauth}/tenant`, status(404))
  second.endpoint.at(`/tenant${openid}`, json({ issuer: second.name, jwks_uri: second.endpoint.jwksUri }))
  expect(await second.ask()).toBe('allowed')
  expect(second.endpoint.paths).toEqual([`${oauth}/tenant`, `/tenant${openid}`, '/jwks'])
})

fault('keys.discovery', 'the address is kept over refreshes for a day, then asked again', async () => {
  await using scene = await createDiscovered()
  expect(await scene.ask()).toBe('allowed')
  for (let refresh = 0; refresh < 20; refresh += 1) {
    scene.clock.advance(601)
    expect(await scene.ask()).toBe('allowed')
  }
  expect(scene.endpoint.paths.filter((path) => path === oauth)).toHaveLength(1)
  expect(scene.endpoint.fetches).toBe(21)
  scene.clock.advance(86_400)
  expect(await scene.ask()).toBe('allowed')
  expect(scene.endpoint.paths.filter((path) => path === oauth)).toHaveLength(2)
})

fault('keys.discovery', 'a key fetch that fails makes the address be asked again', async () => {
  await using scene = await createDiscovered()
  expect(await scene.ask()).toBe('allowed')
  scene.endpoint.at('/moved', json({ keys: [scene.key.jwk] }))
  scene.endpoint.at(oauth, json({ issuer: scene.name, jwks_uri: `${scene.endpoint.origin}/moved` }))
  scene.endpoint.always(status(404))
  scene.clock.advance(601)
  expect(await scene.ask()).toBe('allowed')
  scene.clock.advance(31)
  expect(await scene.ask()).toBe('allowed')
  await eventually(() => expect(scene.endpoint.paths.at(-1)).toBe('/moved'))
})

const badMetadata: Record<string, (origin: string) => Behaviour> = {
  'of another issuer': (origin) => json({ issuer: 'https://evil.example', jwks_uri: `${origin}/jwks` }),
  'of an issuer with a slash more': (origin) => json({ issuer: `${origin}/`, jwks_uri: `${origin}/jwks` }),
  'with no issuer': (origin) => json({ jwks_uri: `${origin}/jwks` }),
  'with the issuer in an array': (origin) => json({ issuer: [origin], jwks_uri: `${origin}/jwks` }),
  'with no jwks_uri': (origin) => json({ issuer: origin }),
  'with a jwks_uri on http elsewhere': (origin) => json({ issuer: origin, jwks_uri: 'http://auth.example.com/jwks' }),
  'with a jwks_uri that is a file': (origin) => json({ issuer: origin, jwks_uri: 'file:///etc/passwd' }),
  'with a relative jwks_uri': (origin) => json({ issuer: origin, jwks_uri: '/jwks' }),
  'with an array of jwks_uri': (origin) => json({ issuer: origin, jwks_uri: [`${origin}/jwks`] }),
  'behind a redirect': () => redirect(302, openid),
  'that is no JSON': () => text('<html></html>'),
  'that is null': () => json(null),
  'over the limit': (origin) => json({ issuer: origin, jwks_uri: `${origin}/jwks`, filler: 'x'.repeat(600_000) }),
  'that never comes': () => hang(),
  'with status 500': () => status(500),
}

for (const [name, behave] of Object.entries(badMetadata)) {
  fault('keys.discovery', `metadata ${name} fails closed, and recovers`, async () => {
    await using scene = await createDiscovered()
    const { endpoint } = scene
    endpoint.at(oauth, behave(endpoint.origin))
    expect(await scene.ask()).toBe('keys_unavailable')
    expect(endpoint.fetches).toBe(0)
    const asked = endpoint.paths.length
    for (let turn = 0; turn < 50; turn += 1) expect(await scene.ask()).toBe('keys_unavailable')
    expect(endpoint.paths).toHaveLength(asked)
    endpoint.at(oauth, json({ issuer: endpoint.origin, jwks_uri: endpoint.jwksUri }))
    scene.clock.advance(1.1)
    expect(await scene.ask()).toBe('allowed')
  })
}

fault('keys.discovery', 'a key set that never comes behind good metadata is 503, and recovers', async () => {
  await using scene = await createDiscovered()
  scene.endpoint.next(hang())
  expect(await scene.ask()).toBe('keys_unavailable')
  scene.clock.advance(1.1)
  expect(await scene.ask()).toBe('allowed')
})

fault('keys.discovery', 'garbage asks for no metadata', async () => {
  await using scene = await createDiscovered()
  expect(await scene.ask('garbage')).toBe('token_malformed')
  expect(await scene.ask(scene.token({ exp: scene.clock.now() - 60 }))).toBe('token_expired')
  expect(await scene.ask(scene.token({ aud: 'https://orders.example.com' }))).toBe('audience_mismatch')
  expect(scene.endpoint.connections).toBe(0)
})

fault('keys.isolation', 'one issuer down leaves the other alone, also under the same kid', async () => {
  await using good = await createKeyEndpoint()
  await using bad = await createKeyEndpoint()
  const clock = createClock()
  const [first, second] = [createKey('key-1'), createKey('key-1')]
  const server = createResourceServer({
    issuer: [
      { issuer: 'https://one.example.com', jwksUri: good.jwksUri },
      { issuer: 'https://two.example.com', jwksUri: bad.jwksUri },
    ],
    audience,
    now: clock.now,
    keySet: { timeoutDuration: 1000 },
  })
  good.publish([first.jwk])
  bad.always(hang())
  const one = (key = first): string => signToken(key, goodClaims(clock, { iss: 'https://one.example.com' }))
  const two = (key = second): string => signToken(key, goodClaims(clock, { iss: 'https://two.example.com' }))
  const ask = async (token: string): Promise<string> => verdict(await present(server, token))
  const waiting = ask(two())
  await bad.arrived(1)
  expect(await ask(one())).toBe('allowed')
  expect(await waiting).toBe('keys_unavailable')
  expect(await ask(one(second))).toBe('signature_invalid')
  bad.publish([second.jwk])
  clock.advance(1.1)
  expect(await ask(two())).toBe('allowed')
  expect(await ask(two(first))).toBe('signature_invalid')
  expect(await ask(one())).toBe('allowed')
  expect([good.fetches, bad.fetches]).toEqual([1, 2])
  await server.close()
})

fault('keys.ready', 'it rejects with keys_unavailable while the endpoint is down, and resolves after', async () => {
  const scene = await createScene()
  scene.endpoint.next(status(500))
  await expect(scene.server.ready()).rejects.toMatchObject({ code: 'keys_unavailable', status: 503 })
  await expect(scene.server.ready()).rejects.toMatchObject({ code: 'keys_unavailable' })
  expect(scene.endpoint.fetches).toBe(1)
  scene.clock.advance(1.1)
  await scene.server.ready()
  await Promise.all(times(50, () => scene.server.ready()))
  expect(scene.endpoint.fetches).toBe(2)
  expect(await scene.ask()).toBe('allowed')
  expect(scene.endpoint.fetches).toBe(2)
})

fault('keys.ready', 'it rejects while any one issuer has no keys', async () => {
  await using good = await createKeyEndpoint()
  await using bad = await createKeyEndpoint()
  good.publish([createKey('key-1').jwk])
  bad.always(status(500))
  const server = createResourceServer({
    issuer: [
      { issuer: 'https://one.example.com', jwksUri: good.jwksUri },
      { issuer: 'https://two.example.com', jwksUri: bad.jwksUri },
    ],
    audience,
  })
  await expect(server.ready()).rejects.toMatchObject({ code: 'keys_unavailable' })
  await server.close()
})

fault('keys.ready', 'static keys are ready with no network', async () => {
  const server = createResourceServer({ issuer: { issuer, jwks: { keys: [createKey('key-1').jwk] } }, audience })
  await server.ready()
  await server.close()
})

fault('keys.shutdown', 'close() in the middle of a fetch answers the waiters 503 and hangs up', async () => {
  const scene = await createScene({ keySet: { timeoutDuration: 3_600_000 } })
  scene.endpoint.always(hang())
  const waiting = times(20, () => scene.ask())
  await scene.endpoint.arrived(1)
  await scene.server.close()
  expect(new Set(await Promise.all(waiting))).toEqual(new Set(['keys_unavailable']))
  await scene.endpoint.quiet()
  expect(await scene.ask()).not.toBe('allowed')
  expect(scene.endpoint.fetches).toBe(1)
})

fault(
  'keys.shutdown',
  'close() in the middle of a background refresh hangs up too; closing twice is fine',
  async () => {
    const scene = await createScene({ keySet: { timeoutDuration: 3_600_000 } })
    expect(await scene.ask()).toBe('allowed')
    scene.endpoint.always(hang())
    scene.clock.advance(500)
    expect(await scene.ask()).toBe('allowed')
    await scene.endpoint.arrived(2)
    await Promise.all([scene.server.close(), scene.server.close()])
    await scene.server.close()
    scene.clock.advance(200)
    await scene.ask()
    expect(scene.endpoint.fetches).toBe(2)
  },
)
