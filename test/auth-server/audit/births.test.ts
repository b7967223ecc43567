import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { AuditVerification } from '../../../packages/auth-server/dist/audit/audit-trail.js'
import { type ChainEnd, chainEvents } from '../../../packages/auth-server/dist/audit/chain.js'
import type { LoggedCheckpoint } from '../../../packages/auth-server/dist/audit/told-ends.js'
import { verifyTrail } from '../../../packages/auth-server/dist/audit/verify.js'
import { verifyExport } from '../../../packages/auth-server/dist/audit/verify-export.js'
import { migrate } from '../../../packages/auth-server/dist/database/migrate.js'
import { describeWith, isListening } from '../../support/services.js'
import {
  createKeys,
  createTrail,
  issuer,
  openMemory,
  openServer,
  type TestDatabase,
  type TestTrail,
} from './support.js'

describe('in the embedded database', () => suite(openMemory))
describeWith('PostgreSQL on 127.0.0.1:5432', await isListening(5432), 'in PostgreSQL', () => suite(openServer))

const tables = ['audit_events', 'audit_chains', 'audit_checkpoints']

/** Chains that begin in the same second, in an order that is not that of their names. */
const births = ['two', 'four', 'one', 'three']

function suite(open: () => Promise<TestDatabase>): void {
  let database: TestDatabase
  let keys: Awaited<ReturnType<typeof createKeys>>
  let trails: ReadonlyMap<string, TestTrail>

  beforeAll(async () => {
    database = await open()
    keys = await createKeys()
  })
  beforeEach(async () => {
    await database.empty()
    trails = new Map(births.map((instance) => [instance, createTrail({ database, keys, instance })]))
    for (const name of births) await write(name)
  })
  afterAll(() => database.close())

  const trailOf = (name: string): TestTrail => trails.get(name) ?? createTrail({ database, keys, instance: name })

  async function write(name: string): Promise<void> {
    await trailOf(name).record({ type: 'login.succeeded', decision: 'allow', subject: { id: 'ada' } })
  }

  async function signAll(): Promise<void> {
    for (const trail of trails.values()) await trail.checkpoint()
  }

  const logged = (): readonly LoggedCheckpoint[] =>
    [...trails.values()].flatMap((trail) => trail.logged as unknown as LoggedCheckpoint[]) // lines of checkpoints alone

  const removal = (name: string): readonly string[] =>
    tables.map((table) => `delete from ${table} where chain like '${name}/%'`)

  /** What verification finds after an attack, which is undone. */
  async function foundAfter(
    attack: readonly string[],
    verify: () => Promise<AuditVerification> = () => trailOf('two').verify(),
  ): Promise<unknown> {
    let found: unknown
    expect(faultsOf(await verify())).toEqual({})
    const undo = new Error('undo')
    const attacked = database.transaction(async () => {
      await database.query('set local session_replication_role = replica')
      for (const statement of attack) await database.query(statement)
      found = faultsOf(await verify())
      throw undo
    })
    await expect(attacked).rejects.toBe(undo)
    return found
  }

  it('chains are numbered as they begin, and each names the one before', async () => {
    const rows = await database.query<{ name: string; number: number }>(
      "select split_part(chain, '/', 1) as name, number from audit_chains order by number",
    )
    expect(rows).toEqual(births.map((name, index) => ({ name, number: index + 1 })))
    const { events } = await trailOf('one').search({ type: 'audit.chain_started' }, { limit: 10 })
    const told = events.map(({ detail }) => detail as { number: number; previous?: { chain: string; number: number } })
    expect(told.toSorted((a, b) => a.number - b.number)).toMatchObject([
      { number: 1 },
      ...births.slice(0, -1).map((name, index) => ({
        number: index + 2,
        previous: { number: index + 1, chain: expect.stringMatching(`^${name}/`), seq: 2 },
      })),
    ])
  })

  it('have numbers without a gap, however many begin at once and fail', async () => {
    const work = Array.from({ length: 40 }, (_, index) =>
      database.transaction(async () => {
        await write(index % 2 === 0 ? 'five' : 'six')
        if (index % 4 === 0) throw new Error('fails')
      }),
    )
    expect((await Promise.allSettled(work)).filter(({ status }) => status === 'rejected')).toHaveLength(10)
    const rows = await database.query<{ number: number }>('select number from audit_chains order by number')
    expect(rows.length).toBeGreaterThan(births.length)
    expect(rows.map(({ number }) => number)).toEqual(rows.map((_, index) => index + 1))
    expect(await trailOf('two').verify()).toMatchObject({ intact: true })
  })

  describe('a chain that is deleted with its events and checkpoints', () => {
    it.each(births.slice(0, -1))('is named by the one that began after it: %s', async (name) => {
      await signAll()
      expect(await foundAfter(removal(name))).toMatchObject({ [name]: { seq: 2, what: 'missing' } })
    })

    it.each(births)('is named by a later checkpoint of another chain: %s', async (name) => {
      await signAll()
      const other = births.find((each) => each !== name) ?? ''
      await write(other)
      await signAll()
      expect(await foundAfter(removal(name))).toEqual({ [name]: { seq: 2, what: 'missing' } })
    })

    it('is found even when others that name it are deleted with it', async () => {
      await write('five')
      await signAll()
      await write('two')
      await signAll()
      expect(await foundAfter([...removal('one'), ...removal('three')])).toEqual({
        three: { seq: 2, what: 'missing' },
        'number 3': { seq: 1, what: 'missing' },
      })
      expect(await foundAfter([...removal('four'), ...removal('one'), ...removal('three')])).toEqual({
        three: { seq: 2, what: 'missing' },
        'numbers 2 to 3': { seq: 1, what: 'missing' },
      })
    })

    it('is found when the newest one takes its number', async () => {
      await signAll()
      await write('two')
      await signAll()
      await database.tamper(...removal('three'))
      await write('five')
      expect(await database.query("select number from audit_chains where chain like 'five/%'")).toEqual([{ number: 4 }])
      expect(faultsOf(await trailOf('two').verify())).toMatchObject({ three: { seq: 2, what: 'missing' } })
    })

    it('is found when it is the newest, by the log', async () => {
      await signAll()
      await write('three')
      await trailOf('three').checkpoint()
      const withLog = (log: readonly LoggedCheckpoint[]) => () =>
        verifyTrail(database, () => keys.published('checkpoint'), issuer, log)
      // its own checkpoint was the last one that told of it
      const alone = [...removal('three'), "delete from audit_checkpoints where statement like '%'"]
      expect(await foundAfter(alone)).toEqual({})
      expect(await foundAfter(alone, withLog(logged()))).toEqual({ three: { seq: 1, what: 'truncated' } })
      const ofOthers = logged().filter(({ chain }) => !chain.startsWith('three/'))
      expect(await foundAfter(alone, withLog(ofOthers))).toEqual({ three: { seq: 2, what: 'missing' } })
    })

    it('is found when its row alone is left', async () => {
      await signAll()
      const [events = '', , checkpoints = ''] = removal('three')
      expect(await foundAfter([events, checkpoints])).toEqual({ three: { seq: 1, what: 'truncated' } })
    })

    it('is found when rows are put in its place', async () => {
      const place = `insert into audit_chains (chain, instance, seq, hash, started_at, changed_at, number)
        values ('five/x', 'five', 0, '', 1, 1, 3)`
      expect(await foundAfter([...removal('one'), place])).toEqual({
        five: { seq: 1, what: 'missing' },
        one: { seq: 2, what: 'missing' },
      })
    })
  })

  it('a chain cut back with its checkpoints is found by a checkpoint of another', async () => {
    await write('three')
    await signAll()
    const cut = [
      "delete from audit_checkpoints where chain like 'three/%'",
      "delete from audit_events where chain like 'three/%' and seq > 2",
      `update audit_chains as c set seq = 2, hash = (select hash from audit_events as e where e.chain = c.chain and seq = 2)
        where chain like 'three/%'`,
    ]
    expect(await foundAfter(cut)).toEqual({ three: { seq: 3, what: 'truncated' } })
  })

  it.each([
    ['another number', "update audit_chains set number = 9 where chain like 'one/%'"],
    [
      'the number of another',
      "update audit_chains set number = 1 where chain like 'one/%'",
      'drop index audit_chains_number',
    ],
  ])('a chain that is given %s is found', async (_, ...attack) => {
    expect(await foundAfter(attack.toReversed())).toMatchObject({ one: { seq: 1, what: 'altered' } })
  })

  it('a chain that names none before it, made anew without a checkpoint, is found', async () => {
    const rows = await database.query<{ chain: string; event: string }>(
      "select chain, event from audit_events where chain like 'three/%' order by seq",
    )
    const chain = rows[0]?.chain ?? ''
    const events = rows.map(({ event }) => JSON.parse(event))
    const rewritten = (detail: object): readonly string[] => [
      ...chainEvents({ chain, seq: 0, hash: null }, [{ ...events[0], detail }, events[1]]).flatMap(
        ({ seq, text, hash }) => [
          `update audit_events set event = '${text}', hash = '${hash}' where chain = '${chain}' and seq = ${seq}`,
          `update audit_chains set hash = '${hash}' where chain = '${chain}'`,
        ],
      ),
    ]
    const { previous } = events[0].detail
    expect(await foundAfter(rewritten({ number: 4, previous }))).toEqual({})
    const altered = { three: { seq: 1, what: 'altered' } }
    expect(await foundAfter(rewritten({ number: 4 }))).toEqual(altered)
    expect(await foundAfter(rewritten({ number: 3, previous }))).toMatchObject(altered)
  })

  it('a chain is named whole, however long its name is', async () => {
    await trailOf('two').append(`api:${'x'.repeat(1_800)}`, [
      {
        schema: 'delegation-audit/1',
        id: crypto.randomUUID(),
        time: '2026-01-01T00:00:00.000Z',
        type: 'access.decision',
      },
    ])
    await write('five')
    await signAll()
    expect(faultsOf(await trailOf('two').verify())).toEqual({})
  })

  describe('an export', () => {
    async function lines(): Promise<readonly string[]> {
      const found: string[] = []
      for await (const events of await trailOf('two').readAll({})) {
        found.push(...events.map((event) => JSON.stringify(event)))
      }
      return found
    }

    async function* without(names: readonly string[]): AsyncGenerator<string> {
      for (const line of await lines())
        if (!names.some((name) => line.includes(`"chain":"${name}/`) && !isNaming(line, name))) yield line
    }

    const isNaming = (line: string, name: string): boolean =>
      !(JSON.parse(line) as { integrity: { chain: string } }).integrity.chain.startsWith(`${name}/`)

    const verify = async (names: readonly string[], log: readonly LoggedCheckpoint[]) => {
      const found = await verifyExport(without(names), log)
      return 'line' in found ? found : faultsOf(found)
    }

    it('lacks no chain', async () => {
      await signAll()
      expect(await verify([], [])).toEqual({})
      expect(await verify([], logged())).toEqual({})
    })

    it.each(births.slice(0, -1))('that lacks a chain is found: %s', async (name) => {
      expect(await verify([name], [])).toEqual({ [name]: { seq: 2, what: 'missing' } })
    })

    it('that lacks several is found', async () => {
      expect(await verify(['four', 'one'], [])).toEqual({
        one: { seq: 2, what: 'missing' },
        'number 2': { seq: 1, what: 'missing' },
      })
    })

    it('that lacks the newest is found with the log alone, by any line', async () => {
      await signAll()
      expect(await verify(['three'], [])).toEqual({})
      const ofOthers = logged().filter(({ chain }) => !chain.startsWith('three/'))
      expect(await verify(['three'], ofOthers)).toEqual({ three: { seq: 2, what: 'missing' } })
      expect(await verify(['three'], logged())).toEqual({ three: { seq: 1, what: 'truncated' } })
    })
  })

  describe('a trail of before chains were numbered', () => {
    const old = ['b', 'a', 'c']
    let earlier: TestDatabase

    beforeAll(async () => {
      earlier = await open()
    })
    afterAll(() => earlier.close())

    /** A chain as it was written then: it names the newest by time and name, and no number. */
    async function writeOld(name: string, seconds: number, previous: ChainEnd | undefined): Promise<ChainEnd> {
      const chain = `${name}/x`
      const event = (type: string, id: string) =>
        ({ schema: 'delegation-audit/1', id, time: new Date(seconds * 1000).toISOString(), type }) as const
      const started = { ...event('audit.chain_started', `${name}1`), detail: { previous: previous && { ...previous } } }
      const end = { chain, seq: 0, hash: null }
      const chained = chainEvents(end, [started, event('login.succeeded', `${name}2`)])
      for (const { seq, text, hash, event: each } of chained) {
        await earlier.query(
          'insert into audit_events (chain, seq, event, hash, id, time, type) values ($1, $2, $3, $4, $5, $6, $7)',
          [chain, seq, text, hash, each.id, Date.parse(each.time), each.type],
        )
      }
      const hash = chained.at(-1)?.hash ?? ''
      await earlier.query(
        'insert into audit_chains (chain, instance, seq, hash, started_at, changed_at) values ($1, $2, 2, $3, $4, $4)',
        [chain, name, hash, seconds],
      )
      const claims = { iss: issuer, iat: seconds, chain, seq: 2, hash }
      const statement = await keys.sign('checkpoint', { typ: 'audit-checkpoint+jwt' }, claims)
      await earlier.query('insert into audit_checkpoints values ($1, 2, $2, $3, $4)', [chain, hash, statement, seconds])
      return { chain, seq: 2, hash }
    }

    it('is intact, and goes on with numbers', async () => {
      await earlier.query('drop trigger numbered on audit_chains')
      await earlier.query('drop function number_chain')
      await earlier.query('alter table audit_chains drop column number')
      await earlier.query('drop index audit_chains_started')
      await earlier.query('delete from schema_migrations where id >= 6')
      let previous: ChainEnd | undefined
      for (const [index, name] of old.entries()) previous = await writeOld(name, 1_700_000_000 + index, previous)
      await migrate(earlier, () => 1)
      const trail = createTrail({ database: earlier, keys, instance: 'new' })
      expect(faultsOf(await trail.verify())).toEqual({})
      await trail.record({ type: 'login.succeeded' })
      await trail.checkpoint()
      expect(faultsOf(await trail.verify())).toEqual({})
      expect(await earlier.query('select chain, number from audit_chains order by number limit 3')).toEqual(
        old.map((name, index) => ({ chain: `${name}/x`, number: index + 1 })),
      )
      const exported: string[] = []
      for await (const events of await trail.readAll({})) exported.push(...events.map((each) => JSON.stringify(each)))
      const verify = async (name: string) => {
        const found = await verifyExport(
          (async function* () {
            yield* exported.filter((line) => !line.includes(`"id":"${name}`))
          })(),
          [],
        )
        return 'line' in found ? found : faultsOf(found)
      }
      expect(await verify('none')).toEqual({})
      expect(await verify('a')).toMatchObject({ a: { seq: 2, what: 'missing' } })
      expect(await verify('c')).toEqual({ c: { seq: 2, what: 'missing' } })
      for (const name of ['a', 'c']) {
        for (const table of tables) await earlier.tamper(`delete from ${table} where chain = '${name}/x'`)
        expect(faultsOf(await trail.verify())).toMatchObject({ [name]: { seq: 2, what: 'missing' } })
      }
    })
  })
}

/** Faults by the process that wrote the chain. */
function faultsOf({ intact, chains }: AuditVerification): Record<string, unknown> {
  const faulty = chains.filter(({ fault }) => fault !== undefined)
  expect(intact).toBe(faulty.length === 0)
  return Object.fromEntries(faulty.map(({ chain, fault }) => [chain.split('/')[0], fault]))
}
