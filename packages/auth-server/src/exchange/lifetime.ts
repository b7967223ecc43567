import { Refusal } from './refusal.js'

/** Seconds that no delegation token outlives. */
export const maxDelegationLifetime = 300

/**
 * When a token ends: after its lifetime, and never after anything it rests on.
 *
 * @param ends - s; null and undefined set no end
 * @throws Refusal `invalid_request` when that is now
 */
export function endOf(now: number, lifetime: number, ends: readonly (number | null | undefined)[]): number {
  const limits = ends.filter((end) => end !== null && end !== undefined)
  const end = Math.floor(Math.min(now + lifetime, ...limits))
  if (end <= now) throw new Refusal('invalid_request', 'nothing_left', 'what the token would rest on has ended')
  return end
}
