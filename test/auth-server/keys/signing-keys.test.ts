import { ConfigurationError } from '@behalf/core'
import { createLocalJWKSet, decodeProtectedHeader, exportJWK, generateKeyPair, type JWK, jwtVerify } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { createSecrets } from '../../../packages/auth-server/dist/keys/create-secrets.js'
import { createSigningKeys, type RotatingKeys } from '../../../packages/auth-server/dist/keys/signing-keys.js'
import { dump, encryptionKey, type Ground, openGround } from '../support/ground.js'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

/** One database for all: it takes a while to start. */
let shared: Ground
beforeAll(async () => {
  shared = await openGround()
})
afterAll(() => shared.close())

async function open(options: Parameters<typeof openGround>[0] = {}): Promise<Ground> {
  await shared.database.query('delete from signing_keys')
  return openGround(options, shared.database)
}

async function start(ground: Ground, settings: Partial<Ground['settings']> = {}): Promise<RotatingKeys> {
  const base = { ...ground, settings: { ...ground.settings, ...settings } }
  const keys = await createSigningKeys({ ...base, secrets: createSecrets(base), record: ground.audit.record })
  closing.push(keys.close)
  return keys
}

const kids = (list: readonly JWK[]) => list.map(({ kid }) => kid)
const kidOf = (token: string) => decodeProtectedHeader(token).kid
const signer = (keys: RotatingKeys) => keys.sign('token', { typ: 'at+jwt' }, { sub: 'alice' })
const published = async (keys: RotatingKeys) => createLocalJWKSet({ keys: [...(await keys.published('token'))] })

describe.each(['ES256', 'EdDSA'] as const)('signing keys, %s', (signingAlgorithm) => {
  it('sign what their published keys verify', async () => {
    const keys = await start(await open({ signingAlgorithm }))
    const token = await signer(keys)
    const { payload, protectedHeader } = await jwtVerify(token, await published(keys))
    expect(payload).toEqual({ sub: 'alice' })
    const inList = (await keys.list()).find(({ purpose }) => purpose === 'token')
    expect(protectedHeader).toEqual({ alg: signingAlgorithm, typ: 'at+jwt', kid: inList?.keyId })
    const [key, ...others] = await keys.published('token')
    expect(others).toEqual([])
    expect(key).toMatchObject({ alg: signingAlgorithm, use: 'sig', kid: protectedHeader.kid })
    expect(key).not.toHaveProperty('d')
    expect(await keys.privateKeys()).toEqual([expect.objectContaining({ ...key, d: expect.any(String) })])
  })
})

