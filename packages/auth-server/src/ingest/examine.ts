import { type SentEvent, sentEvent } from './event-schema.js'
import { describeReceived, type ReceivedEvent } from './received-event.js'
import type { Sender } from './sender.js'

/** Why an event is not kept. The codes never change their meaning. */
export type RefusalCode =
  /** No event that a client may write. */
  | 'malformed'
  | 'too_large'
  /** It happened later than now. */
  | 'time_ahead'
  /** It happened so long ago that whoever looked there has seen all there was. */
  | 'time_behind'
  /** The API it names is not the client's, by the policy. */
  | 'resource_of_another'
  /** An agent did it, and not the agent of the client. */
  | 'client_of_another'
  /** The request has events of more processes than one sends for. */
  | 'too_many_sources'
  /** Another event of the client has its id. */
  | 'id_taken'

/** An event that is not kept. */
export interface Refused {
  /** Place in the request, from 0. */
  readonly index: number
  readonly id: string | undefined
  readonly code: RefusalCode
}

/** Seconds that the clock of a client may be ahead. */
const tolerance = 300

/** Seconds that an event may have waited. */
const longestWait = 7 * 86_400

/** Looks an event over: what may be kept, or why not. */
export function examine(value: unknown, sender: Sender): ReceivedEvent | RefusalCode {
  const parsed = sentEvent.safeParse(value)
  if (!parsed.success) return 'malformed'
  const event = parsed.data
  return misplaced(event, sender) ?? untimely(event, sender) ?? describeReceived(event, sender) ?? 'too_large'
}

/** An API tells of itself, an agent of itself. */
function misplaced(event: SentEvent, { clientId, document }: Sender): RefusalCode | undefined {
  if (event.type !== 'access.decision' && event.client !== undefined) {
    return event.client.id === clientId ? undefined : 'client_of_another'
  }
  const { aud } = event.resource
  const owners = Object.hasOwn(document.resources, aud) ? document.resources[aud]?.clients : undefined
  return owners?.includes(clientId) === true ? undefined : 'resource_of_another'
}

function untimely(event: SentEvent, { now }: Sender): RefusalCode | undefined {
  const time = Date.parse(event.time)
  if (time > (now + tolerance) * 1000) return 'time_ahead'
  return time < (now - longestWait) * 1000 ? 'time_behind' : undefined
}

/** The id of whatever was sent, for the answer. */
export function idOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('id' in value)) return undefined
  return typeof value.id === 'string' ? value.id.slice(0, 100) : undefined
}
