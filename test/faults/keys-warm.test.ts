import { expect } from 'vitest'
import {
  type Behaviour,
  behind,
  chunkedBomb,
  createGate,
  cut,
  drip,
  gzipBomb,
  hang,
  hangAfterHead,
  json,
  redirect,
  reset,
  status,
  text,
} from './endpoint.js'
import { fault } from './faults.js'
import { heapAfter } from './memory.js'
import { createScene, eventually, linger, type Scene, times } from './scene.js'
import { createKey, type signToken, signWithSecret } from './signing.js'

const quick = { keySet: { timeoutDuration: 1000 } }

/** A scene whose keys were fetched once. */
const createWarmScene = async (...given: Parameters<typeof createScene>): Promise<Scene> => {
  const scene = await createScene(...given)
  await scene.server.ready()
  expect(await scene.ask()).toBe('allowed')
  expect(scene.endpoint.fetches).toBe(1)
  return scene
}

const failed = (scene: Scene, attempts: number): Promise<void> =>
  eventually(() => {
    expect(scene.warnings.filter(({ code }) => code === 'keys_refresh_failed')).toHaveLength(attempts)
  })

const silence = hang()
const headAlone = hangAfterHead()
const dripping = drip(10)
/** What only the deadline ends. */
const endless = new Set([silence, headAlone, dripping])

const broken: Record<string, Behaviour> = {
  'a reset connection': reset(),
  'a cut body': cut('{"keys":[]}'),
  silence,
  'a head alone': headAlone,
  'a dripping body': dripping,
  '204': status(204),
  '302 to the same origin': redirect(302, '/elsewhere'),
  '304': status(304),
  '404': status(404),
  '429': status(429),
  '500': status(500),
  '503': status(503),
  'broken JSON': text('{"keys":['),
  HTML: text('<html></html>'),
  'no keys member': json({}),
  'keys null': json({ keys: null }),
  'a thousand keys': json({ keys: times(1000, () => ({ kty: 'EC' })) }),
  'only a null member': json({ keys: [null] }),
  'only a symmetric key': json({ keys: [{ kty: 'oct', k: 'c2VjcmV0', kid: 'key-1' }] }),
  'a body over the limit': text(`{"keys":[],"filler":"${'x'.repeat(600_000)}"}`),
}

for (const [name, behaviour] of Object.entries(broken)) {
  const id = /^\d/.test(name) ? 'keys.status-warm' : 'keys.bad-refresh'
  if (id === 'keys.status-warm') {
    fault('keys.status-warm', `${name}: known kids keep passing, before and after the maximum age`, () =>
      keepsServing(behaviour),
    )
  } else {
    fault('keys.bad-refresh', `${name}: known kids keep passing, before and after the maximum age`, () =>
      keepsServing(behaviour),
    )
  }
}

const keepsServing = async (behaviour: Behaviour): Promise<void> => {
  const scene = await createWarmScene(endless.has(behaviour) ? quick : {})
  scene.endpoint.always(behaviour)
  scene.clock.advance(500)
  expect(await scene.ask()).toBe('allowed')
  await failed(scene, 1)
  expect(scene.endpoint.fetches).toBe(2)
  scene.clock.advance(200)
  expect(await scene.ask()).toBe('allowed')
  await failed(scene, 2)
  scene.endpoint.publish([scene.key.jwk])
  scene.clock.advance(10)
  expect(await scene.ask()).toBe('allowed')
  await scene.endpoint.arrived(4)
}

fault('keys.refresh-ahead', 'before three quarters of the maximum age nothing is fetched', async () => {
  const scene = await createWarmScene()
  scene.clock.advance(449)
  expect(await scene.ask()).toBe('allowed')
  await linger()
  expect(scene.endpoint.fetches).toBe(1)
})

