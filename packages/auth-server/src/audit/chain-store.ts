import { type Database, first, json } from '../database/database.js'
import { type ChainEnd, type ChainedEvent, chainEvents, type KnownEnd } from './chain.js'
import type { AuditEvent } from './event.js'
import { columnNames, columnsOf } from './row.js'

/** Where a chain stands among all of the trail. */
export interface Birth {
  /** From 1, in the order that chains begin, without a gap. */
  readonly number: number
  /** The end of the chain that began before; undefined for the first. */
  readonly previous?: KnownEnd
}

/** The chains of one process, in the database. */
export interface ChainStore {
  /**
   * Appends events to a chain of this process that no other transaction holds, and holds it until the end of the transaction
   * under way. All of them being held, `begin` describes the first event of a new one.
   *
   * @param seconds - since the epoch, whole
   */
  append(events: readonly AuditEvent[], seconds: number, begin: (birth: Birth) => AuditEvent): Promise<void>
}

const columns = ['chain', 'seq', 'event', 'hash', ...columnNames].join(', ')

/**
 * A chain is held from here to the commit, so one alone would make transactions commit one by one. A process has as many as
 * it commits side by side at the most; one that starts again under its name goes on with them.
 */
const heldEnd =
  'select chain, seq, hash from audit_chains where instance = $1 order by chain limit 1 for update skip locked'

const endOf = 'select chain, number, seq, hash from audit_chains where number = $1'

const writeEvents = `
  with ended as (update audit_chains set seq = $2, hash = $3, changed_at = $4 where chain = $1)
  insert into audit_events (${columns})
  select ${columns} from json_to_recordset($5::json) as event (
    chain text, seq bigint, event text, hash text, id text, time bigint, type text, decision text, reason text,
    subject text, actor text, client text, resource text, transaction text, token_id text, trace text, tool_call text)`

/** The table numbers it. From here to the commit no other chain begins: rare, as a chain is begun for a new source alone. */
const beginChain = `
  insert into audit_chains (chain, instance, seq, hash, started_at, changed_at) values ($1, $2, 0, '', $3, $3)
  returning number`

/** @param createId - makes the part of a chain's name that tells it from others of the process */
export function createChainStore(database: Database, instance: string, createId: () => string): ChainStore {
  return {
    append: async (events, seconds, begin) => {
      const [held] = await database.query<ChainEnd>(heldEnd, [instance])
      if (held !== undefined) return write(held, events, seconds)
      const chain = `${instance}/${createId()}`
      for (const { number } of await database.query<{ number: number }>(beginChain, [chain, instance, seconds])) {
        const previous = first(await database.query<KnownEnd>(endOf, [number - 1]))
        await write({ chain, seq: 0, hash: null }, [begin({ number, previous }), ...events], seconds)
      }
    },
  }

  async function write(end: ChainEnd, events: readonly AuditEvent[], seconds: number): Promise<void> {
    const chained = chainEvents(end, events)
    const last = chained.at(-1)
    if (last === undefined) return
    const rows = chained.map((each) => rowOf(end.chain, each))
    await database.query(writeEvents, [end.chain, last.seq, last.hash, seconds, json(rows)])
  }
}

function rowOf(chain: string, { event, seq, text, hash }: ChainedEvent): object {
  return { chain, seq, event: text, hash, ...columnsOf(event) }
}
