import { expect } from 'vitest'
import { behind, createGate, cut, drip, hang, hangAfterHead, json, redirect, reset, status, text } from './endpoint.js'
import { fault } from './faults.js'
import { createScene, eventually, goodClaims, times, verdict } from './scene.js'
import { createKey, signToken } from './signing.js'

const quick = { keySet: { timeoutDuration: 1000 } }

fault('keys.cold-down', 'a refused connection is 503 with Retry-After and no challenge', async () => {
  const scene = await createScene()
  await scene.endpoint.stop()
  const decision = await scene.decide()
  expect(verdict(decision)).toBe('keys_unavailable')
  if (decision.allowed) return
  expect(decision.status).toBe(503)
  expect(decision.headers['Retry-After']).toMatch(/^[1-9][0-9]*$/)
  expect(Number(decision.headers['Retry-After'])).toBeLessThanOrEqual(30)
  expect(decision.headers).not.toHaveProperty('WWW-Authenticate')
  expect(JSON.parse(decision.body)).toMatchObject({ status: 503, code: 'keys_unavailable' })
  expect(JSON.parse(decision.body)).not.toHaveProperty('error')
  await eventually(() =>
    expect(scene.events.at(-1)).toMatchObject({ decision: 'error', reason: { code: 'keys_unavailable' } }),
  )
})

fault('keys.cold-down', 'a connection cut before the head or inside the body is the same', async () => {
  const scene = await createScene()
  scene.endpoint.next(reset(), cut(JSON.stringify({ keys: [scene.key.jwk] })))
  expect(await scene.ask()).toBe('keys_unavailable')
  scene.clock.advance(30)
  expect(await scene.ask()).toBe('keys_unavailable')
  scene.clock.advance(30)
  expect(await scene.ask()).toBe('allowed')
})

fault('keys.back-off', 'a thousand requests in one window cost one attempt', async () => {
  const scene = await createScene()
  scene.endpoint.always(status(500))
  const verdicts = await Promise.all(times(500, () => scene.ask()))
  for (let turn = 0; turn < 500; turn += 1) verdicts.push(await scene.ask())
  expect(new Set(verdicts)).toEqual(new Set(['keys_unavailable']))
  expect(scene.endpoint.fetches).toBe(1)
})

fault('keys.back-off', 'windows double from one second up to the cooldown', async () => {
  const scene = await createScene()
  scene.endpoint.always(status(500))
  await scene.ask()
  let attempts = 1
  for (const window of [1, 2, 4, 8, 16, 30, 30, 30]) {
    scene.clock.advance(window - 0.1)
    expect(await scene.ask()).toBe('keys_unavailable')
    expect(scene.endpoint.fetches, `inside the window of ${window} s`).toBe(attempts)
    scene.clock.advance(0.2)
    await scene.ask()
    attempts += 1
    expect(scene.endpoint.fetches, `after the window of ${window} s`).toBe(attempts)
  }
})

fault('keys.back-off', 'Retry-After names the rest of the window', async () => {
  const scene = await createScene()
  scene.endpoint.always(status(500))
  for (const window of [1, 2, 4, 8]) {
    const decision = await scene.decide()
    expect(decision.headers['Retry-After']).toBe(String(window))
    scene.clock.advance(window + 0.1)
  }
})

fault('keys.back-off', 'a success starts the windows over', async () => {
  const scene = await createScene()
  scene.endpoint.next(status(500), status(500), status(500))
  await scene.ask()
  scene.clock.advance(1.1)
  await scene.ask()
  scene.clock.advance(2.1)
  await scene.ask()
  scene.clock.advance(4.1)
  expect(await scene.ask()).toBe('allowed')
  scene.clock.advance(5000)
  scene.endpoint.next(status(500))
  expect(await scene.ask()).toBe('keys_unavailable')
  scene.clock.advance(1.1)
  expect(await scene.ask()).toBe('allowed')
})

