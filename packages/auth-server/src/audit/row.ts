import { type AuditEvent, identityLimits } from './event.js'
import { cleanText } from './text.js'

/** What an event is found by, beside its text. */
export interface EventColumns {
  /** Unique. What a client sent has the client's name after its id: nobody takes the id of an event of somebody else. */
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
  /** The model's name for the call of a tool. */
  readonly tool_call: string | null
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
  'tool_call',
] as const satisfies readonly (keyof EventColumns)[]

/** Everything in the columns is in the text: columns that say anything else were altered. */
export function columnsOf(event: AuditEvent): EventColumns {
  return {
    id: uniqueId(event.id, textIn(event.observer, 'client') ?? undefined),
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
    tool_call: textIn(event.tool, 'call_id'),
  }
}

/** What an event is known by: its id, and the client that sent it. */
export function uniqueId(id: string, client: string | undefined): string {
  return client === undefined ? id : `${id}/${client}`
}

/** The text a column holds for a value that is searched for. One that was cut is found by what was kept of it, too. */
export function searchedText(value: string): string {
  const [, kept, end] = /^(.*)(…sha256:[\w-]{16})$/su.exec(value) ?? []
  return kept === undefined || end === undefined
    ? cleanText(value, identityLimits.text)
    : cleanText(kept, identityLimits.text) + end
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

function textIn(value: unknown, name: string): string | null {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? textOf(Reflect.get(value, name))
    : null
}
