import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { createSecrets } from '../../../packages/auth-server/dist/keys/create-secrets.js'
import { createSigningKeys, type RotatingKeys } from '../../../packages/auth-server/dist/keys/signing-keys.js'
import { describeWith } from '../../support/services.js'
import { createPostgresDatabase, encryptionKey, type Ground, hasPostgres, openGround } from '../support/ground.js'

describeWith('PostgreSQL on 127.0.0.1:5432', hasPostgres, 'signing keys of several processes', () => {
  let base: Awaited<ReturnType<typeof createPostgresDatabase>>
  let grounds: Ground[] = []
  const key = encryptionKey()
  const keys = { rotateEvery: 1_000, leadTime: 100 }

  beforeAll(async () => {
    base = await createPostgresDatabase()
    grounds = await Promise.all([0, 1, 2].map(() => openGround({ database: base.url, encryptionKey: key, keys })))
  })
  beforeEach(async () => {
    await grounds[0]?.database.query('delete from signing_keys')
    for (const ground of grounds) ground.recorded.length = 0
  })
  afterAll(async () => {
    await Promise.all(grounds.map((ground) => ground.close()))
    await base.drop()
  })

  const startAll = (): Promise<RotatingKeys[]> =>
    Promise.all(
      grounds.map((ground) =>
        createSigningKeys({ ...ground, secrets: createSecrets(ground), record: ground.audit.record }),
      ),
    )
  const closeAll = (all: readonly RotatingKeys[]) => Promise.all(all.map((each) => each.close()))
  const setClocks = (seconds: number) => {
    for (const { clock } of grounds) clock.seconds = seconds
  }
  const sign = (one: RotatingKeys) => one.sign('token', { typ: 'at+jwt' }, { sub: 'alice' })
  const kid = async (one: RotatingKeys) => decodeProtectedHeader(await sign(one)).kid

  it('make one key when they start at once', async () => {
    const all = await startAll()
    try {
      const list = (await all[0]?.list()) ?? []
      expect(list.map(({ purpose }) => purpose).toSorted()).toEqual(['checkpoint', 'token'])
      expect(new Set(await Promise.all(all.map(kid))).size).toBe(1)
    } finally {
      await closeAll(all)
    }
  })

  it('rotate once, and all follow: every token verifies by the keys that any of them publishes', async () => {
    const start = 1_800_000_000
    setClocks(start)
    const all = await startAll()
    const tokens: string[] = []
    try {
      setClocks(start + 900)
      await vi.waitFor(async () => {
        tokens.push(...(await Promise.all(all.map(sign))))
        for (const one of all) expect(await one.published('token')).toHaveLength(2)
      }, 10_000)
      setClocks(start + 1_000)
      tokens.push(...(await Promise.all(all.map(sign))))
      expect(new Set(await Promise.all(all.map(kid))).size).toBe(1)
      expect(new Set(tokens.map((token) => decodeProtectedHeader(token).kid)).size).toBe(2)
      for (const one of all) {
        const set = createLocalJWKSet({ keys: [...(await one.published('token'))] })
        for (const token of tokens) await jwtVerify(token, set)
      }
      const recorded = grounds.flatMap((ground) => ground.recorded.map(({ detail }) => `${detail?.purpose}`))
      expect(recorded.toSorted()).toEqual(['checkpoint', 'token'])
    } finally {
      await closeAll(all)
    }
  })

  it('make one next key when all are asked at once', async () => {
    const all = await startAll()
    try {
      const made = await Promise.all(all.map((one) => one.rotate('token')))
      expect(new Set(made.map(({ keyId }) => keyId)).size).toBe(1)
    } finally {
      await closeAll(all)
    }
  })

  it('leave a leaked key, also those that did not rotate it', async () => {
    const all = await startAll()
    try {
      const leaked = await kid(all[1] as RotatingKeys)
      const made = await all[0]?.rotate('token', true)
      expect(made?.keyId).not.toBe(leaked)
      for (const one of all) {
        await vi.waitFor(async () => {
          expect(await kid(one)).toBe(made?.keyId)
          expect((await one.published('token')).map((jwk) => jwk.kid)).toEqual([made?.keyId])
        }, 5_000)
      }
    } finally {
      await closeAll(all)
    }
  })
})
