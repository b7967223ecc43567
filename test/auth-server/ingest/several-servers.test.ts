import { type AuthServer, createAuthServer } from '@behalf/auth-server'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { keepEvents } from '../../../packages/auth-server/dist/ingest/keep.js'
import { describeWith } from '../../support/services.js'
import { createPostgresDatabase, encryptionKey, hasPostgres } from '../support/ground.js'
import { sample } from './sample.js'
import { audienceOf } from './scene.js'

const issuer = 'https://auth.example.com'

describeWith('PostgreSQL on 127.0.0.1:5432', hasPostgres, 'two servers on one database', () => {
  let database: Awaited<ReturnType<typeof createPostgresDatabase>>
  let servers: readonly AuthServer[]

  beforeAll(async () => {
    database = await createPostgresDatabase()
    const options = { issuer, database: database.url, encryptionKey: encryptionKey() }
    servers = [
      await createAuthServer({ ...options, instance: 'one' }),
      await createAuthServer({ ...options, instance: 'two' }),
    ]
  })
  afterAll(async () => {
    for (const server of servers) await server.close()
    await database.drop()
  })

  it('keep what two processes of an API send in one chain, in order, and each event once', async () => {
    const document = { resources: { [audienceOf('express')]: { name: 'x', clients: ['express-api'] } } }
    const sender = { clientId: 'express-api', agentId: null, issuer, document, now: Date.now() / 1000 }
    const batches = Array.from({ length: 10 }, () => Array.from({ length: 20 }, () => sample()))
    const kept = await Promise.all(
      servers.flatMap(({ context }) => batches.map((batch) => keepEvents(context, sender, batch))),
    )
    const sum = (count: (each: (typeof kept)[number]) => number) => kept.reduce((all, each) => all + count(each), 0)
    expect([sum(({ stored }) => stored), sum(({ duplicates }) => duplicates)]).toEqual([200, 200])

    const audit = servers[0]?.context.audit
    const { events = [] } = (await audit?.search({ type: 'access.decision' }, { limit: 1_000 })) ?? {}
    const places = new Map(events.map((event) => [String(event.id), event.integrity as { chain: string; seq: number }]))
    expect(new Set([...places.values()].map(({ chain }) => chain)).size).toBe(1)
    for (const batch of batches) {
      const seqs = batch.map(({ id }) => places.get(id)?.seq ?? 0)
      expect(seqs).toEqual(seqs.map((_, index) => (seqs[0] ?? 0) + index))
    }
    await audit?.checkpoint()
    expect(await audit?.verify()).toMatchObject({ intact: true })
  })
})
