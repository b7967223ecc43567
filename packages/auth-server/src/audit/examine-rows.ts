import type { ChainFault } from './audit-trail.js'
import { canonicalText, type Json } from './canonical.js'
import type { ChainEnd } from './chain.js'
import { digestOf } from './digest.js'
import type { AuditEvent } from './event.js'
import { columnNames, columnsOf, type EventColumns } from './row.js'

/** A row of the trail as the database has it. */
export interface StoredRow extends EventColumns {
  readonly seq: number
  /** The text that was hashed. */
  readonly event: string
  readonly hash: string
}

/** What following rows showed. */
export interface Examination {
  readonly fault?: ChainFault
  /** The last row. */
  readonly end: ChainEnd
}

interface PlacedEvent extends AuditEvent {
  readonly integrity: { readonly chain: Json; readonly seq: Json; readonly prev: Json }
}

/** Follows rows of a chain, in order, from where it ended before: up to the first that is not what was written. */
export function examineRows(before: ChainEnd, rows: readonly StoredRow[]): Examination {
  let end = before
  for (const row of rows) {
    const fault = examineRow(end, row)
    if (fault !== undefined) return { fault, end: endOf(before, rows) }
    end = { chain: before.chain, seq: row.seq, hash: row.hash }
  }
  return { end }
}

function endOf(before: ChainEnd, rows: readonly StoredRow[]): ChainEnd {
  const last = rows.at(-1)
  return last === undefined ? before : { chain: before.chain, seq: last.seq, hash: last.hash }
}

function examineRow({ chain, seq: last, hash }: ChainEnd, row: StoredRow): ChainFault | undefined {
  const { seq } = row
  if (seq !== last + 1) return { seq: last + 1, what: 'missing' }
  if (digestOf(row.event) !== row.hash) return { seq, what: 'altered' }
  const event = parseStored(row.event)
  if (event === undefined) return { seq, what: 'altered' }
  const { integrity } = event
  if (integrity.chain !== chain || integrity.seq !== seq) return { seq, what: 'reordered' }
  // the digest of the row before holds, and is not the one that was there when this row was written
  if (integrity.prev !== hash) return { seq: Math.max(last, 1), what: 'altered' }
  const columns = columnsOf(event)
  return columnNames.every((name) => columns[name] === row[name]) ? undefined : { seq, what: 'altered' }
}

function parseStored(text: string): PlacedEvent | undefined {
  try {
    const event = JSON.parse(text) as Json // which is all that a text can be parsed to
    return isPlaced(event) && canonicalText(event) === text ? event : undefined
  } catch {
    return undefined
  }
}

function isPlaced(event: Json): event is PlacedEvent {
  if (typeof event !== 'object' || event === null || !('integrity' in event)) return false
  const { integrity, id, time, type } = event
  return (
    typeof integrity === 'object' && integrity !== null && [id, time, type].every((value) => typeof value === 'string')
  )
}
