import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { canonicalText, type JsonObject } from '../../../packages/auth-server/dist/audit/canonical.js'
import { digestOf } from '../../../packages/auth-server/dist/audit/digest.js'
import { describeWith, isListening } from '../../support/services.js'
import {
  createClock,
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

interface Attack {
  readonly name: string
  /** Whoever owns the database does this, around every trigger. */
  readonly tamper: (trail: TestTrail) => Promise<void>
  readonly fault: { readonly seq: number; readonly what: string } | undefined
}

/** Chains of ten events: signed at 6 and 10, or at 6 alone. */
function suite(open: () => Promise<TestDatabase>): void {
  let database: TestDatabase
  let keys: Awaited<ReturnType<typeof createKeys>>

  beforeAll(async () => {
    database = await open()
    keys = await createKeys()
  })
  beforeEach(() => database.empty())
  afterAll(() => database.close())

  async function write(trail: TestTrail, events: number): Promise<void> {
    await database.transaction(async () => {
      for (let i = 0; i < events; i++) {
        await trail.record({
          type: 'delegation.issued',
          decision: 'allow',
          subject: { id: `user_${i}` },
          txn: `task_${i}`,
        })
      }
    })
  }

  async function createSigned(): Promise<TestTrail> {
    const trail = createTrail({ database, keys })
    await write(trail, 5)
    await trail.checkpoint()
    await write(trail, 4)
    return trail
  }

  /** Everything from `seq` on, made anew as the server itself would: only a signature tells. */
  async function rewriteFrom(seq: number, change: (event: Record<string, JsonObject>) => void): Promise<void> {
    const rows = await database.query<{ seq: number; event: string; hash: string }>(
      `select seq, event, hash from audit_events where seq >= ${seq - 1} order by seq`,
    )
    let [{ hash: prev } = { hash: '' }] = rows
    const statements: string[] = []
    for (const row of rows.slice(1)) {
      const event = JSON.parse(row.event)
      if (row.seq === seq) change(event)
      event.integrity.prev = prev
      const text = canonicalText(event)
      prev = digestOf(text)
      statements.push(
        `update audit_events set event = '${text}', hash = '${prev}', subject = '${event.subject.id}' where seq = ${row.seq}`,
      )
    }
    await database.tamper(...statements, `update audit_chains set hash = '${prev}'`)
  }

  const attacks: readonly Attack[] = [
    { name: 'nothing', tamper: async () => undefined, fault: undefined },
    {
      name: 'one byte of an event',
      tamper: () => database.tamper(replace(4, 'user_2', 'user_3')),
      fault: { seq: 4, what: 'altered' },
    },
    {
      name: 'one byte of the first event',
      tamper: () => database.tamper(replace(1, 'one', 'two')),
      fault: { seq: 1, what: 'altered' },
    },
    {
      name: 'one byte of the last event',
      tamper: () => database.tamper(replace(10, 'allow', 'deny_')),
      fault: { seq: 10, what: 'altered' },
    },
    {
      name: 'white space that parses alike',
      tamper: () => database.tamper("update audit_events set event = event || ' ' where seq = 4"),
      fault: { seq: 4, what: 'altered' },
    },
    {
      name: 'white space, and the digest with it',
      tamper: async () => {
        const [row] = await database.query<{ event: string }>('select event from audit_events where seq = 10')
        const text = `${row?.event} `
        await database.tamper(`update audit_events set event = '${text}', hash = '${digestOf(text)}' where seq = 10`)
      },
      fault: { seq: 10, what: 'altered' },
    },
    {
      name: 'a digest',
      tamper: () => database.tamper(`update audit_events set hash = '${digestOf('')}' where seq = 4`),
      fault: { seq: 4, what: 'altered' },
    },
    {
      name: 'an event and its digest',
      tamper: async () => {
        const [row] = await database.query<{ event: string }>('select event from audit_events where seq = 4')
        const text = row?.event.replaceAll('user_2', 'user_9') ?? ''
        await database.tamper(
          `update audit_events set event = '${text}', hash = '${digestOf(text)}', subject = 'user_9' where seq = 4`,
        )
      },
      fault: { seq: 4, what: 'altered' },
    },
    ...['subject', 'actor', 'client', 'resource', 'transaction', 'token_id', 'reason', 'type'].map((column) => ({
      name: `what an event is found by: ${column}`,
      tamper: () => database.tamper(`update audit_events set ${column} = 'hidden' where seq = 5`),
      fault: { seq: 5, what: 'altered' },
    })),
    {
      name: 'when an event is found',
      tamper: () => database.tamper('update audit_events set time = 1 where seq = 5'),
      fault: { seq: 5, what: 'altered' },
    },
    {
      name: 'an event that is deleted',
      tamper: () => database.tamper('delete from audit_events where seq = 4'),
      fault: { seq: 4, what: 'missing' },
    },
    {
      name: 'the first event, deleted',
      tamper: () => database.tamper('delete from audit_events where seq = 1'),
      fault: { seq: 1, what: 'missing' },
    },
    {
      name: 'an event that is deleted, the later ones moved up',
      tamper: () =>
        database.tamper(
          'delete from audit_events where seq = 8',
          'update audit_events set seq = 8 where seq = 9',
          'update audit_events set seq = 9 where seq = 10',
          'update audit_chains set seq = 9',
        ),
      fault: { seq: 8, what: 'reordered' },
    },
    {
      name: 'two events in each other’s place',
      tamper: () =>
        database.tamper(
          'update audit_events set seq = 99 where seq = 4',
          'update audit_events set seq = 4 where seq = 5',
          'update audit_events set seq = 5 where seq = 99',
        ),
      fault: { seq: 4, what: 'reordered' },
    },
    {
      name: 'the last events, deleted',
      tamper: () => database.tamper('delete from audit_events where seq > 8'),
      fault: { seq: 9, what: 'truncated' },
    },
    {
      name: 'a tail cut off with great care, behind the checkpoint',
      tamper: () => database.tamper(...cutTo(8)),
      fault: undefined,
    },
    {
      name: 'a tail cut off with great care, the checkpoint’s event with it',
      tamper: () => database.tamper(...cutTo(5)),
      fault: { seq: 6, what: 'truncated' },
    },
    {
      name: 'a tail cut off with great care, a new end signed',
      tamper: async (trail) => {
        await trail.checkpoint()
        await database.tamper(...cutTo(8))
      },
      fault: { seq: 9, what: 'truncated' },
    },
    {
      name: 'a tail that was cut off and grew again',
      tamper: async (trail) => {
        await database.tamper(...cutTo(5))
        await write(trail, 4)
      },
      fault: { seq: 6, what: 'altered' },
    },
    {
      name: 'every event',
      tamper: () => database.tamper('delete from audit_events', 'update audit_chains set seq = 0'),
      fault: { seq: 1, what: 'truncated' },
    },
    {
      name: 'a history made anew before a checkpoint',
      tamper: () => rewriteFrom(4, (event) => (event.subject = { id: 'user_9' })),
      fault: { seq: 6, what: 'altered' },
    },
    {
      name: 'an event that the chain does not know',
      tamper: () => database.tamper('update audit_chains set seq = 9'),
      fault: { seq: 10, what: 'altered' },
    },
    {
      name: 'a checkpoint made up',
      tamper: () =>
        database.tamper(
          `insert into audit_checkpoints select chain, seq, hash, 'e30.e30.e30', 1 from audit_events where seq = 8`,
        ),
      fault: { seq: 8, what: 'forged_checkpoint' },
    },
    {
      name: 'a checkpoint of another event',
      tamper: () =>
        database.tamper('update audit_checkpoints set seq = 8, hash = (select hash from audit_events where seq = 8)'),
      fault: { seq: 8, what: 'forged_checkpoint' },
    },
    {
      name: 'a checkpoint of what is not there, made up',
      tamper: () =>
        database.tamper(`insert into audit_checkpoints select chain, 44, hash, 'e30.e30.e30', 1 from audit_chains`),
      fault: { seq: 44, what: 'forged_checkpoint' },
    },
    {
      name: 'a history made anew, and a checkpoint of somebody else’s key',
      tamper: async () => {
        await rewriteFrom(4, (event) => (event.subject = { id: 'user_9' }))
        await database.tamper('delete from audit_checkpoints')
        const other = await createKeys()
        await createTrail({ database, keys: other }).checkpoint()
      },
      fault: { seq: 10, what: 'forged_checkpoint' },
    },
    {
      name: 'a checkpoint of another kind of token',
      tamper: async () => {
        const [end] = await database.query<{ chain: string; seq: number; hash: string }>('select * from audit_chains')
        const statement = await keys.sign('checkpoint', { typ: 'at+jwt' }, { iss: issuer, ...end })
        await database.tamper(
          `insert into audit_checkpoints select chain, seq, hash, '${statement}', 1 from audit_chains`,
        )
      },
      fault: { seq: 10, what: 'forged_checkpoint' },
    },
  ]

  it.each(attacks)('$name', async ({ tamper, fault }) => {
    const trail = await createSigned()
    await tamper(trail)
    const { intact, chains } = await trail.verify()
    expect({ intact, fault: chains[0]?.fault }).toEqual({ intact: fault === undefined, fault })
    expect(chains).toHaveLength(1)
  })

  it('names a chain that is gone, as the next one names it', async () => {
    const clock = createClock()
    await write(createTrail({ database, keys, now: clock.now }), 2)
    clock.seconds += 1
    const two = createTrail({ database, keys, now: clock.now, instance: 'two' })
    await write(two, 2)
    expect(await two.verify()).toMatchObject({ intact: true })
    for (const table of ['audit_events', 'audit_chains', 'audit_checkpoints']) {
      await database.tamper(`delete from ${table} where chain like 'one/%'`)
    }
    expect(await two.verify()).toMatchObject({
      intact: false,
      chains: [
        { events: 3 },
        { chain: expect.stringMatching(/^one\//), events: 0, fault: { seq: 3, what: 'missing' } },
      ],
    })
  })

  it('knows the fault of one chain from the others', async () => {
    for (const instance of ['one', 'two', 'three']) await write(createTrail({ database, keys, instance }), 2)
    await database.tamper("update audit_events set subject = 'eve' where chain like 'two/%' and seq = 3")
    const { chains } = await createTrail({ database, keys }).verify()
    expect(chains.map(({ chain, fault }) => [chain.split('/')[0], fault])).toEqual([
      ['one', undefined],
      ['three', undefined],
      ['two', { seq: 3, what: 'altered' }],
    ])
  })

  it('believes the keys it is given rather than those of the database', async () => {
    const trail = await createSigned()
    const mine = await keys.published('checkpoint')
    const others = await (await createKeys()).published('checkpoint')
    expect(await trail.verify(mine)).toMatchObject({ intact: true })
    expect(await trail.verify(others)).toMatchObject({ chains: [{ fault: { seq: 6, what: 'forged_checkpoint' } }] })
  })

  it('follows a chain over many pages, while it grows', async () => {
    const trail = createTrail({ database, keys })
    for (let i = 0; i < 4; i++) {
      await write(trail, 300)
      await trail.checkpoint()
    }
    const growing = (async () => {
      for (let i = 0; i < 20; i++) {
        await write(trail, 10)
        if (i % 5 === 0) await trail.checkpoint()
      }
    })()
    for (let i = 0; i < 3; i++) expect((await trail.verify()).intact).toBe(true)
    await growing
    const { intact, chains } = await trail.verify()
    const events = chains.reduce((sum, chain) => sum + chain.events, 0)
    expect({ intact, events }).toEqual({ intact: true, events: 1400 + chains.length })
    await database.tamper(replace(1001, 'allow', 'deny_'))
    expect((await trail.verify()).chains.find(({ fault }) => fault !== undefined)?.fault).toEqual({
      seq: 1001,
      what: 'altered',
    })
  })
}

function replace(seq: number, from: string, to: string): string {
  return `update audit_events set event = replace(event, '${from}', '${to}') where seq = ${seq}`
}

/** Leaves no trace outside the checkpoints. */
function cutTo(seq: number): readonly string[] {
  return [
    `delete from audit_events where seq > ${seq}`,
    `update audit_chains set seq = ${seq}, hash = (select hash from audit_events where seq = ${seq})`,
  ]
}
