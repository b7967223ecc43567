import type { PolicyDocument } from '../policy/document.js'
import { sentEvent } from './event-schema.js'
import { describeReceived, type ReceivedEvent } from './received-event.js'

/** Why an event is not kept. The codes never change their meaning. */
export type RefusalCode =
  /** No event that an API may write. */
  | 'malformed'
  | 'too_large'
  /** It happened later than now. */
  | 'time_ahead'
  /** The API it names is not the client's, by the policy. */
  | 'resource_of_another'
  /** Another event has its id. */
  | 'id_taken'

/** An event that is not kept. */
export interface Refused {
  /** Place in the request, from 0. */
  readonly index: number
  readonly id: string | undefined
  readonly code: RefusalCode
}

/** Who sends. */
export interface Sender {
  readonly clientId: string
  /** The policy in force, which says whose API is whose. */
  readonly document: Pick<PolicyDocument, 'resources'>
  /** Seconds since the epoch. */
  readonly now: number
}

/** Seconds that the clock of an API may be ahead. */
const tolerance = 300

/** Looks an event over: what may be kept, or why not. */
export function examine(value: unknown, sender: Sender): ReceivedEvent | Exclude<RefusalCode, 'id_taken'> {
  const parsed = sentEvent.safeParse(value)
  if (!parsed.success) return 'malformed'
  const { aud } = parsed.data.resource
  const { resources } = sender.document
  const owners = Object.hasOwn(resources, aud) ? resources[aud]?.clients : undefined
  if (owners?.includes(sender.clientId) !== true) return 'resource_of_another'
  if (Date.parse(parsed.data.time) > (sender.now + tolerance) * 1000) return 'time_ahead'
  return describeReceived(parsed.data, sender.clientId, sender.now * 1000) ?? 'too_large'
}

/** The id of whatever was sent, for the answer. */
export function idOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('id' in value)) return undefined
  return typeof value.id === 'string' ? value.id.slice(0, 100) : undefined
}
