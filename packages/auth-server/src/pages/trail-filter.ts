import type { AuditFilter } from '../audit/audit-trail.js'
import { cleanText } from '../audit/text.js'
import { typesOf } from './trail-types.js'

/** Filters whose value is looked for as it is, as the admin API names them, and what people call them. */
export const textFields = {
  transaction: 'Task',
  subject: 'Person',
  actor: 'Agent',
  client: 'Client',
  resource: 'API',
  reason: 'Reason',
  toolCall: 'Tool call',
  tokenId: 'Token',
  trace: 'Trace',
} as const satisfies Partial<Record<keyof AuditFilter, string>>

/** Decisions there are. */
export const decisions = ['allow', 'deny', 'error'] as const

/** What somebody looks for. */
export interface TrailQuery {
  /** What was given, by the name of its field. */
  readonly fields: ReadonlyMap<string, string>
  readonly filter: AuditFilter
  readonly after: string | undefined
  /** Whether the same can be said in fewer or other words: by {@link TrailQuery.fields}. */
  readonly isLoose: boolean
}

/** Characters of a value. */
const longest = 500

/** Bytes, more than any value takes with what is not seen written out. */
const unbounded = 8_192

/**
 * Reads the query of the trail. Fields that were left empty count for nothing; what looks like a token is not kept.
 *
 * @returns undefined where a field is unknown, named twice, or no such thing
 */
export function readTrailQuery(query: string): TrailQuery | undefined {
  const given = [...new URLSearchParams(query)]
  const kept = given
    .map(([name, value]) => [name, cleanText(value.trim(), unbounded)] as const)
    .filter(([, value]) => value !== '')
  const fields = new Map(kept)
  const isLong = kept.some(([, value]) => value.length > longest)
  if (isLong || fields.size < kept.length) return undefined
  const filter = readFilter(fields)
  if (filter === undefined) return undefined
  return { fields, filter, after: fields.get('after'), isLoose: JSON.stringify(kept) !== JSON.stringify(given) }
}

function readFilter(fields: ReadonlyMap<string, string>): AuditFilter | undefined {
  let filter: AuditFilter = {}
  for (const [name, value] of fields) {
    const part = readPart(name, value)
    if (part === undefined) return undefined
    filter = { ...filter, ...part }
  }
  return filter
}

function readPart(name: string, value: string): AuditFilter | undefined {
  if (Object.hasOwn(textFields, name)) return { [name]: value }
  if (name === 'after') return {}
  if (name === 'decision') {
    const decision = decisions.find((each) => each === value)
    return decision && { decision }
  }
  if (name === 'type') {
    const type = typesOf(value)
    return type === undefined ? undefined : { type }
  }
  if (name !== 'from' && name !== 'to') return undefined
  const moment = readMoment(value)
  return moment === undefined ? undefined : { [name]: moment }
}

/** A moment in UTC, as a field of a date and a time has it. Seconds since the epoch. */
function readMoment(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?$/u.test(text)) return undefined
  const milliseconds = Date.parse(`${text}Z`)
  if (Number.isNaN(milliseconds) || !new Date(milliseconds).toISOString().startsWith(text)) return undefined
  return milliseconds / 1000
}

/** A moment as the field of a date and a time has it, to the minute. */
export function momentField(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 16)
}
