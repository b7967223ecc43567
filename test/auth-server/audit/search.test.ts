import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AuditFilter, AuditTrail } from '../../../packages/auth-server/dist/audit/audit-trail.js'
import { writeQuery } from '../../../packages/auth-server/dist/audit/search.js'
import { describeWith, isListening } from '../../support/services.js'
import { createClock, createKeys, createTrail, openMemory, openServer, type TestDatabase } from './support.js'

describe('in the embedded database', () => suite(openMemory))
describeWith('PostgreSQL on 127.0.0.1:5432', await isListening(5432), 'in PostgreSQL', () => suite(openServer))

const start = 1_800_000_000
const count = 120

/** Two events a second, both of one process; two processes in turn. */
function suite(open: () => Promise<TestDatabase>): void {
  let database: TestDatabase
  let trail: AuditTrail

  beforeAll(async () => {
    database = await open()
    const keys = await createKeys()
    const clock = createClock(start)
    const trails = ['one', 'two'].map((instance) => createTrail({ database, keys, instance, now: clock.now }))
    for (let i = 0; i < count; i++) {
      clock.seconds = start + Math.floor(i / 2)
      await trails[Math.floor(i / 2) % 2]?.record({
        type: i % 4 === 0 ? 'delegation.denied' : 'delegation.issued',
        decision: i % 4 === 0 ? 'deny' : 'allow',
        reason: { code: i % 4 === 0 ? 'consent_missing' : 'allowed' },
        subject: { id: `user_${i % 3}` },
        actor: { id: `agent:${i % 5}` },
        client: { id: `client-${i % 5}` },
        resource: { aud: `https://api-${i % 6}.example.com` },
        token: { jti: `token_${i}` },
        txn: i === 7 ? 'x'.repeat(400) : `task_${i % 20}`,
        detail: { i },
      })
    }
    trail = createTrail({ database, keys })
  })
  afterAll(() => database.close())

  async function find(filter: AuditFilter, limit = 1000, order?: 'oldest' | 'newest'): Promise<readonly number[]> {
    const found: number[] = []
    let after: string | undefined
    do {
      const page = await trail.search(filter, { limit, after, order })
      expect(page.events.length).toBeLessThanOrEqual(limit)
      // the events of this file have a number, the first ones of chains have none
      found.push(...page.events.flatMap(({ detail }) => (detail as { i?: number }).i ?? []))
      after = page.next
    } while (after !== undefined)
    return found
  }

  const all = Array.from({ length: count }, (_, i) => i)

  it('finds everything, in order of time', async () => {
    expect(await find({})).toEqual(all)
    expect(await find({}, 1000, 'newest')).toEqual(all.toReversed())
  })

  it.each<[keyof AuditFilter, AuditFilter, (i: number) => boolean]>([
    ['subject', { subject: 'user_1' }, (i) => i % 3 === 1],
    ['actor', { actor: 'agent:2' }, (i) => i % 5 === 2],
    ['client', { client: 'client-2' }, (i) => i % 5 === 2],
    ['resource', { resource: 'https://api-4.example.com' }, (i) => i % 6 === 4],
    ['transaction', { transaction: 'task_3' }, (i) => i % 20 === 3],
    ['transaction', { transaction: 'x'.repeat(400) }, (i) => i === 7],
    ['tokenId', { tokenId: 'token_42' }, (i) => i === 42],
    ['decision', { decision: 'deny' }, (i) => i % 4 === 0],
    ['reason', { reason: 'consent_missing' }, (i) => i % 4 === 0],
    ['type', { type: 'delegation.issued' }, (i) => i % 4 !== 0],
    ['from', { from: start + 50 }, (i) => i >= 100],
    ['to', { to: start + 50 }, (i) => i < 100],
  ])('by %s %j', async (_, filter, matches) => {
    const expected = all.filter(matches)
    expect(expected.length).toBeGreaterThan(0)
    expect(await find(filter)).toEqual(expected)
  })

  it('by all of several, and finds nothing that only matches one', async () => {
    const filter: AuditFilter = { subject: 'user_1', decision: 'deny', from: start + 5, to: start + 45 }
    expect(await find(filter)).toEqual(all.filter((i) => i % 3 === 1 && i % 4 === 0 && i >= 10 && i < 90))
    expect(await find({ ...filter, actor: 'agent:none' })).toEqual([])
  })

  it.each([1, 7, 10, 61, 121, 122])(
    'pages of %i hold each event once, whatever is written meanwhile',
    async (limit) => {
      expect(await find({ to: start + 10_000 }, limit)).toEqual(all)
      expect(await find({ to: start + 10_000 }, limit, 'newest')).toEqual(all.toReversed())
      expect(await find({ subject: 'user_1' }, limit)).toEqual(all.filter((i) => i % 3 === 1))
    },
  )

  it('has no further page after the last event', async () => {
    const page = await trail.search({ tokenId: 'token_42' }, { limit: 1 })
    expect(page).not.toHaveProperty('next', expect.anything())
  })

  it('gives at least one and at most 1000, whatever is asked for', async () => {
    expect((await trail.search({}, { limit: 0 })).events).toHaveLength(1)
    expect((await trail.search({}, { limit: -5 })).events).toHaveLength(1)
    expect((await trail.search({}, { limit: Number.NaN })).events).toHaveLength(1)
    expect((await trail.search({}, { limit: 1e9 })).events).toHaveLength(count + 2)
  })

  it.each(['', 'x', 'MQ', '%00', `${'1'.repeat(30)}.x`, Buffer.from("1.' or 1=1 --").toString('base64url')])(
    'refuses the cursor %j',
    async (after) => {
      await expect(trail.search({}, { limit: 1, after })).rejects.toMatchObject({ name: 'InvalidInputError' })
    },
  )

  it('takes no filter for SQL', async () => {
    expect(await find({ subject: "user_1' or '1'='1" })).toEqual([])
    expect(await find({ subject: 'user_1\u0000' })).toEqual([])
  })

  it('is stored as it was hashed, with the digest in its place', async () => {
    const { events } = await trail.search({ tokenId: 'token_42' }, { limit: 1 })
    const [row] = await database.query("select hash from audit_events where token_id = 'token_42'")
    expect(events[0]).toMatchObject({ integrity: { chain: expect.stringMatching(/^two\//), seq: 22, hash: row?.hash } })
  })

  describe('among 30,000 events', () => {
    beforeAll(async () => {
      await database.query(`
        insert into audit_events (chain, seq, id, time, type, decision, reason, subject, actor, client, resource, transaction, token_id, event, hash)
        select 'bulk', i, 'bulk-' || i, 1700000000000 + i * 1000, 't' || i % 3000, 'allow', 'r' || i % 3000, 's' || i % 3000,
          'a' || i % 3000, 'c' || i % 3000, 'u' || i % 3000, 'x' || i % 5000, 'j' || i, '{}', '' from generate_series(1, 30000) as i`)
      await database.query('analyze audit_events')
    })

    it.each<[AuditFilter, string]>([
      [{}, 'audit_events_time'],
      [{ from: 1_700_010_000 }, 'audit_events_time'],
      [{ decision: 'allow' }, 'audit_events_time'],
      [{ subject: 's7' }, 'audit_events_subject'],
      [{ actor: 'a7' }, 'audit_events_actor'],
      [{ client: 'c7' }, 'audit_events_client'],
      [{ resource: 'u7' }, 'audit_events_resource'],
      [{ transaction: 'x7' }, 'audit_events_transaction'],
      [{ tokenId: 'j7' }, 'audit_events_token'],
      [{ type: 't7' }, 'audit_events_type'],
      [{ type: ['t7', 't8'] }, 'audit_events_type'],
      [{ reason: 'r7' }, 'audit_events_reason'],
      [{ decision: 'error' }, 'audit_events_decision'],
      [{ subject: 's7', decision: 'allow', from: 1_700_000_000, to: 1_700_020_000 }, 'audit_events_subject'],
    ])('an index answers %j', async (filter, index) => {
      for (const after of [undefined, { time: 1_700_015_000_000, id: 'bulk-15000' }]) {
        for (const order of ['oldest', 'newest'] as const) {
          const { text, values } = writeQuery(filter, after, order)
          const plan = await database.query(`explain ${text} limit 51`, values)
          const written = plan.map((line) => line['QUERY PLAN']).join('\n')
          expect(written).toContain(index)
          expect(written).not.toContain('Seq Scan')
        }
      }
    })
  })
}
