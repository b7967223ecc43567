import { type Database, first } from '../database/database.js'
import type { AuditFilter, StoredEvent } from './audit-trail.js'
import { type Cursor, writeQuery } from './search.js'
import { readEvent } from './stored-event.js'

/** Events in memory at a time. */
const pageSize = 500

interface ReadRow extends Cursor {
  readonly chain: string
  readonly seq: number
  readonly event: string
  readonly hash: string
}

/** Whether an event was there when reading began. */
type WasThere = (row: ReadRow) => boolean

/**
 * Reads every event that matches and is there now, in order of time. Each page is a statement by itself: nothing is held
 * between two, however slowly they are taken, and what is written meanwhile is left out.
 *
 * @returns once the first page is read; it rejects, or a later page does, when the database fails
 */
export async function readAllEvents(
  database: Database,
  filter: AuditFilter,
): Promise<AsyncIterable<readonly StoredEvent[]>> {
  const wasThere = await rememberEnds(database)
  // later than the ends: whatever was there then is no later than this
  const bound = first(await database.query<{ time: number | null }>('select max(time) as time from audit_events'))
  const latest = ((bound?.time ?? 0) + 1) / 1000
  const bounded = { ...filter, to: Math.min(filter.to ?? latest, latest) }
  const opening = await readPage(database, bounded, undefined)
  return follow(database, bounded, opening, wasThere)
}

/** A chain grows at its end alone, one transaction after the other: its end of now bounds all that is committed now. */
async function rememberEnds(database: Database): Promise<WasThere> {
  const rows = await database.query<{ chain: string; seq: number }>('select chain, seq from audit_chains')
  const ends = new Map(rows.map(({ chain, seq }) => [chain, seq]))
  return ({ chain, seq }) => seq <= (ends.get(chain) ?? 0)
}

async function* follow(
  database: Database,
  filter: AuditFilter,
  opening: readonly ReadRow[],
  wasThere: WasThere,
): AsyncGenerator<readonly StoredEvent[]> {
  for (let rows = opening; rows.length > 0; rows = await readPage(database, filter, rows.at(-1))) {
    yield rows.filter(wasThere).map(({ event, hash }) => readEvent(event, hash))
    if (rows.length < pageSize) return
  }
}

function readPage(database: Database, filter: AuditFilter, after: Cursor | undefined): Promise<readonly ReadRow[]> {
  const { text, values } = writeQuery(filter, after, 'oldest')
  return database.query<ReadRow>(`${text} limit ${pageSize}`, values)
}
