import { Buffer } from 'node:buffer'
import { sourcePrefix } from '../audit/audit-trail.js'
import { canonicalText, type JsonObject } from '../audit/canonical.js'
import { cleanMembers, type Limits } from '../audit/clean.js'
import { type AuditEvent, identityLimits } from '../audit/event.js'
import type { SentEvent } from './event-schema.js'

/** An event as the trail will have it. */
export interface ReceivedEvent {
  readonly event: AuditEvent
  /** Who wrote it: a process of an API of a client. Each has chains of its own. */
  readonly source: string
}

/** Everything but who, what and where. */
const limits: Limits = { text: 512, members: 64, depth: 6 }

/** Bytes of an event. Its place in the chain takes some more. */
const maxSize = 4096

/**
 * Describes an event that a client sent, under the client's name. What it says of itself is kept as `observer`, beside the
 * client that this server knows.
 *
 * @param clientId - who sent it
 * @param milliseconds - since the epoch
 * @returns undefined when it is too large
 */
export function describeReceived(sent: SentEvent, clientId: string, milliseconds: number): ReceivedEvent | undefined {
  const { schema, id, type, observer = {}, ...members } = sent
  const { service = clientId, instance = 'unnamed' } = observer
  const { identities, rest } = splitMembers(members)
  const event: AuditEvent = {
    ...cleanMembers(rest, limits),
    ...cleanMembers(identities, identityLimits),
    schema,
    id,
    time: new Date(sent.time).toISOString(),
    type,
    observer: cleanMembers({ service, instance, client: clientId }, { ...identityLimits, text: 200 }),
    received: new Date(Math.floor(milliseconds)).toISOString(),
  }
  if (Buffer.byteLength(canonicalText(event)) > maxSize) return undefined
  return { event, source: `${sourcePrefix}${clientId}/${service}/${instance}` }
}

/** Whether two events are one that was sent twice: all but the moment it was received and its place in a chain. */
export function isSame(one: JsonObject, other: JsonObject): boolean {
  return contentOf(one) === contentOf(other)
}

function contentOf(event: JsonObject): string {
  return canonicalText({ ...event, received: undefined, integrity: undefined })
}

/** Members that events are found by, which are cut in one way alone. */
const identityNames = ['decision', 'mode', 'subject', 'actor', 'client', 'resource', 'token', 'txn', 'reason', 'trace']

function splitMembers(members: object): { readonly identities: object; readonly rest: object } {
  const [identities, rest] = [true, false].map((isIdentity) =>
    Object.fromEntries(Object.entries(members).filter(([name]) => identityNames.includes(name) === isIdentity)),
  )
  return { identities: identities ?? {}, rest: rest ?? {} }
}
