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
  /** Reads what is new; where that goes on already, once more afterwards. Then writes back what Redis lacks. */
  follow(): Promise<void>
  /** From now on nothing is current. */
  close(): void
}

/**
 * @param connected settles when the first attempt makes sense
 * @param staleAfter milliseconds for which a copy that cannot be compared with Redis is good
 */
export function createFollower(
  copy: LocalCopy,
  connected: Promise<void>,
  staleAfter: number,
  onWarning: WarningListener,
): Follower {
  let reading: Promise<void> | undefined
  let isAskedAgain = false
  let isWriting = false
  let failure: { readonly cause: unknown } | undefined
  let isStaleTold = false
  let isWriteFailing = false
  let isClosed = false

  const isCurrent = (): boolean => !isClosed && performance.now() - copy.currentAt <= staleAfter

  function warn(code: Warning['code'], message: string, cause: unknown): void {
    if (!isClosed) onWarning({ code, message, cause })
  }

  function follow(): Promise<void> {
    isAskedAgain = reading !== undefined
    reading ??= connected
      .then(copy.read)
      .then(onRead, onReadFailure)
      .finally(() => {
        reading = undefined
        if (isAskedAgain && failure === undefined) void follow()
      })
    return reading
  }

  function onRead(): void {
    failure = undefined
    isStaleTold = false
    if (isWriting) return
    isWriting = true
    void copy.writeBack().then(onWritten, onWriteFailure)
  }

  function onReadFailure(cause: unknown): void {
    if (failure === undefined) warn('revocations_refresh_failed', 'the list cannot be compared with Redis', cause)
    failure = { cause }
    if (isStaleTold || isCurrent()) return
    isStaleTold = true
    warn('revocations_stale', 'the list is too old: tokens are refused', cause)
  }

  function onWritten(): void {
    isWriting = false
    isWriteFailing = false
  }

  function onWriteFailure(cause: unknown): void {
    if (!isWriteFailing) warn('revocations_unrecorded', 'Redis lacks revocations that are in force here', cause)
    isWriting = false
    isWriteFailing = true
  }

  return {
    isCurrent,
    follow,

    async demandCurrent() {
      // More than once, because an attempt under way may have asked before the process fell asleep.
      while (failure === undefined && !isCurrent()) await (reading ?? follow())
      if (!isCurrent()) throw new AccessError('revocation_unavailable', { ...failure, retryAfter: 1 })
    },

    close() {
      isClosed = true
    },
  }
}
