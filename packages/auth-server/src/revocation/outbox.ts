import type { JWTPayload } from 'jose'
import { type Database, first } from '../database/database.js'

/** A security event on its way to one API. */
export interface QueuedEvent {
  readonly id: number
  /** `jti`. */
  readonly eventId: string
  /** Claims of the security event token: signed when it is sent, so that a key that leaked meanwhile signs none. */
  readonly claims: JWTPayload
  /** This one included. */
  readonly attempts: number
  readonly createdAt: number
}

/** Events that wait, in order for each API. One process at a time has the first one of an API in hand. */
export interface Outbox {
  /** Puts an event at the end, in the transaction under way. */
  queue(resource: string, claims: JWTPayload): Promise<void>
  /** APIs whose first event is due. */
  due(now: number): Promise<readonly string[]>
  /** Takes the first event of an API in hand for `lease` seconds; undefined where it is not due or another process has it. */
  take(resource: string, now: number, lease: number): Promise<QueuedEvent | undefined>
  /** Hands an event back, due at `nextAttempt`. */
  postpone(id: number, nextAttempt: number): Promise<void>
  /** The API took an event. */
  delivered(id: number, now: number): Promise<void>
  /** The API did not take one: kept as the last time it did not. */
  failed(resource: string, now: number, error: string): Promise<void>
  /** Takes an event out that cannot be delivered. */
  drop(id: number): Promise<void>
}

interface OutboxRow {
  readonly id: number
  readonly event_id: string
  readonly content: string
  readonly attempts: number
  readonly created_at: number
}

/** Keeps the outbox in the database. */
export function createOutbox(database: Database): Outbox {
  return {
    queue: async (resource, claims) => {
      const created = claims.iat ?? 0
      await database.query(
        `insert into event_outbox (resource, event_id, content, next_attempt, created_at) values ($1, $2, $3, $4, $5)`,
        [resource, claims.jti ?? '', JSON.stringify(claims), created, created],
      )
    },
    due: async (now) => {
      const rows = await database.query<{ resource: string }>(
        `select resource from (
           select distinct on (resource) resource, next_attempt from event_outbox
           where delivered_at is null order by resource, id
         ) heads where next_attempt <= $1`,
        [now],
      )
      return rows.map(({ resource }) => resource)
    },
    take: async (resource, now, lease) => {
      const row = first(
        // two processes find the same row, and the one that comes second finds it is no longer due
        await database.query<OutboxRow>(
          `update event_outbox set next_attempt = $3, attempts = attempts + 1
           where id = (select min(id) from event_outbox where resource = $1 and delivered_at is null)
             and delivered_at is null and next_attempt <= $2
           returning id, event_id, content, attempts, created_at`,
          [resource, now, now + lease],
        ),
      )
      return row && read(row)
    },
    postpone: async (id, nextAttempt) => {
      await database.query('update event_outbox set next_attempt = $2 where id = $1 and delivered_at is null', [
        id,
        nextAttempt,
      ])
    },
    delivered: async (id, now) => {
      await database.query(
        `with taken as (update event_outbox set delivered_at = $2 where id = $1 returning resource)
         insert into event_streams (resource, delivered_at) select resource, $2::bigint from taken
         on conflict (resource) do update set delivered_at = excluded.delivered_at`,
        [id, now],
      )
    },
    failed: async (resource, now, error) => {
      await database.query(
        `insert into event_streams (resource, failed_at, error) values ($1, $2, $3)
         on conflict (resource) do update set failed_at = excluded.failed_at, error = excluded.error`,
        [resource, now, error],
      )
    },
    drop: async (id) => {
      await database.query('delete from event_outbox where id = $1', [id])
    },
  }
}

/** The content is what {@link Outbox.queue} wrote. */
function read(row: OutboxRow): QueuedEvent {
  return {
    id: row.id,
    eventId: row.event_id,
    claims: JSON.parse(row.content) as JWTPayload,
    attempts: row.attempts,
    createdAt: row.created_at,
  }
}