fault('keys.refresh-ahead', 'from there one fetch runs behind the traffic, which does not wait for it', async () => {
  const scene = await createWarmScene()
  const next = createKey('key-2')
  const gate = createGate()
  scene.endpoint.next(behind(gate, json({ keys: [scene.key.jwk, next.jwk] })))
  scene.clock.advance(451)
  expect(new Set(await Promise.all(times(100, () => scene.ask())))).toEqual(new Set(['allowed']))
  await scene.endpoint.arrived(2)
  expect(await scene.ask()).toBe('allowed')
  gate.open()
  expect(await scene.ask(scene.token(next))).toBe('allowed')
  scene.clock.advance(449)
  expect(await scene.ask()).toBe('allowed')
  await linger()
  expect(scene.endpoint.fetches).toBe(2)
})

fault('keys.refresh-ahead', 'with no traffic nothing is fetched', async () => {
  const scene = await createWarmScene()
  scene.clock.advance(100_000)
  await linger()
  expect(scene.endpoint.fetches).toBe(1)
})

fault('keys.stampede', 'at expiry: a hundred requests wait for one fetch, and none is refused', async () => {
  const scene = await createWarmScene()
  const gate = createGate()
  scene.endpoint.next(behind(gate, json({ keys: [scene.key.jwk] })))
  scene.clock.advance(601)
  const asked = times(100, () => scene.ask())
  await scene.endpoint.arrived(2)
  gate.open()
  expect(new Set(await Promise.all(asked))).toEqual(new Set(['allowed']))
  expect(scene.endpoint.fetches).toBe(2)
})

fault('keys.stampede', 'at expiry, with the endpoint down: one fetch, and none is refused', async () => {
  const scene = await createWarmScene()
  scene.endpoint.always(status(500))
  scene.clock.advance(601)
  expect(new Set(await Promise.all(times(100, () => scene.ask())))).toEqual(new Set(['allowed']))
  expect(scene.endpoint.fetches).toBe(2)
})

fault(
  'keys.outage',
  'once a due refresh has failed, known kids pass without waiting for the next attempt',
  async () => {
    const scene = await createWarmScene()
    scene.endpoint.next(status(500))
    scene.clock.advance(500)
    expect(await scene.ask()).toBe('allowed')
    await failed(scene, 1)
    scene.clock.advance(200)
    const gate = createGate()
    scene.endpoint.next(behind(gate, json({ keys: [scene.key.jwk] })))
    expect(await scene.ask()).toBe('allowed')
    await scene.endpoint.arrived(3)
    expect(await scene.ask()).toBe('allowed')
    gate.open()
  },
)

fault(
  'keys.outage',
  'a failure before a refresh was due does not count: past the maximum age keys are fetched first',
  async () => {
    const scene = await createWarmScene()
    const next = createKey('key-2')
    scene.endpoint.next(status(500))
    scene.clock.advance(10)
    expect(await scene.ask(scene.token(next))).toBe('keys_unavailable')
    scene.endpoint.publish([next.jwk])
    scene.clock.advance(601)
    expect(await scene.ask()).not.toBe('allowed')
    expect(await scene.ask(scene.token(next))).toBe('allowed')
  },
)

fault(
  'keys.outage',
  'known kids pass to the end of the stale window, then 503; recovery needs no restart',
  async () => {
    const scene = await createWarmScene()
    scene.endpoint.always(status(503))
    scene.clock.advance(600 + 3600 - 2)
    expect(await scene.ask()).toBe('allowed')
    scene.clock.advance(4)
    const decision = await scene.decide()
    expect(decision).toMatchObject({ allowed: false, status: 503, error: { code: 'keys_unavailable' } })
    expect(decision.headers['Retry-After']).toMatch(/^[1-9][0-9]*$/)
    expect(decision.headers).not.toHaveProperty('WWW-Authenticate')
    scene.endpoint.publish([scene.key.jwk])
    scene.clock.advance(30)
    expect(await scene.ask()).toBe('allowed')
  },
)

