import type { Context } from '../context.js'
import { json } from '../database/database.js'
import { NotFoundError } from '../errors.js'
import type { EventStream, EventStreams } from './event-stream.js'
import { createOutbox } from './outbox.js'
import { describeVerification } from './security-event.js'

const stateOf = `
  select asked.resource, asked.address, coalesce(queue.waiting, 0)::integer as waiting,
    queue.waiting_since as "waitingSince", coalesce(head.attempts, 0) as attempts, head.next_attempt as "nextAttempt",
    stream.delivered_at as "deliveredAt", stream.failed_at as "failedAt", stream.error
  from jsonb_to_recordset($1::jsonb) as asked (resource text, address text)
  left join event_streams stream on stream.resource = asked.resource
  left join (
    select resource, count(*) as waiting, min(id) as head, min(created_at) as waiting_since
    from event_outbox where delivered_at is null group by resource
  ) queue on queue.resource = asked.resource
  left join event_outbox head on head.id = queue.head
  order by asked.resource collate "C"`

/**
 * The streams of the policy in force, with their state in the database.
 *
 * @param onQueued - called once an event was committed, to send it without waiting
 */
export function createEventStreams(
  { database, policy, settings, now }: Pick<Context, 'database' | 'policy' | 'settings' | 'now'>,
  onQueued: () => void,
): EventStreams {
  const outbox = createOutbox(database)

  /** APIs that receive events, in order, and where they do. */
  async function addresses(): Promise<readonly Pick<EventStream, 'resource' | 'address'>[]> {
    const { document } = await policy.current()
    return Object.entries(document.resources)
      .flatMap(([resource, { securityEvents: address }]) => (address === undefined ? [] : [{ resource, address }]))
      .toSorted((a, b) => (a.resource < b.resource ? -1 : 1))
  }

  return {
    list: async ({ after = '', limit }) => {
      const asked = (await addresses()).filter(({ resource }) => resource > after).slice(0, limit)
      return database.query<EventStream>(stateOf, [json(asked)])
    },
    verify: async (resource, state) => {
      const isOne = (await addresses()).some((stream) => stream.resource === resource)
      if (!isOne) throw new NotFoundError('this API receives no security events')
      const claims = describeVerification(resource, state, { issuer: settings.issuer, now: Math.floor(now()) })
      await outbox.queue(resource, claims)
      database.afterCommit(onQueued)
      return claims.jti
    },
  }
}