fault('keys.recovery', 'a stopped endpoint that comes back serves again, with no restart of the verifier', async () => {
  const scene = await createScene()
  await scene.endpoint.stop()
  expect(await scene.ask()).toBe('keys_unavailable')
  await scene.endpoint.start()
  scene.clock.advance(1.1)
  expect(await scene.ask()).toBe('allowed')
  expect(await scene.ask()).toBe('allowed')
  expect(scene.endpoint.fetches).toBe(1)
})

for (const [name, behaviour] of Object.entries({
  'no answer at all': hang(),
  'a head and no body': hangAfterHead(),
  'a body that drips for ever': drip(10),
})) {
  fault('keys.deadline', `${name} is given up, and the connection with it`, async () => {
    const scene = await createScene(quick)
    scene.endpoint.next(behaviour)
    expect(await scene.ask()).toBe('keys_unavailable')
    await scene.endpoint.quiet()
    scene.clock.advance(1.1)
    expect(await scene.ask()).toBe('allowed')
  })

  fault('keys.waiters', `a hundred waiters before ${name} are one request on one connection`, async () => {
    const scene = await createScene(quick)
    scene.endpoint.always(behaviour)
    const verdicts = await Promise.all(times(100, () => scene.ask()))
    expect(new Set(verdicts)).toEqual(new Set(['keys_unavailable']))
    expect(scene.endpoint.fetches).toBe(1)
    expect(scene.endpoint.connectionsUsed).toBe(1)
  })
}

fault('keys.stampede', 'cold: a hundred requests are one fetch and a hundred passes', async () => {
  const scene = await createScene()
  const gate = createGate()
  scene.endpoint.next(behind(gate, json({ keys: [scene.key.jwk] })))
  const asked = times(100, () => scene.ask())
  await scene.endpoint.arrived(1)
  gate.open()
  expect(new Set(await Promise.all(asked))).toEqual(new Set(['allowed']))
  expect(scene.endpoint.fetches).toBe(1)
  expect(scene.endpoint.connectionsUsed).toBe(1)
})

for (const code of [
  201, 202, 203, 204, 206, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 410, 418, 429, 500, 502, 503, 504,
]) {
  fault('keys.status-cold', `${code} with a good set in its body is no key set`, async () => {
    const scene = await createScene()
    scene.endpoint.next(status(code, [scene.key.jwk]))
    expect(await scene.ask()).toBe('keys_unavailable')
    scene.clock.advance(1.1)
    expect(await scene.ask()).toBe('allowed')
    expect(scene.endpoint.fetches).toBe(2)
  })
}

for (const code of [301, 302, 303, 307, 308]) {
  fault('keys.redirect', `${code} to the same origin is not followed`, async () => {
    const scene = await createScene()
    scene.endpoint.at('/moved', json({ keys: [scene.key.jwk] }))
    scene.endpoint.next(redirect(code, '/moved'))
    expect(await scene.ask()).toBe('keys_unavailable')
    expect(scene.endpoint.paths).toEqual(['/jwks'])
  })

  fault('keys.redirect', `${code} to another origin is not followed`, async () => {
    const scene = await createScene()
    const other = await createScene()
    other.endpoint.publish([scene.key.jwk])
    scene.endpoint.next(redirect(code, other.endpoint.jwksUri))
    expect(await scene.ask()).toBe('keys_unavailable')
    expect(other.endpoint.connections).toBe(0)
  })
}

const notASet: Record<string, string> = {
  'an empty body': '',
  'broken JSON': '{"keys":[',
  HTML: '<!doctype html><title>Sign in</title>',
  null: 'null',
  'a number': '42',
  'a string': '"keys"',
  'an array': '[]',
  'no keys member': '{}',
  'keys null': '{"keys":null}',
  'keys an object': '{"keys":{}}',
  'keys a string': '{"keys":"none"}',
  'deeply nested JSON': `${'['.repeat(100_000)}${']'.repeat(100_000)}`,
  'two documents': '{"keys":[]}{"keys":[]}',
}

for (const [name, body] of Object.entries(notASet)) {
  fault('keys.status-cold', `200 with ${name} is no key set`, async () => {
    const scene = await createScene()
    scene.endpoint.next(text(body, { 'Content-Type': 'application/json' }))
    expect(await scene.ask()).toBe('keys_unavailable')
    scene.clock.advance(1.1)
    expect(await scene.ask()).toBe('allowed')
  })
}