fault('keys.outage', 'an hour of steady traffic is one attempt per cooldown, and the operator is told', async () => {
  const scene = await createWarmScene()
  scene.endpoint.always(status(500))
  scene.clock.advance(600)
  for (let second = 0; second < 3590; second += 10) {
    scene.clock.advance(10)
    expect(await scene.ask()).toBe('allowed')
    // the first attempt is waited for; each one behind the traffic is announced
    await failed(scene, 1 + scene.warnings.filter(({ code }) => code === 'keys_stale').length)
  }
  expect(scene.endpoint.fetches).toBeGreaterThan(3590 / 40)
  expect(scene.endpoint.fetches).toBeLessThanOrEqual(1 + 6 + 3590 / 30)
  expect(scene.warnings.filter(({ code }) => code === 'keys_stale').length).toBeGreaterThan(0)
})

fault('keys.outage', 'an unknown kid is not let in, nor blamed on the caller', async () => {
  const scene = await createWarmScene()
  const stranger = createKey('stranger')
  scene.endpoint.always(status(500))
  scene.clock.advance(700)
  expect(await scene.ask(scene.token(stranger))).toBe('keys_unavailable')
  expect(await scene.ask()).toBe('allowed')
})

fault('keys.rotated', 'the first token under a new kid succeeds with exactly one fetch', async () => {
  const scene = await createWarmScene()
  const next = createKey('key-2')
  scene.endpoint.publish([scene.key.jwk, next.jwk])
  expect(await scene.ask(scene.token(next))).toBe('allowed')
  expect(scene.endpoint.fetches).toBe(2)
  expect(await scene.ask(scene.token(next))).toBe('allowed')
  expect(await scene.ask()).toBe('allowed')
  expect(scene.endpoint.fetches).toBe(2)
})

fault('keys.rotated', 'so do a hundred first tokens at once', async () => {
  const scene = await createWarmScene()
  const next = createKey('key-2')
  scene.endpoint.publish([scene.key.jwk, next.jwk])
  expect(new Set(await Promise.all(times(100, () => scene.ask(scene.token(next)))))).toEqual(new Set(['allowed']))
  expect(scene.endpoint.fetches).toBe(2)
})

fault('keys.rotated', 'a second rotation inside the cooldown waits for its end, and no longer', async () => {
  const scene = await createWarmScene()
  const [second, third] = [createKey('key-2'), createKey('key-3')]
  scene.endpoint.publish([scene.key.jwk, second.jwk])
  expect(await scene.ask(scene.token(second))).toBe('allowed')
  scene.endpoint.publish([scene.key.jwk, second.jwk, third.jwk])
  scene.clock.advance(29)
  expect(await scene.ask(scene.token(third))).toBe('key_not_found')
  expect(scene.endpoint.fetches).toBe(2)
  scene.clock.advance(2)
  expect(await scene.ask(scene.token(third))).toBe('allowed')
  expect(scene.endpoint.fetches).toBe(3)
})

fault('keys.rotated', 'a kid that was unknown once is looked for again after the cooldown', async () => {
  const scene = await createWarmScene()
  const next = createKey('key-2')
  expect(await scene.ask(scene.token(next))).toBe('key_not_found')
  scene.endpoint.publish([scene.key.jwk, next.jwk])
  scene.clock.advance(31)
  expect(await scene.ask(scene.token(next))).toBe('allowed')
  expect(scene.endpoint.fetches).toBe(3)
})

fault('keys.rotated', 'looking for an unknown kid that fails leaves known kids passing', async () => {
  const scene = await createWarmScene()
  scene.endpoint.next(status(500))
  expect(await scene.ask(scene.token(createKey('key-2')))).toBe('keys_unavailable')
  expect(await scene.ask()).toBe('allowed')
  expect(scene.endpoint.fetches).toBe(2)
})

fault('keys.rotated-same-kid', 'bad signatures never fetch; the new key serves from the maximum age on', async () => {
  const scene = await createWarmScene()
  const replaced = createKey('key-1')
  scene.endpoint.publish([replaced.jwk])
  for (let second = 0; second < 400; second += 10) {
    scene.clock.advance(10)
    expect(await scene.ask(scene.token(replaced))).toBe('signature_invalid')
  }
  expect(scene.endpoint.fetches).toBe(1)
  scene.clock.advance(201)
  expect(await scene.ask(scene.token(replaced))).toBe('allowed')
  expect(await scene.ask()).toBe('signature_invalid')
  expect(scene.endpoint.fetches).toBe(2)
})

