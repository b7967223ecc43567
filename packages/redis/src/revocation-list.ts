import {
  AccessError,
  ConfigurationError,
  createRevocationList,
  type Revocation,
  type RevocationCheck,
  type RevocationSink,
  type VerifiedToken,
  type WarningListener,
  type Watermark,
} from '@behalf/core'
import {
  checkClient,
  checkElsewhere,
  checkFunction,
  checkMilliseconds,
  checkOptions,
  checkSubscriber,
  checkText,
} from './check.js'
import { type RedisClient, whenReady } from './client.js'
import { createCommands } from './commands.js'
import { createFollower } from './follower.js'
import { createLocalCopy } from './local-copy.js'
import { createSubscription, type RedisSubscriber } from './subscription.js'
import { createWatermarkStore } from './watermark-store.js'

/** Settings of {@link createRedisRevocationList}. */
export interface RedisRevocationListOptions {
  /** A connected client, for commands. It may be used for other things too. */
  readonly client: RedisClient
  /** Another connected client, such as `client.duplicate()`, for its subscription. */
  readonly subscriber: RedisSubscriber
  /** What keys and the channel are named after. Processes that share revocations must have the same. Default `behalf:revocations:`. */
  readonly prefix?: string
  /**
   * Milliseconds for which the last known list serves while Redis is out of reach; past it every token is refused with
   * `revocation_unavailable`. A revocation of another process may take so long to be enforced, and no longer. Default 10000.
   */
  readonly staleAfter?: number
  /** Told what an operator should know. It must not throw; what it throws is ignored. */
  readonly onWarning?: WarningListener
  /** As for `createRevocationList` of `@behalf/core`, and the same in every process. Default 86400. */
  readonly maxTokenLifetime?: number
  /** As for `createRevocationList` of `@behalf/core`. A list that cannot hold what Redis has refuses every token. */
  readonly maxEntries?: number
  /** Seconds since the epoch. Default: the system clock. */
  readonly now?: () => number
}

/** Revocations that processes share. */
export interface RedisRevocationList extends RevocationCheck, RevocationSink {
  /**
   * Answers at once while the list is current, which is the rule. Before the first reading, and for a moment after the
   * process was asleep, it answers when that is known.
   *
   * @throws AccessError `revocation_unavailable` when Redis has been out of reach for longer than `staleAfter`, and what
   * the list of `@behalf/core` throws
   */
  isRevoked(token: VerifiedToken): boolean | Promise<boolean>
  /**
   * Withdraws tokens: in this process at once, and in every other one within a second of being recorded in Redis.
   * Resolves when it is recorded there, with what is in force.
   *
   * @throws AccessError `revocation_unavailable` when Redis did not confirm. The revocation stays in force here, and is
   * recorded when Redis is back, if this process lives to see it: do it again, it changes nothing twice
   * @throws TypeError when the revocation is malformed
   * @throws Error when the list is full
   */
  revoke(revocation: Revocation): Promise<Watermark>
  /** Every revocation known here that still matters. */
  entries(): Iterable<Watermark>
  /** How many are held. */
  readonly size: number
  /**
   * Resolves when the list is current: for start-up and readiness checks.
   *
   * @throws AccessError `revocation_unavailable`
   */
  ready(): Promise<void>
  /** Stops reading, within a second, and leaves the clients as they were. From then on every token is refused. */
  close(): Promise<void>
}

/** Milliseconds between two looks at the log, whether or not a message came: it is how a dead connection is noticed. */
const heartbeat = 500
/** Milliseconds that a client which is still connecting may take before that is a failure. */
const connectionPatience = 5_000

const checks = {
  client: checkClient,
  subscriber: checkSubscriber,
  prefix: checkText,
  staleAfter: checkMilliseconds(1_000, 3_600_000),
  onWarning: checkFunction,
  maxTokenLifetime: checkElsewhere,
  maxEntries: checkElsewhere,
  now: checkFunction,
}

/**
 * A revocation list that any number of processes share through Redis or Valkey. What one withdraws, the others know by a
 * message, or else with the next look at the log, twice a second. Looking a token up stays a matter of this process: the
 * whole list is held here too.
 *
 * A process that starts reads everything. One that connects again reads on from where it was, or everything when Redis
 * does not know that place any more, and writes back what Redis has lost. Where watermarks of one name differ, the later
 * moment counts: nothing is forgotten early.
 *
 * Reading begins now; the clients may still be connecting.
 *
 * @throws ConfigurationError
 */
export function createRedisRevocationList(options: RedisRevocationListOptions): RedisRevocationList {
  checkOptions(options, checks, ['client', 'subscriber'])
  const { client, subscriber, prefix = 'behalf:revocations:', staleAfter = 10_000 } = options
  const { maxTokenLifetime, maxEntries, now } = options
  if (Object.is(client, subscriber)) throw new ConfigurationError('subscriber', 'must be another client than client')
  const warn = createWarn(options.onWarning)

  const list = createRevocationList({ maxTokenLifetime, maxEntries, now })
  const commands = createCommands(client)
  const store = createWatermarkStore(commands, prefix)
  const copy = createLocalCopy(store, list, (cause) =>
    warn({ code: 'revocation_skipped', message: 'Redis has a revocation that this version cannot read', cause }),
  )
  const closing = new AbortController()
  const connected = whenReady(client, connectionPatience, closing.signal)
  const follower = createFollower(copy, connected, staleAfter, warn)
  const follow = (): void => void follower.follow()
  const subscription = createSubscription(subscriber, store.channel, follow, (cause) =>
    warn({ code: 'revocations_unsubscribed', message: 'revocations come in twice a second, not at once', cause }),
  )

  /** After an outage, or on another server than before. */
  function onReady(): void {
    copy.suspectLoss()
    follow()
  }

  client.on('ready', onReady)
  const timer = setInterval(() => {
    subscription.renew()
    follow()
  }, heartbeat)
  follow()

  return {
    isRevoked(token) {
      if (follower.isCurrent()) return list.isRevoked(token)
      return follower.demandCurrent().then(() => list.isRevoked(token))
    },

    async revoke(revocation) {
      const watermark = list.revoke(revocation)
      try {
        await copy.record(watermark)
      } catch (cause) {
        throw new AccessError('revocation_unavailable', { cause, retryAfter: 1 })
      }
      return watermark
    },

    entries: () => list.entries(),

    get size() {
      return list.size
    },

    ready: () => follower.demandCurrent(),

    async close() {
      clearInterval(timer)
      client.off('ready', onReady)
      closing.abort()
      follower.close()
      commands.close()
      await subscription.close()
    },
  }
}

/** A listener that cannot disturb. */
function createWarn(onWarning: WarningListener | undefined): WarningListener {
  return (warning) => {
    try {
      onWarning?.(warning)
    } catch {
      // A listener must not throw.
    }
  }
}