describe('signing keys', () => {
  it('keep tokens and checkpoints apart', async () => {
    const keys = await start(await open())
    const checkpoint = await keys.sign('checkpoint', { typ: 'checkpoint+jwt' }, {})
    expect(kids(await keys.published('checkpoint'))).toEqual([kidOf(checkpoint)])
    expect(kids(await keys.published('token'))).not.toContain(kidOf(checkpoint))
    await expect(jwtVerify(checkpoint, await published(keys))).rejects.toThrow()
  })

  it('publish the next key before it signs, and the last one until its tokens are gone', async () => {
    const ground = await open({ keys: { leadTime: 600 } })
    const keys = await start(ground)
    const earlier = await signer(keys)
    const { keyId, activeFrom } = await keys.rotate('token', false, 'alice')
    expect(activeFrom).toBe(ground.clock.seconds + 600)
    expect(kids(await keys.published('token'))).toEqual([keyId, kidOf(earlier)])
    ground.clock.seconds = activeFrom - 1
    const last = await signer(keys)
    expect(kidOf(last)).toBe(kidOf(earlier))
    ground.clock.seconds = activeFrom
    expect(kidOf(await signer(keys))).toBe(keyId)
    expect(kids(await keys.privateKeys())).toEqual([keyId, kidOf(earlier)])
    // the last token of the earlier key, at its longest lifetime
    ground.clock.seconds = activeFrom - 1 + 600
    await jwtVerify(last, await published(keys))
    ground.clock.seconds = activeFrom + 1_200
    await expect(jwtVerify(last, await published(keys))).rejects.toThrow()
    expect(kids(await keys.published('token'))).toEqual([keyId])
    expect(ground.recorded).toEqual([
      {
        type: 'signing_key.rotated',
        decision: 'allow',
        reason: { code: 'requested' },
        change: {
          by: 'alice',
          before: [kidOf(earlier)],
          after: { key_id: keyId, algorithm: 'ES256', active_from: activeFrom },
        },
        detail: { purpose: 'token' },
      },
    ])
  })

  it('have one next key, however often it is asked for', async () => {
    const ground = await open()
    const keys = await start(ground)
    const first = await keys.rotate('token')
    expect(await keys.rotate('token')).toEqual(first)
    expect(ground.recorded).toHaveLength(1)
    ground.clock.seconds = first.activeFrom
    expect(await keys.rotate('token')).not.toEqual(first)
  })

  it('drop a leaked key at once, and the next one with it', async () => {
    const ground = await open()
    const keys = await start(ground)
    const leaked = await signer(keys)
    await keys.rotate('token')
    const { keyId, activeFrom } = await keys.rotate('token', true, 'alice')
    expect(activeFrom).toBe(ground.clock.seconds)
    expect(kids(await keys.published('token'))).toEqual([keyId])
    const fresh = await signer(keys)
    await jwtVerify(fresh, await published(keys))
    await expect(jwtVerify(leaked, await published(keys))).rejects.toThrow()
    expect(ground.recorded.at(-1)).toMatchObject({ reason: { code: 'key_leaked' }, change: { by: 'alice' } })
    expect(await dump(ground)).not.toContain(kidOf(leaked))
  })

  it('are not rotated by a change that is rolled back', async () => {
    const ground = await open()
    const keys = await start(ground)
    const before = await keys.list()
    const work = ground.database.transaction(async () => {
      await keys.rotate('token', true)
      throw new Error('rolled back')
    })
    await expect(work).rejects.toThrow('rolled back')
    expect(await keys.list()).toEqual(before)
    expect(kidOf(await signer(keys))).toBe(before.find(({ purpose }) => purpose === 'token')?.keyId)
  })

  it('rotate by themselves when it is time, and tell it', async () => {
    const ground = await open({ keys: { rotateEvery: 1_000, leadTime: 100 } })
    const keys = await start(ground)
    const told: string[] = []
    keys.onChange(() => told.push('changed'))
    const [first] = await keys.published('token')
    ground.clock.seconds += 899
    await new Promise((resolve) => setTimeout(resolve, 1_200))
    expect(kids(await keys.published('token'))).toEqual([first?.kid])
    ground.clock.seconds += 1
    await vi.waitFor(async () => expect(await keys.published('token')).toHaveLength(2), 5_000)
    await vi.waitFor(async () => expect(await keys.published('checkpoint')).toHaveLength(2), 5_000)
    expect(kidOf(await signer(keys))).toBe(first?.kid)
    expect(ground.recorded.map(({ type, reason, change }) => [type, reason?.code, change?.by])).toEqual([
      ['signing_key.rotated', 'scheduled', 'schedule'],
      ['signing_key.rotated', 'scheduled', 'schedule'],
    ])
    const before = told.length
    expect(before).toBeGreaterThan(0)
    ground.clock.seconds += 100
    // the next key comes in use: the protocol engine has to be told that too
    await vi.waitFor(() => expect(told.length).toBeGreaterThan(before), 5_000)
    expect(kidOf(await signer(keys))).not.toBe(first?.kid)
  })

  it('forget private parts when they are of no use any more', async () => {
    const ground = await open()
    const keys = await start(ground)
    const secrets = createSecrets(ground)
    const [token] = await keys.published('token')
    const [checkpoint] = await keys.published('checkpoint')
    const { activeFrom } = await keys.rotate('token')
    await keys.rotate('checkpoint')
    ground.clock.seconds = activeFrom + 1_200
    await vi.waitFor(async () => {
      const rows = await ground.database.query<{ key_id: string; private_jwk: string }>('select * from signing_keys')
      expect(rows.map(({ key_id }) => key_id)).not.toContain(token?.kid)
      const row = rows.find(({ key_id }) => key_id === checkpoint?.kid)
      expect(JSON.parse(await secrets.open(row?.private_jwk ?? ''))).toEqual(checkpoint)
    }, 5_000)
    expect(kids(await keys.published('checkpoint'))).toContain(checkpoint?.kid)
    expect(kids(await (await start(ground)).published('checkpoint'))).toContain(checkpoint?.kid)
  })

  it('change to another algorithm in time', async () => {
    const ground = await open()
    await (await start(ground)).close()
    const keys = await start(ground, { signingAlgorithm: 'EdDSA' })
    expect(decodeProtectedHeader(await signer(keys)).alg).toBe('ES256')
    await vi.waitFor(async () => expect(await keys.published('token')).toHaveLength(2), 5_000)
    ground.clock.seconds += ground.settings.keys.leadTime
    const token = await signer(keys)
    expect(decodeProtectedHeader(token).alg).toBe('EdDSA')
    await jwtVerify(token, await published(keys))
  })

  it('are what was sealed, not what a row says', async () => {
    const ground = await open()
    const keys = await start(ground)
    const [key] = await keys.published('token')
    const { publicKey } = await generateKeyPair('ES256')
    const forged = { ...(await exportJWK(publicKey)), kid: 'forged', alg: 'ES256', use: 'sig' }
    await ground.database.query('update signing_keys set public_jwk = $1', [JSON.stringify(forged)])
    expect(await (await start(ground)).published('token')).toEqual([key])
    await ground.database.query(
      `insert into signing_keys (key_id, purpose, algorithm, public_jwk, private_jwk, created_at, active_from)
       select 'forged', 'token', 'ES256', public_jwk, private_jwk, created_at, active_from from signing_keys limit 1`,
    )
    await expect(start(ground)).rejects.toThrow('signing key forged holds another key')
  })

  it('need the encryption key, and follow a new one', async () => {
    const [one, two] = [encryptionKey(), encryptionKey()]
    const ground = await open({ encryptionKey: one })
    const [key] = await (await start(ground)).published('token')
    await expect(start(ground, { encryptionKey: [two] })).rejects.toThrow(ConfigurationError)
    expect(await (await start(ground, { encryptionKey: [two, one] })).published('token')).toEqual([key])
    // sealed anew at the start before: the earlier key can go
    expect(await (await start(ground, { encryptionKey: [two] })).published('token')).toEqual([key])
    await expect(start(ground, { encryptionKey: [one] })).rejects.toThrow(ConfigurationError)
  })

  it('stay in use while the database is away, and sign no more once that takes long', async () => {
    const ground = await open()
    const keys = await start(ground)
    const query = vi.spyOn(ground.database, 'query').mockRejectedValue(new Error('away'))
    ground.clock.seconds += 5
    expect(await signer(keys)).toContain('.')
    ground.clock.seconds += 6
    await expect(signer(keys)).rejects.toThrow('away')
    query.mockRestore()
    expect(await signer(keys)).toContain('.')
  })

  it('sign for a clock that is behind the one that made them', async () => {
    const ground = await open()
    const keys = await start(ground)
    ground.clock.seconds -= 3
    await jwtVerify(await signer(keys), await published(keys))
    await keys.rotate('token', true)
    ground.clock.seconds -= 3
    await jwtVerify(await signer(keys), await published(keys))
  })

  it('show nothing private in the database, the trail or the log', async () => {
    const ground = await open()
    const keys = await start(ground)
    await keys.rotate('token')
    const all = [await dump(ground), JSON.stringify(ground.recorded), ground.logged.join('\n')].join('\n')
    const parts = (await keys.privateKeys()).map(({ d }) => d ?? '')
    expect(parts).toHaveLength(2)
    for (const part of parts) expect(all).not.toContain(part)
    expect(all).toContain((await keys.published('token'))[0]?.x)
  })
})
