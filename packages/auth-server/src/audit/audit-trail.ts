import type { JWK } from 'jose'
import type { AuditEvent } from './event.js'
import type { AuditRecord } from './record.js'

/** Begins the name of whoever writes through this server, not in its name: no process is called so. */
export const sourcePrefix = 'api:'

/** Filters of a search; every one given must match. */
export interface AuditFilter {
  /** `txn`. */
  readonly transaction?: string
  readonly subject?: string
  readonly actor?: string
  readonly client?: string
  /** `resource.aud`. */
  readonly resource?: string
  /** `token.jti`. */
  readonly tokenId?: string
  /** `trace.trace_id`. */
  readonly trace?: string
  /** `tool.call_id`. */
  readonly toolCall?: string
  readonly decision?: 'allow' | 'deny' | 'error'
  /** `reason.code`. */
  readonly reason?: string
  /** One, or several of which one must match. */
  readonly type?: string | readonly [string, ...string[]]
  /** The first moment. Seconds since the epoch. */
  readonly from?: number
  /** The moment after the last. Seconds since the epoch. */
  readonly to?: number
}

/** Which part of what was found. */
export interface AuditPage {
  /** `next` of the page before. */
  readonly after?: string
  /** Events, 1 to 1000. */
  readonly limit: number
  /** Default `oldest` first. */
  readonly order?: 'oldest' | 'newest'
}

/** An event as it was kept: the text that was hashed, parsed. */
export type StoredEvent = Readonly<Record<string, unknown>>

/**
 * What happened, append-only for the processes of this server. Each keeps hash chains, one for every transaction it commits side
 * by side at the most, and signs their ends now and then.
 */
export interface AuditTrail {
  /**
   * Appends an event to the transaction under way: what it tells of and the event are kept together or not at all.
   * Outside a transaction it opens one. The event is written as the last thing of the transaction; when that fails, `required`
   * rolls the transaction back, and `best-effort` counts the event as lost, logs that, and says so in the next event.
   */
  record(record: AuditRecord): Promise<void>
  /**
   * Appends events of somebody else, as they are, to chains of their own, in the transaction under way.
   *
   * @param source - who wrote them; begins with {@link sourcePrefix}
   */
  append(source: string, events: readonly AuditEvent[]): Promise<void>
  /**
   * Events in order of time, a page at a time.
   *
   * @throws InvalidInputError when `after` is no cursor
   */
  search(
    filter: AuditFilter,
    page: AuditPage,
  ): Promise<{ readonly events: readonly StoredEvent[]; readonly next?: string }>
  /**
   * One event; undefined where there is none such.
   *
   * @param client - who sent it; undefined for one that this server wrote in its own name
   */
  find(id: string, client?: string): Promise<StoredEvent | undefined>
  /**
   * All events that match and are there now, in order of time, in pieces: as many as there are take no more memory than few.
   * An error while they are read is one of the iteration.
   */
  readAll(filter: AuditFilter): Promise<AsyncIterable<readonly StoredEvent[]>>
  /**
   * Reads every chain and names the first record of each that was altered, is missing, or was cut off. Reads page by page, so
   * a trail of any length takes the same memory; events that are written meanwhile do no harm.
   *
   * Chains are numbered as they begin; each names the one before it, and every checkpoint the newest one of the whole trail. So
   * a chain that is gone with all its rows is named by the next, by a later checkpoint of any other, or by the gap it leaves.
   *
   * What it cannot see is what no checkpoint tells of. That is what was altered, all digests made anew, or cut off since the last
   * one: 60 s or 1000 events, by default, of one process. And it is a trail cut back to a moment together with *all* checkpoints
   * of *all* chains since then, which takes whoever owns the database. Where little happens these are few: a chain is signed when
   * it grew. The log has a line for every checkpoint.
   *
   * @param trusted - public keys of checkpoints that were kept elsewhere. Default: those in the database
   */
  verify(trusted?: readonly JWK[]): Promise<AuditVerification>
  /** Signs the ends of this process's chains. Called by a timer and on close. */
  checkpoint(): Promise<void>
  /** Stops the timer and signs the ends. Never rejects. */
  close(): Promise<void>
}

/**
 * What is wrong with a record. `altered` at the place of a checkpoint: this record or one since the checkpoint before, all digests
 * made anew. `missing` of a chain that is wholly gone: another one names it, or a checkpoint, or nothing does and its name is its
 * number.
 */
export type AuditFault = 'altered' | 'missing' | 'reordered' | 'truncated' | 'forged_checkpoint'

/** The first thing that is wrong in a chain. */
export interface ChainFault {
  readonly seq: number
  readonly what: AuditFault
}

/** How a chain was found. */
export interface ChainVerification {
  readonly chain: string
  /** Events that were read: all of them, or up to the page with the fault. */
  readonly events: number
  readonly checkpoints: number
  readonly fault?: ChainFault
}

/** How the trail was found. */
export interface AuditVerification {
  readonly intact: boolean
  readonly chains: readonly ChainVerification[]
}
