import type { Commands } from './commands.js'

/** Milliseconds by which the clock of Redis is ahead of the one here, never less than it is and never below 0. */
export type ClockLead = () => Promise<number>

/** Milliseconds after which clocks are compared again. */
const validity = 60_000

/**
 * Compares clocks, with the first call and with one call each minute. Redis forgets a key by its own clock, and one whose
 * time has come already it answers with `OK` and does not keep at all: two clocks that differ would be no protection.
 *
 * @param now seconds since the epoch
 */
export function createClockLead({ send }: Commands, now: () => number): ClockLead {
  let lead: Promise<number> | undefined
  let validUntil = Number.NEGATIVE_INFINITY

  async function measure(): Promise<number> {
    const askedAt = now() * 1000
    return Math.max(0, Math.ceil(readTime(await send('TIME')) - askedAt))
  }

  return () => {
    const time = performance.now()
    if (lead === undefined || time > validUntil) {
      const measured = measure()
      measured.catch(() => {
        lead = undefined
      })
      lead = measured
      validUntil = time + validity
    }
    return lead
  }
}

/** Seconds and microseconds, both as text. */
function readTime(answer: unknown): number {
  const [seconds, microseconds] = Array.isArray(answer) ? answer.map(Number) : []
  const time = Number(seconds) * 1000 + Number(microseconds) / 1000
  if (!(time > 0)) throw new Error('Redis answered TIME with something else')
  return time
}
