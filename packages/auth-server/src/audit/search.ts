import { Buffer } from 'node:buffer'
import { type Database, first, type Value } from '../database/database.js'
import { InvalidInputError } from '../errors.js'
import type { AuditFilter, AuditPage, StoredEvent } from './audit-trail.js'
import { type EventColumns, searchedText, uniqueId } from './row.js'
import { readEvent } from './stored-event.js'

/** Events on a page, at most. */
const maxLimit = 1000

interface FoundRow {
  readonly id: string
  readonly time: number
  readonly event: string
  readonly hash: string
}

/** Which column a filter looks at. */
const columns = {
  transaction: 'transaction',
  subject: 'subject',
  actor: 'actor',
  client: 'client',
  resource: 'resource',
  tokenId: 'token_id',
  trace: 'trace',
  toolCall: 'tool_call',
  reason: 'reason',
  decision: 'decision',
  type: 'type',
} as const satisfies Partial<Record<keyof AuditFilter, keyof EventColumns>>

/** One page of events, and a cursor when there are more. */
export async function searchEvents(
  database: Database,
  filter: AuditFilter,
  { after, limit, order = 'oldest' }: AuditPage,
): Promise<{ readonly events: readonly StoredEvent[]; readonly next?: string }> {
  const { text, values } = writeQuery(filter, after === undefined ? undefined : parseCursor(after), order)
  const count = Math.min(Math.max(Math.trunc(limit) || 1, 1), maxLimit)
  const rows = await database.query<FoundRow>(`${text} limit ${count + 1}`, values)
  const page = rows.slice(0, count)
  const last = page.at(-1)
  return {
    events: page.map(({ event, hash }) => readEvent(event, hash)),
    next: last !== undefined && rows.length > count ? formatCursor(last) : undefined,
  }
}

/** The event with an id, of a client or of the server itself. */
export async function findEvent(
  database: Database,
  id: string,
  client: string | undefined,
): Promise<StoredEvent | undefined> {
  const row = first(
    await database.query<Pick<FoundRow, 'event' | 'hash'>>('select event, hash from audit_events where id = $1', [
      uniqueId(id, client),
    ]),
  )
  return row && readEvent(row.event, row.hash)
}

/** @internal Exported so that a test can ask the database how it would run it. */
export function writeQuery(
  filter: AuditFilter,
  after: Cursor | undefined,
  order: 'oldest' | 'newest',
): { readonly text: string; readonly values: readonly Value[] } {
  const values: Value[] = []
  const conditions: string[] = []
  const demand = (condition: (...places: readonly string[]) => string, ...given: readonly Value[]): void => {
    conditions.push(condition(...given.map((_, index) => `$${values.length + index + 1}`)))
    values.push(...given)
  }
  for (const [name, column] of Object.entries(columns)) {
    const value = filter[name as keyof typeof columns] // Object.entries forgets the names of a constant
    if (typeof value === 'string') demand((place) => `${column} = ${place}`, searchedText(value))
    else if (value !== undefined)
      demand((...places) => `${column} in (${places.join(', ')})`, ...value.map(searchedText))
  }
  if (filter.from !== undefined) demand((place) => `time >= ${place}`, Math.ceil(filter.from * 1000))
  if (filter.to !== undefined) demand((place) => `time < ${place}`, Math.ceil(filter.to * 1000))
  const [compare, direction] = order === 'oldest' ? ['>', 'asc'] : ['<', 'desc']
  if (after !== undefined) demand((time, id) => `(time, id) ${compare} (${time}, ${id})`, after.time, after.id)
  const where = conditions.length === 0 ? '' : ` where ${conditions.join(' and ')}`
  return {
    text: `select id, time, chain, seq, event, hash from audit_events${where} order by time ${direction}, id ${direction}`,
    values,
  }
}

/** The last event of the page before. */
export interface Cursor {
  readonly time: number
  readonly id: string
}

function formatCursor({ time, id }: Cursor): string {
  return Buffer.from(`${time}.${id}`).toString('base64url')
}

function parseCursor(text: string): Cursor {
  const [, time, id] = /^(\d{1,16})\.([\x21-\x7E]{1,300})$/u.exec(Buffer.from(text, 'base64url').toString()) ?? []
  if (time === undefined || id === undefined) throw new InvalidInputError('after is not a cursor of this search')
  return { time: Number(time), id }
}
