import { type AuditEvent, identityLimits } from './event.js'
import { cleanText } from './text.js'

/** What an event is found by, beside its text. */
export interface EventColumns {
  readonly id: string
  /** Milliseconds since the epoch. */
  readonly time: number
  readonly type: string
  readonly decision: string | null
  readonly reason: string | null
  readonly subject: string | null
  readonly actor: string | null
  readonly client: string | null
  readonly resource: string | null
  readonly transaction: string | null
  readonly token_id: string | null
  readonly trace: string | null
}

/** Names of {@link EventColumns}, which are columns of the table. */
export const columnNames = [
  'id',
  'time',
  'type',
  'decision',
  'reason',
  'subject',
  'actor',
  'client',
  'resource',
  'transaction',
  'token_id',
  'trace',
] as const satisfies readonly (keyof EventColumns)[]

/** Everything in the columns is in the text: columns that say anything else were altered. */
export function columnsOf(event: AuditEvent): EventColumns {
  return {
    id: event.id,
    time: Date.parse(event.time),
    type: event.type,
    decision: textOf(event.decision),
    reason: textIn(event.reason, 'code'),
    subject: textIn(event.subject, 'id'),
    actor: textIn(event.actor, 'id'),
    client: textIn(event.client, 'id'),
    resource: textIn(event.resource, 'aud'),
    transaction: textOf(event.txn),
    token_id: textIn(event.token, 'jti'),
    trace: textIn(event.trace, 'trace_id'),
  }
}

/** The text a column holds for a value that is searched for. */
export function searchedText(value: string): string {
  return cleanText(value, identityLimits.text)
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

function textIn(value: unknown, name: string): string | null {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? textOf(Reflect.get(value, name))
    : null
}