fault('keys.removed', 'a withdrawn key stops past the maximum age, also for a token already verified', async () => {
  const scene = await createWarmScene()
  const next = createKey('key-2')
  const known = scene.token(scene.key, { exp: scene.clock.now() + 900 })
  expect(await scene.ask(known)).toBe('allowed')
  scene.endpoint.publish([next.jwk])
  scene.clock.advance(601)
  expect(await scene.ask(known)).toBe('key_not_found')
  expect(await scene.ask()).toBe('key_not_found')
  expect(await scene.ask(scene.token(next))).toBe('allowed')
})

fault('keys.removed', 'a refresh for any other reason withdraws it too', async () => {
  const scene = await createWarmScene()
  const next = createKey('key-2')
  const known = scene.token(scene.key, { exp: scene.clock.now() + 900 })
  expect(await scene.ask(known)).toBe('allowed')
  scene.endpoint.publish([next.jwk])
  expect(await scene.ask(scene.token(next))).toBe('allowed')
  expect(await scene.ask(known)).toBe('key_not_found')
})

fault('keys.reload', 'a revocation check refuses a kid from the next request on, verified tokens too', async () => {
  const compromised = new Set<unknown>()
  const scene = await createWarmScene({ revocation: { isRevoked: ({ header }) => compromised.has(header?.kid) } })
  const next = createKey('key-2')
  scene.endpoint.publish([scene.key.jwk, next.jwk])
  const known = scene.token()
  expect(await scene.ask(known)).toBe('allowed')
  compromised.add('key-1')
  expect(await scene.ask(known)).toBe('token_revoked')
  expect(await scene.ask()).toBe('token_revoked')
  expect(await scene.ask(scene.token(next))).toBe('allowed')
})

fault('keys.removed', 'a key replaced under its kid takes its verified tokens with it', async () => {
  const scene = await createWarmScene()
  const replaced = createKey('key-1')
  const known = scene.token(scene.key, { exp: scene.clock.now() + 900 })
  expect(await scene.ask(known)).toBe('allowed')
  scene.endpoint.publish([replaced.jwk])
  scene.clock.advance(601)
  expect(await scene.ask(known)).toBe('signature_invalid')
})

fault('keys.removed', 'no stale window brings back a key that a reachable set no longer had', async () => {
  const scene = await createWarmScene()
  const next = createKey('key-2')
  scene.endpoint.publish([next.jwk])
  expect(await scene.ask(scene.token(next))).toBe('allowed')
  scene.endpoint.always(status(500))
  scene.clock.advance(700)
  expect(await scene.ask(scene.token(next))).toBe('allowed')
  expect(await scene.ask()).toBe('keys_unavailable')
})

fault('keys.removed', 'a set with no keys withdraws them all', async () => {
  const scene = await createWarmScene()
  scene.endpoint.publish([])
  scene.clock.advance(601)
  expect(await scene.ask()).toBe('key_not_found')
  scene.endpoint.publish([scene.key.jwk])
  scene.clock.advance(601)
  expect(await scene.ask()).toBe('allowed')
})

fault('keys.removed', 'a key that stays keeps its verified tokens: they are not verified again', async () => {
  const scene = await createWarmScene()
  const known = scene.token(scene.key, { exp: scene.clock.now() + 900 })
  const before = await scene.decide(known)
  scene.clock.advance(601)
  expect(await scene.ask()).toBe('allowed')
  expect(scene.endpoint.fetches).toBe(2)
  const after = await scene.decide(known)
  expect(after.allowed && after.token).toBe(before.allowed && before.token)
})

