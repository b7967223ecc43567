import { DelegationError } from './errors.js'

/** Milliseconds before the first further try; doubled each time. */
const firstPause = 100

/** Milliseconds between two tries at most: a server that wants to be left alone for longer is. */
const longestPause = 2_000

/** How long to go on. */
export interface Attempt {
  readonly signal: AbortSignal | undefined
  readonly retries: number
}

/** Tries again what failed for a moment, with pauses that grow and are never the same for two clients. */
export async function withRetries<T>({ signal, retries }: Attempt, attempt: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    if (signal?.aborted) throw aborted(signal)
    try {
      return await attempt()
    } catch (error) {
      const isWorthIt = error instanceof DelegationError && error.isTransient && tries < retries
      if (!isWorthIt || (error.retryAfter ?? 0) > longestPause) throw error
      const backOff = Math.min(longestPause, firstPause * 2 ** tries) * (0.5 + Math.random() / 2)
      await pause(Math.max(backOff, error.retryAfter ?? 0), signal)
    }
  }
}

/** What a caller that gave up gets. */
export function aborted(signal: AbortSignal): DelegationError {
  return new DelegationError('aborted', 'The request was aborted.', { cause: signal.reason })
}

function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, milliseconds)
    function done(): void {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    signal?.addEventListener('abort', done, { once: true })
  })
}
