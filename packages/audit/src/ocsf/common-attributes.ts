import type { TrailEvent } from '../trail-event.js'
import type { OcsfEvent } from './ocsf-event.js'

/** The version of the schema that events are written for. */
const version = '1.9.0-dev'

/** A class of events. */
export interface EventClass {
  readonly class_uid: number
  readonly class_name: string
  readonly category_uid: number
  readonly category_name: string
}

/** Attributes that a class takes beside its own. */
export type Profile = 'ai_operation' | 'trace'

/** What events of every class have. */
export function describeEvent(
  event: TrailEvent,
  of: EventClass,
  activity: Activity,
  profiles: readonly Profile[],
): OcsfEvent {
  const { id, time, type, decision, reason, txn, integrity } = event
  const status = statuses[decision ?? ''] ?? { status_id: 0, status: 'Unknown' }
  return prune({
    ...of,
    ...activity,
    type_uid: of.class_uid * 100 + activity.activity_id,
    time: Date.parse(time),
    ...severityOf(event),
    ...status,
    status_code: reason?.code,
    status_detail: reason?.oauth_error,
    metadata: {
      version,
      product: { name: 'Behalf', vendor_name: 'Behalf' },
      profiles,
      uid: id,
      event_code: type,
      original_time: time,
      correlation_uid: txn,
      log_name: integrity?.chain,
      sequence: integrity?.seq,
    },
    raw_data_hash: describeHash(integrity?.hash),
    unmapped: unmapped(event, profiles),
  })
}

/** What was done. */
export interface Activity {
  readonly activity_id: number
  readonly activity_name: string
}

/** An object without the members that have no value, and without those that are left empty by it. */
export function prune<T extends object>(value: T): T {
  const members = Object.entries(value)
    .map(([name, member]) => [name, isPlain(member) ? prune(member) : member] as const)
    .filter(([, member]) => member !== undefined && !(isPlain(member) && Object.keys(member).length === 0))
  return Object.fromEntries(members) as T // the same members, less those that mean nothing
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const statuses: Readonly<Record<string, { readonly status_id: number; readonly status: string }>> = {
  allow: { status_id: 1, status: 'Success' },
  deny: { status_id: 2, status: 'Failure' },
  error: { status_id: 2, status: 'Failure' },
}

function severityOf({ type, decision }: TrailEvent): { readonly severity_id: number; readonly severity: string } {
  if (type === 'escalation.denied' || type === 'agent.locked') return { severity_id: 4, severity: 'High' }
  if (type === 'audit.dropped' || decision === 'error') return { severity_id: 3, severity: 'Medium' }
  if (decision === 'deny') return { severity_id: 2, severity: 'Low' }
  return { severity_id: 1, severity: 'Informational' }
}

/** `sha256:` and base64url. */
function describeHash(hash: string | undefined): object | undefined {
  if (hash === undefined) return undefined
  const value = hash.replace(/^sha256:/u, '')
  return { algorithm_id: 3, algorithm: 'SHA-256', encoding_id: 3, encoding: 'Base64URL', value }
}

/** Members that have a place of their own. */
const mapped: ReadonlySet<string> = new Set([
  ...['schema', 'id', 'time', 'type', 'decision', 'reason', 'subject', 'actor', 'client', 'resource', 'request'],
  ...['txn', 'observer', 'integrity'],
])

function unmapped(event: TrailEvent, profiles: readonly string[]): object {
  return Object.fromEntries(Object.entries(event).filter(([name]) => !mapped.has(name) && !profiles.includes(name)))
}
