import type { Logger } from 'pino'
import type { Database } from '../database/database.js'
import type { SigningKeys } from '../keys/signing-key.js'
import type { Settings } from '../settings.js'
import type { AuditTrail } from './audit-trail.js'
import { type ChainStore, createChainStore } from './chain-store.js'
import { type CheckpointRhythm, createCheckpoints } from './checkpoints.js'
import { type AuditEvent, describeRecord, type Observer } from './event.js'
import { readAllEvents } from './read-all.js'
import type { AuditRecord } from './record.js'
import { findEvent, searchEvents } from './search.js'
import { createUlids } from './ulid.js'
import { verifyTrail } from './verify.js'

/** What a trail is made of. */
export interface AuditTrailOptions {
  readonly database: Database
  /** Signs checkpoints. */
  readonly keys: Pick<SigningKeys, 'sign' | 'published'>
  /** Seconds since the epoch; fractions give events their milliseconds. */
  readonly now: () => number
  readonly settings: Pick<Settings, 'issuer' | 'instance' | 'audit'>
  readonly log: Pick<Logger, 'error' | 'info'>
  /** Version of the policy in force; undefined while there is none. */
  readonly policyVersion?: () => number | undefined
  /** Default: every 1000 events and every 60 s. */
  readonly checkpoints?: CheckpointRhythm
}

/** Creates the trail of this process. A timer signs its end now and then until it is closed. */
export function createAuditTrail(options: AuditTrailOptions): AuditTrail {
  const { database, keys, now, settings, log, policyVersion } = options
  const { instance, issuer } = settings
  const createUlid = createUlids()
  const chainsOf = (writer: string): ChainStore => createChainStore(database, writer, () => createUlid(now() * 1000))
  const chains = chainsOf(instance)
  const checkpoints = createCheckpoints({ database, keys, now, log, issuer, instance, rhythm: options.checkpoints })
  let lost = 0
  let told = 0

  function describe(record: AuditRecord): AuditEvent {
    const time = now() * 1000
    const observer: Observer = { service: 'auth-server', instance, policy_version: policyVersion?.() }
    return describeRecord(record, createUlid(time), time, observer)
  }

  async function appendTo(store: ChainStore, events: readonly AuditEvent[]): Promise<void> {
    await store.append(events, Math.floor(now()), ({ number, previous }) => ({
      ...describe({ type: 'audit.chain_started' }),
      // as it is: a name that was cut to fit names nothing
      detail: { number, previous: previous && { ...previous } },
    }))
    database.afterCommit(() => checkpoints.count(events.length))
  }

  const append = (events: readonly AuditEvent[]): Promise<void> => appendTo(chains, events)

  /** An event that cannot be written is counted; the next that can be comes after one that tells the count. */
  async function appendOrCount(events: readonly AuditEvent[]): Promise<void> {
    const total = lost
    const missing = total > told ? [describe({ type: 'audit.dropped', detail: { dropped_total: total } })] : []
    try {
      await database.savepoint(() => append([...missing, ...events]))
      database.afterCommit(() => {
        told = Math.max(told, total)
      })
    } catch (error) {
      lost += events.length
      log.error({ err: error, lost }, 'audit events are lost')
    }
  }

  const write = settings.audit === 'required' ? append : appendOrCount

  return {
    record: (record) =>
      database.transaction(async () => {
        database.beforeCommit(write, describe(record))
      }),
    append: (source, events) => database.transaction(() => appendTo(chainsOf(source), events)),
    search: (filter, page) => searchEvents(database, filter, page),
    find: (id, client) => findEvent(database, id, client),
    readAll: (filter) => readAllEvents(database, filter),
    verify: (trusted) => verifyTrail(database, async () => trusted ?? (await keys.published('checkpoint')), issuer),
    checkpoint: () => checkpoints.sign(),
    close: () => checkpoints.close(),
  }
}
