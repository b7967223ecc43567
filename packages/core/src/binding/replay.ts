import { runtime } from '#runtime'
import { checkNumber } from '../check.js'
import { AccessError } from '../errors.js'
import type { VerifiedToken } from '../token/verified-token.js'
import { createExpiryQueue } from './expiry-queue.js'

/** Remembers what may be used only once. Where several processes share the load, they must share the store. */
export interface ReplayStore {
  /**
   * Reserves a key, atomically: of any number of calls for the same key, wherever they come from, one is the first.
   * Rejects when that cannot be told, for a key that has expired already as well: it would be forgotten at once.
   *
   * @param key at most 64 characters of printable ASCII
   * @param expiresAt seconds since the epoch, not always whole; until then the key must not be forgotten
   * @returns true for the first call, false for every other one
   */
  reserve(key: string, expiresAt: number): Promise<boolean>
}

/** Settings of {@link createMemoryReplayStore}. */
export interface MemoryReplayStoreOptions {
  /** Keys remembered at most, about 300 bytes each. Default 100000. */
  readonly maxEntries?: number
  /** Seconds since the epoch. Default: the system clock. */
  readonly now?: () => number
}

/** Expired keys that are dropped at each call: more than a call can add, and never so many that others wait. */
const sweepSize = 16

/**
 * A replay store in the memory of one process. A key is forgotten when it has expired and not before: a store that is
 * full of live keys rejects. There is no timer; expired keys make room as new ones come.
 *
 * @throws ConfigurationError
 */
export function createMemoryReplayStore(options: MemoryReplayStoreOptions = {}): ReplayStore {
  const { maxEntries = 100_000, now = () => Date.now() / 1000 } = options
  checkNumber(1, 10_000_000, 'entries')(maxEntries, 'maxEntries')
  const entries = new Map<string, { readonly key: string; readonly expiresAt: number }>()
  const queue = createExpiryQueue<{ readonly key: string; readonly expiresAt: number }>()

  function sweep(time: number): void {
    for (let i = 0; i < sweepSize; i++) {
      const expired = queue.takeExpired(time)
      if (expired === undefined) return
      if (entries.get(expired.key) === expired) entries.delete(expired.key)
    }
  }

  return {
    async reserve(key, expiresAt) {
      const time = now()
      sweep(time)
      const known = entries.get(key)
      if (known !== undefined && known.expiresAt > time) return false
      if (expiresAt <= time) throw new Error('the key has expired already: do the clocks differ?')
      if (entries.size >= maxEntries) throw new Error('the replay store is full of live entries')
      const entry = { key, expiresAt }
      entries.set(key, entry)
      queue.add(entry)
      return true
    },
  }
}

/** Settings of {@link createReplayGuard}. */
export interface ReplayGuardSettings {
  readonly store: ReplayStore
  /** Milliseconds the store may take. */
  readonly timeout: number
  /** Whether a use counts as good while the store cannot tell. */
  readonly allowWhenUnavailable: boolean
  /** Seconds since the epoch. */
  readonly now: () => number
  /** Told when the store begins to fail, not at each failure. */
  readonly onFailure?: (cause: unknown) => void
}

/** What is known of a use: the first one, another one, or unknown and allowed all the same. */
export type Use = 'first' | 'replayed' | 'unchecked'

/** Asks the replay store, within a time limit and no more often than a failing store can bear. */
export interface ReplayGuard {
  /** @throws AccessError `replay_unavailable`, unless uses are allowed when the store cannot tell */
  claim(key: string, expiresAt: number): Promise<Use>
}

/** Seconds a failing store is left alone. */
const pause = 1

/**
 * After a failure nobody asks the store for a second; then one call at a time does, until one succeeds. What is refused
 * meanwhile is refused at once: nothing waits in a queue.
 */
export function createReplayGuard(settings: ReplayGuardSettings): ReplayGuard {
  const { store, timeout, allowWhenUnavailable, now, onFailure } = settings
  let failure: { readonly at: number; readonly cause: unknown } | undefined
  let probing = false

  function unavailable(cause: unknown): 'unchecked' {
    if (allowWhenUnavailable) return 'unchecked'
    throw new AccessError('replay_unavailable', { cause, retryAfter: pause })
  }

  /** A clock that was set back ends the pause, or it could last for hours. */
  function isPausing(at: number): boolean {
    const elapsed = now() - at
    return elapsed >= 0 && elapsed < pause
  }

  async function ask(key: string, expiresAt: number): Promise<Use> {
    try {
      const isFirst = await answerWithin(timeout, store.reserve(key, expiresAt))
      if (typeof isFirst !== 'boolean') throw new TypeError('a replay store must answer true or false')
      return isFirst ? 'first' : 'replayed'
    } catch (cause) {
      const isNew = failure === undefined
      failure = { at: now(), cause }
      if (isNew) onFailure?.(cause)
      return unavailable(cause)
    }
  }

  return {
    async claim(key, expiresAt) {
      if (failure === undefined) return ask(key, expiresAt)
      if (probing || isPausing(failure.at)) return unavailable(failure.cause)
      const before = failure
      probing = true
      try {
        const use = await ask(key, expiresAt)
        if (failure === before) failure = undefined
        return use
      } finally {
        probing = false
      }
    },
  }
}

/**
 * Rejects when there is no answer in time. One that came in while the process was busy still counts: it is heard before
 * the limit is enforced.
 */
function answerWithin<T>(milliseconds: number, answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const tooLate = () => reject(new Error(`the replay store gave no answer within ${milliseconds} ms`))
    const timer = setTimeout(() => runtime.defer(tooLate), milliseconds)
    void Promise.resolve(answer)
      .then(resolve, reject)
      .finally(() => clearTimeout(timer))
  })
}

/**
 * Names the use of a token. Two texts of one token, such as the two forms of an ECDSA signature, have one name.
 *
 * @throws AccessError `claim_missing` when the token has no identifier
 */
export async function nameTokenUse({ issuer, tokenId }: Pick<VerifiedToken, 'issuer' | 'tokenId'>): Promise<string> {
  if (tokenId === undefined) throw new AccessError('claim_missing')
  return `token:${runtime.encodeBase64url(await runtime.sha256(JSON.stringify([issuer, tokenId])))}`
}