fault('keys.no-kid', 'one fitting key verifies; two do not; a refused one costs one fetch per cooldown', async () => {
  const scene = await createWarmScene()
  const bare = (key = scene.key): string => scene.token(key, {}, { kid: undefined })
  expect(await scene.ask(bare())).toBe('allowed')
  const [second, rsa] = [createKey('key-2'), createKey('key-3', 'RS256')]
  scene.endpoint.publish([scene.key.jwk, second.jwk, rsa.jwk])
  scene.clock.advance(601)
  expect(await scene.ask()).toBe('allowed')
  expect(await scene.ask(bare(rsa))).toBe('allowed')
  const verdicts = await Promise.all(times(50, () => scene.ask(bare())))
  expect(new Set(verdicts)).toEqual(new Set(['key_not_found']))
  for (let turn = 0; turn < 20; turn += 1) expect(await scene.ask(bare())).toBe('key_not_found')
  expect(scene.endpoint.fetches).toBeLessThanOrEqual(3)
})

fault('keys.partial', 'good members serve, bad ones are reported once per set and break nothing', async () => {
  const scene = await createScene()
  const rsa = createKey('rsa', 'RS256')
  scene.endpoint.publish([
    null,
    42,
    'key',
    [],
    {},
    { kty: 'unknown', kid: 'a' },
    { kty: 'EC', kid: 'b', crv: 'P-256', x: 'AAAA', y: 'AAAA' },
    { kty: 'EC', kid: 'c', crv: 'P-256' },
    { kty: 'RSA', kid: 'd', n: '', e: '' },
    { ...scene.key.jwk, kid: 7 },
    { ...scene.key.jwk, kid: 'e', alg: 'ES999' },
    scene.key.jwk,
    rsa.jwk,
  ])
  for (let turn = 0; turn < 10; turn += 1) {
    expect(await scene.ask()).toBe('allowed')
    expect(await scene.ask(scene.token(rsa))).toBe('allowed')
  }
  const skipped = scene.warnings.filter(({ code }) => code === 'key_skipped')
  expect(skipped.length).toBeGreaterThan(0)
  expect(skipped.length).toBeLessThanOrEqual(11)
  scene.clock.advance(601)
  expect(await scene.ask()).toBe('allowed')
  expect(scene.warnings.filter(({ code }) => code === 'key_skipped')).toHaveLength(skipped.length)
})

const weak = createKey('weak', 'RS256', 1024)
const other = createKey('other')
const unusable: Record<string, readonly [unknown, Parameters<typeof signToken>[0]]> = {
  'RSA of 1024 bits': [weak.jwk, weak],
  'a private key': [other.secretJwk, other],
  'use enc': [{ ...other.jwk, use: 'enc' }, other],
  'key_ops without verify': [{ ...other.jwk, key_ops: ['sign'] }, other],
  'empty key_ops': [{ ...other.jwk, key_ops: [] }, other],
  'key_ops as text': [{ ...other.jwk, key_ops: 'verify' }, other],
  'the algorithm of another family': [{ ...other.jwk, alg: 'RS256' }, other],
  'another curve of the same family': [{ ...other.jwk, alg: 'ES384' }, other],
  'an encryption algorithm': [{ ...other.jwk, alg: 'ECDH-ES' }, other],
}

for (const [name, [jwk, signer]] of Object.entries(unusable)) {
  fault('keys.unusable', `${name} verifies nothing, and its neighbour does`, async () => {
    const scene = await createScene()
    scene.endpoint.publish([jwk, scene.key.jwk])
    expect(await scene.ask(scene.token(signer))).toBe('key_not_found')
    expect(await scene.ask()).toBe('allowed')
  })
}

fault('keys.unusable', 'the same keys do verify once they are published as they should be', async () => {
  const scene = await createScene()
  const strong = createKey('strong', 'RS256')
  const ops = createKey('ops')
  scene.endpoint.publish([
    scene.key.jwk,
    strong.jwk,
    { ...ops.jwk, key_ops: ['verify'] },
    { ...other.jwk, alg: undefined, use: undefined },
  ])
  for (const key of [scene.key, strong, ops, other]) expect(await scene.ask(scene.token(key))).toBe('allowed')
})

