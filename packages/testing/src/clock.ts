/** A clock that a test can stop and move. Unit: seconds since the epoch (NumericDate, RFC 7519 section 2). */
export interface TestClock {
  /** The time of this clock, in seconds; fractional while it runs. Give it to what is tested: `{ now: issuer.clock.now }`. */
  readonly now: () => number
  /** Stops the clock at `seconds` since the epoch. */
  readonly set: (seconds: number) => void
  /** Moves the clock by `seconds`, back when negative. A running clock goes on running, a stopped one stays stopped. */
  readonly advance: (seconds: number) => void
  /** Undoes every `set` and `advance`: the clock shows its source again. */
  readonly reset: () => void
}

function finite(seconds: number): number {
  if (!Number.isFinite(seconds)) throw new TypeError('a clock is moved by a finite number of seconds')
  return seconds
}

/**
 * Creates a clock that runs until it is set.
 *
 * @param source - where the time comes from, in seconds since the epoch; default: the system's clock
 */
export function createTestClock(source: () => number = () => Date.now() / 1000): TestClock {
  let stoppedAt: number | undefined
  let offset = 0
  return {
    now: () => stoppedAt ?? source() + offset,
    set(seconds) {
      stoppedAt = finite(seconds)
    },
    advance(seconds) {
      if (stoppedAt === undefined) offset += finite(seconds)
      else stoppedAt += finite(seconds)
    },
    reset() {
      stoppedAt = undefined
      offset = 0
    },
  }
}
