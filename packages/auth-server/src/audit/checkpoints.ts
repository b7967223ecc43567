import type { Logger } from 'pino'
import { type Database, first } from '../database/database.js'
import type { SigningKeys } from '../keys/signing-key.js'
import { sourcePrefix } from './audit-trail.js'
import type { KnownEnd } from './chain.js'
import { checkpointType } from './checkpoint.js'

/** How often the ends of chains are signed: at whichever comes first, and on close. */
export interface CheckpointRhythm {
  /** Events of this process. */
  readonly events: number
  readonly seconds: number
}

/** Signs the ends of chains. */
export interface Checkpoints {
  /** Tells of events that were committed. Never throws. */
  count(events: number): void
  /** Signs the ends of this process's chains, of those written through the server, and of those that nobody has added to for a while. */
  sign(): Promise<void>
  /** Stops the timer and signs once more. Never rejects. */
  close(): Promise<void>
}

/** What checkpoints are made of. */
export interface CheckpointOptions {
  readonly database: Database
  readonly keys: Pick<SigningKeys, 'sign'>
  readonly now: () => number
  readonly log: Pick<Logger, 'error' | 'info'>
  readonly issuer: string
  readonly instance: string
  readonly rhythm?: CheckpointRhythm
}

interface UnsignedEnd {
  readonly chain: string
  readonly seq: number
  readonly hash: string
}

/** Seconds that the clocks of two processes may be apart. */
const skew = 600

/** What did not change since the last look was signed then, or is signed by whoever writes it: chains are many, in time. */
const unsignedEnds = `
  select chain, seq, hash from audit_chains as c
  where changed_at >= $4 and (instance = $1 or changed_at < $2 or starts_with(instance, $3))
    and seq > (select coalesce(max(seq), 0) from audit_checkpoints as p where p.chain = c.chain)`

/** Signed along with every end, so that the newest chain is told of by those of the others. */
const newestEnd = 'select chain, number, seq, hash from audit_chains order by number desc limit 1'

const keepCheckpoint = `
  insert into audit_checkpoints (chain, seq, hash, statement, created_at) values ($1, $2, $3, $4, $5)
  on conflict do nothing returning seq`

export function createCheckpoints(options: CheckpointOptions): Checkpoints {
  const { database, keys, now, log, issuer, instance, rhythm = { events: 1000, seconds: 60 } } = options
  let unsigned = 0
  let lookedAt = 0
  let underWay: Promise<void> | undefined
  const idle = Math.ceil(2 * rhythm.seconds)
  const timer = setInterval(startSigning, rhythm.seconds * 1000)
  timer.unref()

  /** One at a time: whoever asks for another gets it with the next. */
  function startSigning(): void {
    underWay ??= signOrLog().finally(() => {
      underWay = undefined
    })
  }

  async function signOrLog(): Promise<void> {
    try {
      await signEnds()
    } catch (error) {
      log.error({ err: error }, 'the audit trail has no new checkpoint')
    }
  }

  async function signEnds(): Promise<void> {
    unsigned = 0
    const seconds = Math.floor(now())
    // a process that ended without a last checkpoint gets one from those that run
    const ends = await database.query<UnsignedEnd>(unsignedEnds, [
      ...[instance, seconds - idle, sourcePrefix, Math.max(0, lookedAt - idle - skew)],
    ])
    const newest = first(await database.query<KnownEnd>(newestEnd))
    for (const { chain, seq, hash } of ends) {
      const claims = { iss: issuer, iat: seconds, chain, seq, hash, newest }
      const statement = await keys.sign('checkpoint', { typ: checkpointType }, claims)
      const kept = await database.query(keepCheckpoint, [chain, seq, hash, statement, seconds])
      // what a log keeps elsewhere shows that checkpoints were deleted with the events they sign
      if (kept.length > 0) log.info({ chain, seq, hash, newest }, 'audit checkpoint')
    }
    lookedAt = seconds
  }

  return {
    count: (events) => {
      unsigned += events
      if (unsigned >= rhythm.events) startSigning()
    },
    sign: signEnds,
    close: async () => {
      clearInterval(timer)
      await underWay
      await signOrLog()
    },
  }
}