fault('keys.unusable', 'a symmetric key never verifies, under any algorithm name', async () => {
  const scene = await createScene()
  const secret = Buffer.from('a secret of thirty-two bytes....')
  const k = secret.toString('base64url')
  for (const alg of ['HS256', 'ES256', 'RS256', undefined]) {
    scene.endpoint.publish([{ kty: 'oct', k, kid: 'oct', alg }, scene.key.jwk])
    scene.clock.advance(601)
    expect(await scene.ask()).toBe('allowed')
    const { iat, exp, ...claims } = JSON.parse(Buffer.from(scene.token().split('.')[1] ?? '', 'base64url').toString())
    expect(await scene.ask(signWithSecret(secret, 'oct', { ...claims, iat, exp }))).toBe('algorithm_rejected')
  }
})

fault('keys.huge', 'a declared body over the limit is not read', async () => {
  const scene = await createScene()
  const filler = 'x'.repeat(30_000_000)
  scene.endpoint.next(json({ keys: [scene.key.jwk], filler }))
  expect(await scene.ask()).toBe('keys_unavailable')
  scene.clock.advance(1.1)
  expect(await scene.ask()).toBe('allowed')
})

fault('keys.huge', 'an endless chunked body is given up after the limit, not the deadline', async () => {
  const scene = await createScene({ keySet: { timeoutDuration: 3_600_000 } })
  scene.endpoint.next(chunkedBomb())
  expect(await scene.ask()).toBe('keys_unavailable')
  await scene.endpoint.quiet()
  expect(scene.endpoint.bytes).toBeLessThan(20_000_000)
})

for (const code of [301, 404, 500]) {
  fault('keys.huge', `${code} with an endless body is hung up on, and its body not read`, async () => {
    const scene = await createScene({ keySet: { timeoutDuration: 3_600_000 } })
    scene.endpoint.next(chunkedBomb(code))
    expect(await scene.ask()).toBe('keys_unavailable')
    await scene.endpoint.quiet()
    expect(scene.endpoint.bytes).toBeLessThan(20_000_000)
  })
}

fault('keys.huge', 'a compressed body counts by what it unpacks to', async () => {
  const scene = await createScene()
  scene.endpoint.always(gzipBomb(200_000_000))
  const grown = await heapAfter(async () => {
    for (let turn = 0; turn < 5; turn += 1) {
      expect(await scene.ask()).toBe('keys_unavailable')
      scene.clock.advance(31)
    }
  })
  expect(grown).toBeLessThan(20_000_000)
})

fault('keys.huge', 'a body just under the limit serves', async () => {
  const scene = await createScene()
  scene.endpoint.next(json({ keys: [scene.key.jwk], filler: 'x'.repeat(510_000) }))
  expect(await scene.ask()).toBe('allowed')
})

fault('keys.many', 'a hundred keys serve; a thousand are refused and leave nothing behind', async () => {
  const scene = await createScene()
  const keys = times(100, (index) => createKey(`key-${index + 1}`))
  scene.endpoint.publish(keys.map(({ jwk }) => jwk))
  for (const key of keys) expect(await scene.ask(scene.token(key))).toBe('allowed')
  expect(scene.endpoint.fetches).toBe(1)
  const grown = await heapAfter(async () => {
    scene.endpoint.publish(times(1000, (index) => ({ ...scene.key.jwk, kid: `many-${index}` })))
    for (let turn = 0; turn < 20; turn += 1) {
      scene.clock.advance(31)
      await scene.ask(scene.token(createKey(`unknown-${turn}`)))
    }
  })
  expect(grown).toBeLessThan(20_000_000)
  expect(await scene.ask(scene.token(keys[99]))).toBe('allowed')
})

fault('keys.many', 'a cold set of a hundred and one is unusable', async () => {
  const scene = await createScene()
  scene.endpoint.next(
    json({ keys: times(101, (index) => ({ ...scene.key.jwk, kid: index === 0 ? 'key-1' : `key-${index + 1}` })) }),
  )
  expect(await scene.ask()).toBe('keys_unavailable')
  scene.clock.advance(1.1)
  expect(await scene.ask()).toBe('allowed')
})

