import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { AuditRecord } from '../../../packages/auth-server/dist/audit/record.js'
import { describeWith, isListening } from '../../support/services.js'
import { createClock, createKeys, createTrail, issuer, openMemory, openServer, type TestDatabase } from './support.js'

const login: AuditRecord = { type: 'login.succeeded', decision: 'allow', subject: { id: 'ann' } }

describe('in the embedded database', () => suite(openMemory))
describeWith('PostgreSQL on 127.0.0.1:5432', await isListening(5432), 'in PostgreSQL', () => suite(openServer))

function suite(open: () => Promise<TestDatabase>): void {
  let database: TestDatabase
  let keys: Awaited<ReturnType<typeof createKeys>>

  beforeAll(async () => {
    database = await open()
    keys = await createKeys()
  })
  beforeEach(() => database.empty())
  afterAll(() => database.close())

  async function written(): Promise<readonly Record<string, unknown>[]> {
    return (await createTrail({ database, keys }).search({}, { limit: 1000 })).events
  }

  describe('record', () => {
    it('keeps an event with what it tells of', async () => {
      const trail = createTrail({ database, keys })
      await database.transaction(async () => {
        await trail.record(login)
        await trail.record({ ...login, subject: { id: 'ben' } })
      })
      const { events } = await trail.search({ type: 'login.succeeded' }, { limit: 10 })
      expect(events).toMatchObject([
        { subject: { id: 'ann' }, integrity: { seq: 2 } },
        { subject: { id: 'ben' }, integrity: { seq: 3 } },
      ])
      expect(await trail.verify()).toMatchObject({ intact: true, chains: [{ events: 3 }] })
    })

    it('keeps none of what was rolled back', async () => {
      const trail = createTrail({ database, keys })
      const failing = database.transaction(async () => {
        await trail.record(login)
        throw new Error('the rest failed')
      })
      await expect(failing).rejects.toThrow('the rest failed')
      expect(await written()).toEqual([])
      await trail.record(login)
      expect(await written()).toHaveLength(2)
    })

    it('keeps none of a savepoint that was undone, and the rest', async () => {
      const trail = createTrail({ database, keys })
      await database.transaction(async () => {
        await trail.record(login)
        await database
          .savepoint(async () => {
            await trail.record({ ...login, subject: { id: 'undone' } })
            throw new Error('undone')
          })
          .catch(() => undefined)
        await database.savepoint(() => trail.record({ ...login, subject: { id: 'ben' } }))
      })
      const { events } = await trail.search({ type: 'login.succeeded' }, { limit: 10 })
      expect(events.map(({ subject }) => subject)).toEqual([{ id: 'ann' }, { id: 'ben' }])
    })

    it('is whole after many transactions side by side, some of which fail', async () => {
      const trail = createTrail({ database, keys })
      const work = Array.from({ length: 60 }, (_, index) =>
        database.transaction(async () => {
          await trail.record({ ...login, txn: `task_${index}` })
          await trail.record({ ...login, txn: `task_${index}` })
          if (index % 5 === 0) throw new Error('fails')
        }),
      )
      const outcomes = await Promise.allSettled(work)
      expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(12)
      const { events } = await trail.search({ type: 'login.succeeded' }, { limit: 1000 })
      expect(events).toHaveLength(96)
      const { intact, chains } = await trail.verify()
      expect(intact).toBe(true)
      expect(chains.reduce((sum, chain) => sum + chain.events, 0)).toBe(96 + chains.length)
    })
  })

  describe('chains', () => {
    it('go on when a process starts again under its name', async () => {
      await createTrail({ database, keys }).record(login)
      await createTrail({ database, keys }).record(login)
      expect(await createTrail({ database, keys }).verify()).toMatchObject({ intact: true, chains: [{ events: 3 }] })
    })

    it('of another process begin with the end of the newest one', async () => {
      const clock = createClock()
      const one = createTrail({ database, keys, now: clock.now })
      await one.record(login)
      clock.seconds += 1
      await createTrail({ database, keys, now: clock.now, instance: 'two' }).record(login)
      const { events } = await one.search({ type: 'audit.chain_started' }, { limit: 10 })
      const { events: logins } = await one.search({ type: 'login.succeeded' }, { limit: 1 })
      expect(events).toMatchObject([{ integrity: { seq: 1, prev: null } }, { integrity: { seq: 1, prev: null } }])
      expect(events[0]).not.toHaveProperty('detail.previous')
      expect(events[1]).toMatchObject({ detail: { previous: { seq: 2, hash: hashOf(logins[0]) } } })
      expect(await one.verify()).toMatchObject({ intact: true, chains: [{ events: 2 }, { events: 2 }] })
    })

    it('say who wrote, under which policy', async () => {
      const trail = createTrail({ database, keys, policyVersion: () => 12 })
      await trail.record(login)
      expect((await written())[0]).toMatchObject({
        observer: { service: 'auth-server', instance: 'one', policy_version: 12 },
      })
    })
  })

  describe('a trail that cannot be written', () => {
    const broken = "alter table audit_events add constraint broken check (subject is distinct from 'ann') not valid"
    const mended = 'alter table audit_events drop constraint broken'

    it('fails the transaction when it is required', async () => {
      const trail = createTrail({ database, keys })
      await trail.record({ ...login, subject: { id: 'ben' } })
      await database.query('create table kept (name text)')
      await database.query(broken)
      const failing = database.transaction(async () => {
        await database.query("insert into kept values ('ann')")
        await trail.record(login)
      })
      await expect(failing).rejects.toThrow()
      expect(await database.query('select * from kept')).toEqual([])
      await database.query(mended)
      await trail.record(login)
      await database.query('drop table kept')
      expect(await trail.verify()).toMatchObject({ intact: true, chains: [{ events: 3 }] })
    })

    it('is counted, logged and told of when it is best effort', async () => {
      const trail = createTrail({ database, keys, audit: 'best-effort' })
      await database.query('create table kept (name text)')
      await database.query(broken)
      await database.transaction(async () => {
        await database.query("insert into kept values ('ann')")
        await trail.record(login)
        await trail.record(login)
      })
      expect(await database.query('select * from kept')).toEqual([{ name: 'ann' }])
      expect(trail.logged).toMatchObject([{ level: 50, lost: 2 }])
      await database.query(mended)
      await trail.record(login)
      await trail.record(login)
      await database.query('drop table kept')
      const events = await written()
      expect(events).toHaveLength(4)
      expect(events.filter(({ type }) => type === 'login.succeeded')).toHaveLength(2)
      expect(events.find(({ type }) => type === 'audit.dropped')).toMatchObject({ detail: { dropped_total: 2 } })
      expect((await trail.verify()).intact).toBe(true)
    })
  })

  describe('the tables', () => {
    it.each([
      ['audit_events', "update audit_events set subject = 'eve'"],
      ['audit_events', 'delete from audit_events'],
      ['audit_events', 'truncate audit_events'],
      ['audit_checkpoints', "update audit_checkpoints set hash = ''"],
      ['audit_checkpoints', 'delete from audit_checkpoints'],
      ['audit_checkpoints', 'truncate audit_checkpoints'],
      ['audit_chains', 'delete from audit_chains'],
      ['audit_chains', 'truncate audit_chains'],
    ])('%s takes no %s', async (table, statement) => {
      const trail = createTrail({ database, keys })
      await trail.record(login)
      await trail.checkpoint()
      await expect(database.query(statement)).rejects.toThrow(`${table} is append-only`)
      expect(await trail.verify()).toMatchObject({ intact: true, chains: [{ events: 2, checkpoints: 1 }] })
    })
  })

  describe('checkpoints', () => {
    it('are signed after so many events', async () => {
      const trail = createTrail({ database, keys, checkpoints: { events: 2, seconds: 3_600 } })
      await trail.record(login)
      expect(await database.query('select 1 from audit_checkpoints')).toHaveLength(0)
      await trail.record(login)
      await expect.poll(() => database.query('select seq from audit_checkpoints')).toEqual([{ seq: 3 }])
      expect(await trail.verify()).toMatchObject({ intact: true, chains: [{ checkpoints: 1 }] })
    })

    it('are signed now and then, and no longer once the trail is closed', async () => {
      const trail = createTrail({ database, keys, checkpoints: { events: 1_000, seconds: 0.05 } })
      await trail.record(login)
      await expect.poll(() => database.query('select seq from audit_checkpoints')).toEqual([{ seq: 2 }])
      await trail.record(login)
      await trail.close()
      expect(await database.query('select seq from audit_checkpoints order by seq')).toEqual([{ seq: 2 }, { seq: 3 }])
      await createTrail({ database, keys }).record(login)
      await new Promise((resolve) => setTimeout(resolve, 200))
      expect(await database.query('select 1 from audit_checkpoints')).toHaveLength(2)
    })

    it('say nothing twice, and each is logged', async () => {
      const trail = createTrail({ database, keys })
      await trail.record(login)
      await Promise.all([trail.checkpoint(), trail.checkpoint()])
      const [checkpoint, ...others] = await database.query('select chain, seq, hash from audit_checkpoints')
      expect(others).toEqual([])
      expect(trail.logged).toMatchObject([{ level: 30, msg: 'audit checkpoint', ...checkpoint }])
    })

    it('are signed for a process that ended without one', async () => {
      const clock = createClock()
      const options = { database, keys, now: clock.now, checkpoints: { events: 1_000, seconds: 60 } }
      await createTrail({ ...options, instance: 'gone' }).record(login)
      const trail = createTrail(options)
      await trail.checkpoint()
      expect(await database.query('select 1 from audit_checkpoints')).toHaveLength(0)
      clock.seconds += 121
      await trail.checkpoint()
      expect(await database.query('select seq from audit_checkpoints')).toEqual([{ seq: 2 }])
      await trail.close()
    })

    it('are signed by a process that starts long after, and by one that looks on', async () => {
      const clock = createClock()
      const options = { database, keys, now: clock.now }
      const trail = createTrail(options)
      await trail.checkpoint()
      await createTrail({ ...options, instance: 'gone' }).record(login)
      clock.seconds += 1_000_000
      await trail.checkpoint()
      expect(await database.query('select seq from audit_checkpoints')).toEqual([{ seq: 2 }])
      await createTrail({ ...options, instance: 'gone too' }).record(login)
      clock.seconds += 1_000_000
      await createTrail(options).checkpoint()
      expect(await database.query('select seq from audit_checkpoints')).toEqual([{ seq: 2 }, { seq: 2 }])
    })

    it('asked for inside a transaction do not wait for one that waits for the transaction', async () => {
      const trail = createTrail({ database, keys, checkpoints: { events: 1_000, seconds: 0.02 } })
      await trail.record(login)
      await database.transaction(async () => {
        await new Promise((resolve) => setTimeout(resolve, 100))
        await trail.checkpoint()
      })
      await trail.close()
      expect(await trail.verify()).toMatchObject({ intact: true, chains: [{ checkpoints: 1 }] })
    })

    it('that cannot be signed are logged, and the next one is', async () => {
      let isBroken = true
      const sign: typeof keys.sign = (...given) =>
        isBroken ? Promise.reject(new Error('no key')) : keys.sign(...given)
      const trail = createTrail({ database, keys: { ...keys, sign }, checkpoints: { events: 1, seconds: 3_600 } })
      await trail.record(login)
      await expect.poll(() => trail.logged).toMatchObject([{ level: 50, err: { message: 'no key' } }])
      await expect(trail.checkpoint()).rejects.toThrow('no key')
      isBroken = false
      await trail.close()
      expect(await trail.verify()).toMatchObject({ intact: true, chains: [{ checkpoints: 1 }] })
    })

    it('of another issuer are forged', async () => {
      const trail = createTrail({ database, keys })
      await trail.record(login)
      const sign: typeof keys.sign = (purpose, header, claims) =>
        keys.sign(purpose, header, { ...claims, iss: `${issuer}/x` })
      await createTrail({ database, keys: { ...keys, sign } }).checkpoint()
      expect(await trail.verify()).toMatchObject({ chains: [{ fault: { seq: 2, what: 'forged_checkpoint' } }] })
    })
  })
}

function hashOf(event: unknown): unknown {
  return (event as { integrity: { hash: string } }).integrity.hash
}
