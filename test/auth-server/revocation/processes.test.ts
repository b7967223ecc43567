import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Transmitter } from '../../../packages/auth-server/dist/revocation/transmitter.js'
import { describeWith } from '../../support/services.js'
import { createPostgresDatabase, hasPostgres } from '../support/ground.js'
import { type Receiver, startReceiver, until } from './receiver.js'
import { BILLING, createSetting, type Setting } from './setting.js'

describeWith('PostgreSQL on 127.0.0.1:5432', hasPostgres, 'several processes on one database', () => {
  const encryptionKey = randomBytes(32).toString('base64url')
  const settings: Setting[] = []
  const transmitters: Transmitter[] = []
  let receiver: Receiver
  let database: Awaited<ReturnType<typeof createPostgresDatabase>>

  beforeAll(async () => {
    database = await createPostgresDatabase()
    receiver = await startReceiver(5)
    for (let count = 0; count < 3; count += 1) {
      const setting = await createSetting({
        database: database.url,
        encryptionKey,
        onQueued: () => transmitters[count]?.wake(),
      })
      setting.resources = { [BILLING]: { name: 'Billing', securityEvents: receiver.url } }
      settings.push(setting)
      transmitters.push(setting.transmitter())
    }
  })

  afterAll(async () => {
    await Promise.all(transmitters.map((transmitter) => transmitter.close()))
    await Promise.all(settings.map((setting) => setting.close()))
    await receiver.close()
    await database.drop()
  })

  it('send every event once, in order, one at a time', async () => {
    for (const transmitter of transmitters) transmitter.start()
    const ids: string[] = []
    for (let count = 0; count < 60; count += 1) {
      const setting = settings[count % settings.length]
      if (setting === undefined) throw new Error('there is no process')
      const { record } = await setting.issue()
      await setting.context.revocations.withdraw({ kind: 'token', value: record.tokenId, reason: 'x', by: 'y' })
      ids.push(record.tokenId)
    }
    await until(() => receiver.accepted.length >= 60)
    const named = receiver.tokens.map((token) => {
      const [, claims = ''] = token.split('.')
      // a security event token that was made here
      return (JSON.parse(Buffer.from(claims, 'base64url').toString()) as { sub_id: { jti: string } }).sub_id.jti
    })
    expect(named).toEqual(ids)
    expect(receiver.overlaps).toBe(0)
  })

  it('end each token once, whoever is asked to', async () => {
    const [first] = settings
    if (first === undefined) throw new Error('there is no process')
    const issued: { readonly token: string }[] = []
    for (let count = 0; count < 10; count += 1) issued.push(await first.issue({ sessionId: 'shared' }))
    const ended = await Promise.all(
      settings.map(({ context }) =>
        context.revocations.withdraw({ kind: 'session', value: 'shared', reason: 'x', by: 'y' }),
      ),
    )
    expect(ended.reduce((sum, count) => sum + count, 0)).toBe(10)
    for (const { token } of issued) expect(await first.context.tokens.verify(token)).toBe(undefined)
  })
})
