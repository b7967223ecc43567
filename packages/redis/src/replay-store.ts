import type { ReplayStore } from '@behalf/core'
import { checkClient, checkFunction, checkOptions, checkText } from './check.js'
import type { RedisClient } from './client.js'
import { createCommands } from './commands.js'
import { createClockLead } from './redis-clock.js'

/** Settings of {@link createRedisReplayStore}. */
export interface RedisReplayStoreOptions {
  /** A connected client. It may be used for other things too. */
  readonly client: RedisClient
  /** What the names of the keys start with. Processes that share the load must have the same. Default `behalf:replay:`. */
  readonly prefix?: string
  /** Seconds since the epoch, by the clock that `expiresAt` is reckoned with. Default: the system clock. */
  readonly now?: () => number
}

const checks = { client: checkClient, prefix: checkText, now: checkFunction }

/**
 * A replay store that any number of processes share: one key in Redis or Valkey for each use, set if it is not there
 * (`SET ... NX PXAT`) and gone when the use has expired.
 *
 * `reserve` rejects when Redis cannot tell: at once while the client is not connected, whatever its offline queue is set
 * to; when Redis answers with an error or anything unexpected, or not within a second. A resource server turns that into
 * 503 `replay_unavailable`, and waits no longer than its own limit.
 *
 * There is nothing to close but the client.
 *
 * @throws ConfigurationError
 */
export function createRedisReplayStore(options: RedisReplayStoreOptions): ReplayStore {
  checkOptions(options, checks, ['client'])
  const { client, prefix = 'behalf:replay:', now = () => Date.now() / 1000 } = options
  const commands = createCommands(client)
  const clockLead = createClockLead(commands, now)

  return {
    async reserve(key, expiresAt) {
      const lead = await clockLead()
      if (!(expiresAt > now())) throw new Error('the key has expired already: do the clocks differ?')
      const until = Math.ceil(expiresAt * 1000) + lead
      const answer = await commands.send('SET', prefix + key, '1', 'NX', 'PXAT', String(until))
      if (answer === 'OK') return true
      if (answer === null) return false
      throw new Error('Redis answered SET with something else')
    },
  }
}