fault(
  'keys.unknown-flood',
  'ten thousand unknown kids in ten seconds are one fetch; good tokens keep passing',
  async () => {
    const scene = await createWarmScene()
    const stranger = createKey('stranger')
    const grown = await heapAfter(async () => {
      for (let turn = 0; turn < 100; turn += 1) {
        const flood = times(100, (index) =>
          scene.ask(scene.token(stranger, {}, { kid: `kid-${turn}-${index}-${'k'.repeat(200)}` })),
        )
        expect(await scene.ask()).toBe('allowed')
        expect(new Set(await Promise.all(flood))).toEqual(new Set(['key_not_found']))
        scene.clock.advance(0.1)
      }
      scene.events.length = 0
    })
    expect(scene.endpoint.fetches).toBe(2)
    expect(scene.endpoint.connectionsUsed).toBeLessThanOrEqual(2)
    expect(grown).toBeLessThan(10_000_000)
  },
)

fault('keys.unknown-flood', 'a longer flood is one fetch per cooldown', async () => {
  const scene = await createWarmScene({ keySet: { cacheMaxAge: 86_400_000 } })
  const stranger = createKey('stranger')
  for (let second = 0; second < 300; second += 1) {
    scene.clock.advance(1)
    expect(await scene.ask(scene.token(stranger, {}, { kid: `kid-${second}` }))).toBe('key_not_found')
    expect(await scene.ask(scene.token(stranger, {}, { kid: 'the same' }))).toBe('key_not_found')
  }
  expect(scene.endpoint.fetches).toBeGreaterThanOrEqual(9)
  expect(scene.endpoint.fetches).toBeLessThanOrEqual(12)
})

fault('keys.unknown-flood-down', 'warm, then down: one attempt per cooldown, known kids pass throughout', async () => {
  const scene = await createWarmScene({ keySet: { cacheMaxAge: 86_400_000 } })
  const stranger = createKey('stranger')
  scene.endpoint.always(status(500))
  for (let second = 0; second < 300; second += 1) {
    scene.clock.advance(1)
    const flood = times(10, (index) => scene.ask(scene.token(stranger, {}, { kid: `kid-${second}-${index}` })))
    expect(await scene.ask()).toBe('allowed')
    expect(await Promise.all(flood)).not.toContain('allowed')
  }
  expect(scene.endpoint.fetches).toBeLessThanOrEqual(12)
})

fault('keys.unknown-flood-down', 'cold and down: one attempt per back-off window', async () => {
  const scene = await createScene()
  const stranger = createKey('stranger')
  scene.endpoint.always(status(500))
  for (let second = 0; second < 300; second += 1) {
    scene.clock.advance(1)
    const flood = times(10, (index) => scene.ask(scene.token(stranger, {}, { kid: `kid-${second}-${index}` })))
    expect(new Set(await Promise.all(flood))).toEqual(new Set(['keys_unavailable']))
  }
  expect(scene.endpoint.fetches).toBeLessThanOrEqual(6 + 10)
})

fault('keys.unknown-flood-down', 'an empty set: one fetch per cooldown', async () => {
  const scene = await createScene()
  scene.endpoint.publish([])
  const asked = await Promise.all(times(100, () => scene.ask()))
  expect(new Set(asked)).toEqual(new Set(['key_not_found']))
  for (let second = 0; second < 300; second += 1) {
    scene.clock.advance(1)
    expect(await scene.ask()).toBe('key_not_found')
  }
  expect(scene.endpoint.fetches).toBeLessThanOrEqual(13)
  scene.endpoint.publish([scene.key.jwk])
  scene.clock.advance(31)
  expect(await scene.ask()).toBe('allowed')
})

fault('keys.out-of-order', 'an answer that comes after it was given up changes nothing', async () => {
  const scene = await createWarmScene(quick)
  const next = createKey('key-2')
  const gate = createGate()
  scene.endpoint.next(behind(gate, json({ keys: [scene.key.jwk] })))
  scene.endpoint.publish([next.jwk])
  scene.clock.advance(500)
  expect(await scene.ask()).toBe('allowed')
  await failed(scene, 1)
  scene.clock.advance(31)
  expect(await scene.ask(scene.token(next))).toBe('allowed')
  gate.open()
  await linger()
  expect(await scene.ask(scene.token(next))).toBe('allowed')
  expect(await scene.ask()).toBe('key_not_found')
})

