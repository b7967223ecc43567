import { Buffer } from 'node:buffer'
import { sourcePrefix } from '../audit/audit-trail.js'
import { canonicalText, type JsonObject } from '../audit/canonical.js'
import { cleanMembers, type Limits } from '../audit/clean.js'
import { type AuditEvent, identityLimits } from '../audit/event.js'
import { cleanText } from '../audit/text.js'
import { agentProfile } from '../exchange/names.js'
import type { SentEvent } from './event-schema.js'
import type { Sender } from './sender.js'

/** An event as the trail will have it. */
export interface ReceivedEvent {
  readonly event: AuditEvent
  /** Who wrote it: a process of a client. Each has a chain of its own, as long as they are not too many. */
  readonly source: string
}

/** Bytes of the name of a client, a service or a process. */
const longestName = 200

/** Everything but who, what and where. */
const limits: Limits = { text: 512, members: 128, depth: 6 }

/**
 * Bytes of an event: 4 kB, which an API keeps to whatever its callers send, and who sent it. Its place in the chain takes some
 * more.
 */
const maxSize = 4096 + 1024

/**
 * Describes an event that a client sent, under the client's name. What it says of itself is kept as `observer`, beside the
 * client that this server knows; what an agent did names the agent that the client belongs to.
 *
 * @returns undefined when it is too large
 */
export function describeReceived(sent: SentEvent, sender: Sender): ReceivedEvent | undefined {
  const { schema, id, type, observer: named = {}, ...members } = sent
  const { clientId, now } = sender
  const { service = clientId, instance = 'unnamed' } = named
  const safe = (name: string): string => cleanText(name, longestName)
  const observer = { service: safe(service), instance: safe(instance), client: safe(clientId) }
  const { identities, rest } = splitMembers({ ...members, ...actorOf(sent, sender) })
  const event: AuditEvent = {
    ...cleanMembers(rest, limits),
    ...cleanMembers(identities, identityLimits),
    schema,
    id,
    time: new Date(sent.time).toISOString(),
    type,
    observer,
    received: new Date(Math.floor(now * 1000)).toISOString(),
  }
  if (Buffer.byteLength(JSON.stringify(event)) > maxSize) return undefined
  // a name with a slash in it must not end where that of another begins
  const source = [clientId, observer.service, observer.instance].map(encodeURIComponent)
  return { event, source: `${sourcePrefix}${source.join('/')}` }
}

/** An agent tells what it did and not who it is: its client says that. */
function actorOf(sent: SentEvent, { agentId, issuer }: Sender): object {
  const isOfAgent = sent.type !== 'access.decision' && sent.client !== undefined
  return isOfAgent && agentId !== null ? { actor: { id: agentId, iss: issuer, profile: agentProfile } } : {}
}

/** Whether two events are one that was sent twice: all but the moment it was received and its place in a chain. */
export function isSame(one: JsonObject, other: JsonObject): boolean {
  return contentOf(one) === contentOf(other)
}

function contentOf(event: JsonObject): string {
  return canonicalText({ ...event, received: undefined, integrity: undefined })
}

/** Members that events are found by, which are cut in one way alone. */
const identityNames = [
  ...['decision', 'mode', 'subject', 'actor', 'client', 'resource', 'token', 'txn', 'reason', 'trace', 'tool'],
]

function splitMembers(members: object): { readonly identities: object; readonly rest: object } {
  const [identities, rest] = [true, false].map((isIdentity) =>
    Object.fromEntries(Object.entries(members).filter(([name]) => identityNames.includes(name) === isIdentity)),
  )
  return { identities: identities ?? {}, rest: rest ?? {} }
}
