import { AccessError, type Warning, type WarningListener } from '@behalf/core'
import type { LocalCopy } from './local-copy.js'

/** Keeps a local copy current, and knows whether it is. */
export interface Follower {
  isCurrent(): boolean
  /**
   * Waits for the copy to become current, where that is still to be seen.
   *
   * @throws AccessError `revocation_unavailable` when it is not
   */
  demandCurrent(): Promise<void>
  /** Catches up. While that goes on already, once more afterwards. Never rejects. */
  follow(): Promise<void>
  /** From now on nothing is current. */
  close(): void
}

/**
 * @param connected settles when the first attempt makes sense
 * @param staleAfter milliseconds for which a copy that cannot catch up is good
 */
export function createFollower(
  copy: LocalCopy,
  connected: Promise<void>,
  staleAfter: number,
  onWarning: WarningListener,
): Follower {
  let running: Promise<void> | undefined
  let isAskedAgain = false
  let failure: { readonly cause: unknown } | undefined
  let isStaleKnown = false
  let isClosed = false

  const isCurrent = (): boolean => !isClosed && performance.now() - copy.currentAt <= staleAfter

  function succeed(): void {
    failure = undefined
    isStaleKnown = false
  }

  function fail(cause: unknown): void {
    const isNew = failure === undefined
    const warn = (code: Warning['code'], message: string): void => onWarning({ code, message, cause })
    failure = { cause }
    if (isClosed) return
    if (isNew) warn('revocations_refresh_failed', 'the list cannot be compared with Redis')
    if (isStaleKnown || isCurrent()) return
    isStaleKnown = true
    warn('revocations_stale', 'the list is too old: tokens are refused')
  }

  function follow(): Promise<void> {
    isAskedAgain = running !== undefined
    running ??= connected
      .then(copy.catchUp)
      .then(succeed, fail)
      .finally(() => {
        running = undefined
        if (isAskedAgain && failure === undefined) void follow()
      })
    return running
  }

  return {
    isCurrent,
    follow,

    async demandCurrent() {
      // More than once, because an attempt under way may have asked before the process fell asleep.
      while (failure === undefined && !isCurrent()) await (running ?? follow())
      if (!isCurrent()) throw new AccessError('revocation_unavailable', { ...failure, retryAfter: 1 })
    },

    close() {
      isClosed = true
    },
  }
}