fault('keys.cache-control', 'max-age shortens the maximum age', async () => {
  const scene = await createScene()
  scene.endpoint.publish([scene.key.jwk], { 'Cache-Control': 'public, max-age=100, must-revalidate' })
  expect(await scene.ask()).toBe('allowed')
  scene.clock.advance(74)
  expect(await scene.ask()).toBe('allowed')
  await linger()
  expect(scene.endpoint.fetches).toBe(1)
  const next = createKey('key-2')
  scene.endpoint.publish([next.jwk], { 'Cache-Control': 'max-age=100' })
  scene.clock.advance(27)
  expect(await scene.ask()).toBe('key_not_found')
})

for (const value of ['max-age=0', 'max-age=5', 'no-store', 'no-cache', 'private, no-store, max-age=0']) {
  fault('keys.cache-control', `${value} is no shorter than the cooldown`, async () => {
    const scene = await createScene()
    scene.endpoint.publish([scene.key.jwk], { 'Cache-Control': value })
    expect(await scene.ask()).toBe('allowed')
    scene.clock.advance(22)
    expect(await scene.ask()).toBe('allowed')
    await linger()
    expect(scene.endpoint.fetches).toBe(1)
    scene.clock.advance(9)
    expect(await scene.ask()).toBe('allowed')
    expect(scene.endpoint.fetches).toBe(2)
  })
}

for (const value of [
  'max-age=31536000',
  'max-age=99999999999999999999',
  'immutable',
  'max-age=-1',
  'max-age=NaN',
  'max-age',
  ',,,=;',
]) {
  fault('keys.cache-control', `${value} lengthens nothing`, async () => {
    const scene = await createScene()
    scene.endpoint.publish([scene.key.jwk], { 'Cache-Control': value })
    expect(await scene.ask()).toBe('allowed')
    const next = createKey('key-2')
    scene.endpoint.publish([next.jwk], { 'Cache-Control': value })
    scene.clock.advance(601)
    expect(await scene.ask()).toBe('key_not_found')
    expect(await scene.ask(scene.token(next))).toBe('allowed')
    expect(scene.endpoint.fetches).toBe(2)
  })
}

fault('keys.clock', 'a step back of an hour does not stop refreshing', async () => {
  const scene = await createWarmScene()
  const next = createKey('key-2')
  scene.endpoint.publish([next.jwk])
  scene.clock.advance(-3600)
  expect(await scene.ask()).toBe('allowed')
  scene.clock.advance(601)
  await eventually(async () => expect(await scene.ask()).toBe('key_not_found'))
  expect(await scene.ask(scene.token(next))).toBe('allowed')
})

fault('keys.clock', 'a step back of an hour does not stop retrying an endpoint that is down', async () => {
  const scene = await createScene()
  scene.endpoint.always(status(500))
  for (let turn = 0; turn < 8; turn += 1) {
    await scene.ask()
    scene.clock.advance(31)
  }
  await scene.ask()
  const before = scene.endpoint.fetches
  scene.clock.advance(-3600)
  scene.endpoint.publish([scene.key.jwk])
  await scene.ask()
  scene.clock.advance(31)
  expect(await scene.ask()).toBe('allowed')
  expect(scene.endpoint.fetches).toBeGreaterThan(before)
})

fault('keys.clock', 'a step back of an hour does not stop looking for unknown kids', async () => {
  const scene = await createWarmScene()
  const next = createKey('key-2')
  expect(await scene.ask(scene.token(next))).toBe('key_not_found')
  scene.clock.advance(-3600)
  scene.endpoint.publish([scene.key.jwk, next.jwk])
  scene.clock.advance(31)
  expect(await scene.ask(scene.token(next))).toBe('allowed')
})

fault('keys.clock', 'a jump ahead of a day fetches once and goes on', async () => {
  const scene = await createWarmScene()
  scene.clock.advance(86_400)
  expect(new Set(await Promise.all(times(20, () => scene.ask())))).toEqual(new Set(['allowed']))
  expect(scene.endpoint.fetches).toBe(2)
})
