import type { Context } from '../context.js'
import { json } from '../database/database.js'
import { NotFoundError } from '../errors.js'
import type { EventStream, EventStreams } from './event-stream.js'
import { createOutbox } from './outbox.js'
import { describeVerification } from './security-event.js'

interface StateRow {
  readonly resource: string
  readonly waiting: number
  readonly waiting_since: number | null
  readonly attempts: number | null
  readonly next_attempt: number | null
  readonly delivered_at: number | null
  readonly failed_at: number | null
  readonly error: string | null
}

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

  async function addresses(): Promise<ReadonlyMap<string, string>> {
    const { document } = await policy.current()
    return new Map(
      Object.entries(document.resources).flatMap(([resource, { securityEvents }]) =>
        securityEvents === undefined ? [] : [[resource, securityEvents]],
      ),
    )
  }

  async function statesOf(resources: readonly string[]): Promise<ReadonlyMap<string, StateRow>> {
    const rows = await database.query<StateRow>(
      `select asked.resource, coalesce(queue.waiting, 0)::integer as waiting, queue.waiting_since, head.attempts,
         head.next_attempt, stream.delivered_at, stream.failed_at, stream.error
       from jsonb_array_elements_text($1::jsonb) as asked (resource)
       left join event_streams stream on stream.resource = asked.resource
       left join (
         select resource, count(*) as waiting, min(id) as head, min(created_at) as waiting_since
         from event_outbox where delivered_at is null group by resource
       ) queue on queue.resource = asked.resource
       left join event_outbox head on head.id = queue.head`,
      [json(resources)],
    )
    return new Map(rows.map((row) => [row.resource, row]))
  }

  return {
    list: async ({ after = '', limit }) => {
      const all = await addresses()
      const resources = [...all.keys()]
        .filter((resource) => resource > after)
        .toSorted()
        .slice(0, limit)
      const states = await statesOf(resources)
      return resources.map((resource) => streamOf(resource, all.get(resource) ?? '', states.get(resource)))
    },
    verify: async (resource, state) => {
      if (!(await addresses()).has(resource)) throw new NotFoundError('this API receives no security events')
      const claims = describeVerification(resource, state, { issuer: settings.issuer, now: Math.floor(now()) })
      await outbox.queue(resource, claims)
      database.afterCommit(onQueued)
      return claims.jti
    },
  }
}

function streamOf(resource: string, address: string, state: StateRow | undefined): EventStream {
  return {
    resource,
    address,
    waiting: state?.waiting ?? 0,
    waitingSince: state?.waiting_since ?? null,
    attempts: state?.attempts ?? 0,
    nextAttempt: state?.next_attempt ?? null,
    deliveredAt: state?.delivered_at ?? null,
    failedAt: state?.failed_at ?? null,
    error: state?.error ?? null,
  }
}
