import { ConfigurationError } from '@behalf/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSecrets } from '../../../packages/auth-server/dist/keys/create-secrets.js'
import { describeWith } from '../../support/services.js'
import { createPostgresDatabase, dump, encryptionKey, type Ground, hasPostgres, openGround } from '../support/ground.js'

let ground: Ground

beforeAll(async () => {
  ground = await openGround()
})
afterAll(() => ground.close())

const secretsOf = (...keys: readonly string[]) =>
  createSecrets({ ...ground, settings: { ...ground.settings, encryptionKey: keys.length === 0 ? undefined : keys } })

const [first, second, stranger] = [encryptionKey(), encryptionKey(), encryptionKey()] as const

describe('secrets', () => {
  it('open what they sealed, and say nothing of it', async () => {
    const secrets = secretsOf(first)
    const sealed = await secrets.seal('the text')
    expect(await secrets.open(sealed)).toBe('the text')
    expect(Buffer.from(sealed.split('.')[3] ?? '', 'base64url').toString()).not.toContain('the text')
    expect(await secrets.seal('the text')).not.toBe(sealed)
  })

  it('stay shut to another key, and when one character was altered', async () => {
    const secrets = secretsOf(first)
    const sealed = await secrets.seal('the text')
    await expect(secretsOf(stranger).open(sealed)).rejects.toThrow(ConfigurationError)
    const parts = sealed.split('.')
    const altered = [...parts.slice(0, 3), `${parts[3]?.startsWith('A') ? 'B' : 'A'}${parts[3]?.slice(1)}`, parts[4]]
    await expect(secrets.open(altered.join('.'))).rejects.toThrow(ConfigurationError)
    await expect(secrets.open('not sealed at all')).rejects.toThrow(ConfigurationError)
  })

  it('are opened with an earlier key, and renewed with the first', async () => {
    const sealed = await secretsOf(first).seal('the text')
    const both = secretsOf(second, first)
    expect(await both.open(sealed)).toBe('the text')
    const renewed = await both.renew(sealed)
    expect(await secretsOf(second).open(renewed ?? '')).toBe('the text')
    expect(await both.renew(renewed ?? '')).toBeUndefined()
  })

  it('are shared by name, and sealed in the database', async () => {
    const one = secretsOf(first)
    const cookies = await one.shared('cookies')
    expect(Buffer.from(cookies, 'base64url')).toHaveLength(32)
    expect(await one.shared('cookies')).toBe(cookies)
    expect(await secretsOf(first).shared('cookies')).toBe(cookies)
    expect(await one.shared('nonces')).not.toBe(cookies)
    expect(await dump(ground)).not.toContain(cookies)
  })

  it('follow a new encryption key', async () => {
    const before = await secretsOf(first).shared('moving')
    expect(await secretsOf(second, first).shared('moving')).toBe(before)
    expect(await secretsOf(second).shared('moving')).toBe(before)
    await expect(secretsOf(stranger).shared('moving')).rejects.toThrow(ConfigurationError)
  })

  it('are not remembered when they were rolled back', async () => {
    const secrets = secretsOf(first)
    let lost = ''
    const work = ground.database.transaction(async () => {
      lost = await secrets.shared('rolled-back')
      throw new Error('rolled back')
    })
    await expect(work).rejects.toThrow('rolled back')
    expect(await secrets.shared('rolled-back')).not.toBe(lost)
    expect(await secretsOf(first).shared('rolled-back')).toBe(await secrets.shared('rolled-back'))
  })

  it('do not take the place of each other', async () => {
    const secrets = secretsOf(first)
    await secrets.shared('one')
    await secrets.shared('two')
    await ground.database.query(
      `update server_secrets set content = (select content from server_secrets where name = 'two') where name = 'one'`,
    )
    await expect(secretsOf(first).shared('one')).rejects.toThrow('holds another one')
    expect(await secretsOf(first).shared('two')).toBe(await secrets.shared('two'))
  })

  it('live in memory without a key of the configuration', async () => {
    const secrets = secretsOf()
    expect(await secrets.open(await secrets.seal('the text'))).toBe('the text')
  })
})

describeWith('PostgreSQL on 127.0.0.1:5432', hasPostgres, 'secrets of two processes', () => {
  it('are one, however both begin', async () => {
    const { url, drop } = await createPostgresDatabase()
    const grounds = await Promise.all([0, 1].map(() => openGround({ database: url, encryptionKey: first })))
    try {
      for (let i = 0; i < 20; i += 1) {
        const both = await Promise.all(grounds.map((each) => createSecrets(each).shared(`name-${i}`)))
        expect(new Set(both).size).toBe(1)
      }
    } finally {
      await Promise.all(grounds.map((each) => each.close()))
      await drop()
    }
  })
})
