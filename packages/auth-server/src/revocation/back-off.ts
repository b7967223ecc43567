/** Seconds. */
const longest = 60

/**
 * Seconds until the next attempt after so many: doubled each time up to a minute, and spread, so that receivers that come
 * back are not met by everything at once.
 *
 * @param random - from 0 to 1
 */
export function backOff(attempts: number, random: number = Math.random()): number {
  const full = Math.min(2 ** Math.min(attempts - 1, 16), longest)
  return Math.max(1, Math.round(full / 2 + (full / 2) * random))
}
