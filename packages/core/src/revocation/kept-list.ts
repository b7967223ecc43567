import { AccessError } from '../errors.js'
import type { StatusList } from './status-list-token.js'

/** Times of a kept list, in seconds. */
export interface KeptListTimes {
  /** How long a list is kept at most before it is fetched again; its `ttl` may shorten that. */
  readonly maxAge: number
  /** How much longer the last list serves while a newer one cannot be had; never past its `exp`. */
  readonly staleFor: number
  readonly clockTolerance: number
}

/** What a kept list needs from its surroundings. */
export interface KeptListOptions {
  readonly times: KeptListTimes
  /** Fetches the list. It is never called twice at a time. */
  readonly load: () => Promise<StatusList>
  /** Whether a list still counts by the key that proved it. */
  readonly isVouchedFor: (list: StatusList) => boolean
  readonly onFailure: (cause: unknown) => void
  readonly onStale: () => void
  /** Seconds since the epoch. */
  readonly now: () => number
}

/** One status list, fetched when it is first needed and kept up to date while it is asked for. */
export interface KeptList {
  /**
   * The list, at once while it is at hand.
   *
   * @throws AccessError `revocation_unavailable` when no list that still counts can be had
   */
  get(): StatusList | Promise<StatusList>
}

/** A list in service, with the moments at which it is refreshed, overdue and no longer served. */
interface Service {
  readonly list: StatusList
  readonly since: number
  readonly refreshFrom: number
  readonly freshUntil: number
  readonly staleUntil: number
}

const refreshAhead = 0.75
const minAge = 5
const firstBackoff = 1
const maxBackoff = 30

/**
 * One fetch at a time; ahead of time in the background; past it a token waits for the fetch, unless that was tried and
 * failed: then the last list serves for as long as it may.
 */
export function createKeptList({ times, load, isVouchedFor, onFailure, onStale, now }: KeptListOptions): KeptList {
  let service: Service | undefined
  let inFlight: Promise<void> | undefined
  let failures = 0
  let failedAt = Number.NEGATIVE_INFINITY
  let attemptAllowedFrom = Number.NEGATIVE_INFINITY

  /** The list that may serve now, if any. Starts a refresh in the background when one is due. */
  function serving(): StatusList | undefined {
    if (service === undefined || !isVouchedFor(service.list)) return undefined
    const time = now()
    if (time < service.refreshFrom && time >= service.since) return service.list
    if (time >= service.staleUntil) return undefined
    const overdue = time >= service.freshUntil
    if (overdue && failedAt < service.refreshFrom) return undefined
    if (isAttemptAllowed(time)) {
      if (overdue) onStale()
      void refresh()
    }
    return service.list
  }

  /** A clock that stepped back must not stop refreshing for the length of the step. */
  function isAttemptAllowed(time: number): boolean {
    return time >= attemptAllowedFrom || time < attemptAllowedFrom - maxBackoff
  }

  /** Never rejects. */
  function refresh(): Promise<void> {
    inFlight ??= attempt().finally(() => {
      inFlight = undefined
    })
    return inFlight
  }

  async function attempt(): Promise<void> {
    try {
      keep(newest(await load()))
      failures = 0
      attemptAllowedFrom = now() + firstBackoff
    } catch (cause) {
      failures += 1
      failedAt = now()
      attemptAllowedFrom = failedAt + Math.min(firstBackoff * 2 ** Math.min(failures - 1, 30), maxBackoff)
      onFailure(cause)
    }
  }

  /** A cache on the way may still hold an older list: what is revoked does not come back with it. */
  function newest(loaded: StatusList): StatusList {
    if (service === undefined || loaded.issuedAt >= service.list.issuedAt) return loaded
    return isVouchedFor(service.list) ? service.list : loaded
  }

  function keep(list: StatusList): void {
    const since = now()
    const end = list.expiresAt + times.clockTolerance
    const lifetime = Math.min(Math.max(list.ttl ?? times.maxAge, minAge), times.maxAge, end - since)
    const freshUntil = since + lifetime
    const refreshFrom = since + lifetime * refreshAhead
    service = { list, since, refreshFrom, freshUntil, staleUntil: Math.min(freshUntil + times.staleFor, end) }
  }

  async function acquire(): Promise<StatusList> {
    if (inFlight !== undefined || isAttemptAllowed(now())) await refresh()
    const list = serving()
    if (list === undefined) {
      throw new AccessError('revocation_unavailable', { retryAfter: attemptAllowedFrom - now() })
    }
    return list
  }

  return { get: () => serving() ?? acquire() }
}