for (const type of ['application/jwk-set+json', 'text/plain', 'text/html', 'application/octet-stream', '']) {
  fault('keys.content-type', `a good set as ${type || 'no type'} serves, cold and on refresh`, async () => {
    const scene = await createScene()
    const next = createKey('key-2')
    const headers: Record<string, string> = type === '' ? {} : { 'Content-Type': type }
    scene.endpoint.next(
      text(JSON.stringify({ keys: [scene.key.jwk] }), headers),
      text(JSON.stringify({ keys: [next.jwk] }), headers),
    )
    expect(await scene.ask()).toBe('allowed')
    scene.clock.advance(601)
    expect(await scene.ask(scene.token(next))).toBe('allowed')
    expect(scene.endpoint.fetches).toBe(2)
  })
}

fault('keys.garbage', 'nothing that cannot become right is worth a fetch', async () => {
  const scene = await createScene()
  const { key, clock } = scene
  const now = clock.now()
  const without = (name: string): string => scene.token(key, { [name]: undefined })
  const garbage: Record<string, string> = {
    'a word': 'garbage',
    'two segments': 'e30.e30',
    'five segments': 'e30.e30.e30.e30.e30',
    'no JSON': `${Buffer.from('no').toString('base64url')}.e30.AAAA`,
    'another issuer': scene.token(key, { iss: 'https://evil.example' }),
    'an issuer with a slash more': scene.token(key, { iss: 'https://auth.example.com/' }),
    'an array of issuers': scene.token(key, { iss: ['https://auth.example.com'] }),
    'no issuer': without('iss'),
    'another audience': scene.token(key, { aud: 'https://orders.example.com' }),
    'no audience': without('aud'),
    'an empty audience': scene.token(key, { aud: [] }),
    expired: scene.token(key, { exp: now - 60 }),
    'no expiry': without('exp'),
    'expiry as a string': scene.token(key, { exp: String(now + 300) }),
    'alg none': scene.token(key, {}, { alg: 'none' }),
    HS256: scene.token(key, {}, { alg: 'HS256' }),
    'an ID token': scene.token(key, {}, { typ: 'JWT' }),
    'no typ': scene.token(key, {}, { typ: undefined }),
    crit: scene.token(key, {}, { crit: ['x'] }),
    'kid a number': scene.token(key, {}, { kid: 7 }),
    'a kid too long': scene.token(key, {}, { kid: 'k'.repeat(257) }),
    'a token too long': scene.token(key, { filler: 'x'.repeat(20_000) }),
  }
  for (const [name, token] of Object.entries(garbage)) {
    const decision = await scene.decide(token)
    expect(decision.allowed, name).toBe(false)
    expect(decision.allowed ? 200 : decision.status, name).toBe(401)
  }
  expect(scene.endpoint.connections).toBe(0)
  expect(await scene.ask()).toBe('allowed')
  expect(scene.endpoint.fetches).toBe(1)
})

fault('keys.transport', 'nothing a token names is fetched', async () => {
  const scene = await createScene()
  const other = await createScene()
  const stranger = createKey('stranger')
  other.endpoint.publish([stranger.jwk])
  const header = {
    jku: other.endpoint.jwksUri,
    x5u: other.endpoint.jwksUri,
    jwk: stranger.jwk,
    x5c: ['AAAA'],
    x5t: 'AAAA',
  }
  expect(await scene.ask(scene.token(stranger, {}, header))).toBe('key_not_found')
  expect(await scene.ask(scene.token(stranger, {}, { ...header, kid: scene.key.kid }))).toBe('signature_invalid')
  const named = goodClaims(scene.clock, { iss: other.endpoint.origin, jwks_uri: other.endpoint.jwksUri })
  expect(await scene.ask(signToken(stranger, named, header))).toBe('issuer_untrusted')
  expect(other.endpoint.connections).toBe(0)
})
