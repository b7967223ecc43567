import { LRUCache } from 'lru-cache'
import { AccessError } from '../errors.js'
import type { VerificationKey } from '../jws/key.js'
import type { WarningListener } from '../warning.js'
import type { KeyRing } from './key-ring.js'
import type { KeySet } from './key-set.js'

/** Times of a remote key set, in milliseconds. Names follow jose and jwks-rsa. */
export interface KeySetTimes {
  /** How long fetched keys count as fresh. `Cache-Control: max-age` may shorten it. */
  readonly cacheMaxAge: number
  /** An unknown `kid` is looked up at most once in this time; failed fetches back off up to it. */
  readonly cooldownDuration: number
  /** How much longer the last keys serve while the issuer cannot be reached. */
  readonly cacheMaxAgeFallback: number
}

/** What a fetch brought. */
export interface LoadedKeys {
  readonly ring: KeyRing
  /** Seconds; undefined when the answer had no opinion. */
  readonly maxAge: number | undefined
}

/** What a remote key set needs from its surroundings. */
export interface RemoteKeySetOptions {
  readonly issuer: string
  readonly times: KeySetTimes
  /** Fetches the keys. It is never called twice at a time. */
  readonly load: (signal: AbortSignal, previous: KeyRing | undefined) => Promise<LoadedKeys>
  readonly onWarning: WarningListener
  /** Seconds since the epoch. */
  readonly now: () => number
}

/** Keys in service, with the moments (seconds) at which they are refreshed, overdue and no longer served. */
interface Service {
  readonly ring: KeyRing
  readonly since: number
  readonly refreshFrom: number
  readonly freshUntil: number
  readonly staleUntil: number
}

const maxUnknownKids = 1000
const firstBackoff = 1
const refreshAhead = 0.75

/**
 * Keys fetched from the issuer. One fetch at a time; ahead of expiry in the background; past it a token waits for the
 * refresh, unless that was tried and failed, in which case the last keys go on serving for the stale window.
 */
export function createRemoteKeySet({ issuer, times, load, onWarning, now }: RemoteKeySetOptions): KeySet {
  const cooldown = times.cooldownDuration / 1000
  const closing = new AbortController()
  const unknownKids = new LRUCache<string, number>({ max: maxUnknownKids })
  let service: Service | undefined
  let inFlight: Promise<boolean> | undefined
  let failures = 0
  let failedAt = Number.NEGATIVE_INFINITY
  let attemptAllowedFrom = Number.NEGATIVE_INFINITY
  let lastLookUp: number | undefined

  /** The keys that may serve now, if any. Starts a refresh in the background when one is due. */
  function serving(): KeyRing | undefined {
    if (service === undefined) return undefined
    const time = now()
    if (time < service.refreshFrom && time >= service.since) return service.ring
    if (time >= service.staleUntil) return undefined
    const overdue = time >= service.freshUntil
    if (overdue && failedAt < service.refreshFrom) return undefined
    if (isAttemptAllowed(time)) {
      if (overdue) onWarning({ code: 'keys_stale', issuer, message: `stale keys of ${issuer} are serving` })
      void refresh()
    }
    return service.ring
  }

  /** A clock that stepped back must not stop refreshing for the length of the step. */
  function isAttemptAllowed(time: number): boolean {
    return time >= attemptAllowedFrom || time < attemptAllowedFrom - Math.max(cooldown, firstBackoff)
  }

  /** Resolves to whether keys were fetched. Never rejects. */
  function refresh(): Promise<boolean> {
    inFlight ??= attempt()
      .catch(() => false) // a clock that fails: the next request finds out
      .finally(() => {
        inFlight = undefined
      })
    return inFlight
  }

  async function attempt(): Promise<boolean> {
    try {
      closing.signal.throwIfAborted()
      const { ring, maxAge = Number.POSITIVE_INFINITY } = await load(closing.signal, service?.ring)
      const since = now()
      const lifetime = Math.min(Math.max(maxAge, cooldown), times.cacheMaxAge / 1000)
      const freshUntil = since + lifetime
      service = {
        ring,
        since,
        refreshFrom: since + lifetime * refreshAhead,
        freshUntil,
        staleUntil: freshUntil + times.cacheMaxAgeFallback / 1000,
      }
      failures = 0
      attemptAllowedFrom = since
      return true
    } catch (cause) {
      failures += 1
      failedAt = now()
      attemptAllowedFrom = failedAt + Math.min(firstBackoff * 2 ** Math.min(failures - 1, 30), cooldown)
      const reason = cause instanceof Error ? cause.message : 'failed'
      onWarning({ code: 'keys_refresh_failed', issuer, message: `keys of ${issuer} not refreshed: ${reason}`, cause })
      return false
    }
  }

  /** Waits for keys that may serve. */
  async function acquire(): Promise<KeyRing> {
    if (inFlight !== undefined || isAttemptAllowed(now())) await refresh()
    const ring = serving()
    if (ring === undefined) throw unavailable()
    return ring
  }

  /** Asks the issuer again because of a `kid` its keys do not have: at most once in the cooldown. */
  async function lookUp(...[kid, algorithm]: Parameters<KeyRing['find']>): Promise<void> {
    const time = now()
    if (isRecent(unknownKids.get(kid ?? ''), time)) return
    if (inFlight === undefined) {
      if (isRecent(lastLookUp, time)) return
      lastLookUp = time
    }
    const fetched = await refresh()
    if (fetched && service?.ring.find(kid, algorithm) === undefined) unknownKids.set(kid ?? '', now())
  }

  function isRecent(moment: number | undefined, time: number): boolean {
    return moment !== undefined && Math.abs(time - moment) < cooldown
  }

  function unavailable(): AccessError {
    return new AccessError('keys_unavailable', { retryAfter: attemptAllowedFrom - now() })
  }

  async function findWithNetwork(...[kid, algorithm]: Parameters<KeyRing['find']>): Promise<VerificationKey> {
    let ring = serving()
    if (ring === undefined) {
      ring = await acquire()
    } else {
      await lookUp(kid, algorithm)
      ring = serving() ?? ring
    }
    const key = ring.find(kid, algorithm)
    if (key !== undefined) return key
    throw failures > 0 ? unavailable() : new AccessError('key_not_found')
  }

  return {
    find(kid, algorithm, worthFetching) {
      const key = serving()?.find(kid, algorithm)
      if (key !== undefined) return key
      worthFetching()
      return findWithNetwork(kid, algorithm)
    },
    holds: (key) => serving()?.keys.has(key) ?? false,
    ready: async () => void (serving() ?? (await acquire())),
    close: () => closing.abort(new Error('the resource server is closed')),
  }
}
