import { AccessError } from '../errors.js'
import type { JsonObject } from '../jws/compact.js'

/** How strongly, and how recently, the user must have signed in (RFC 9470). */
export interface AuthenticationRequirement {
  /** Accepted values of `acr`; empty means any. */
  readonly acr: readonly string[]
  /** Seconds since `auth_time`; undefined means any. */
  readonly maxAge: number | undefined
}

/**
 * Checks the user's authentication. A refusal names everything the route asks for, so that one new sign-in is enough.
 *
 * @param now seconds since the epoch
 * @param clockTolerance seconds
 * @throws AccessError `authentication_insufficient`
 */
export function checkAuthentication(
  claims: JsonObject,
  { acr, maxAge }: AuthenticationRequirement,
  now: number,
  clockTolerance: number,
): void {
  const isStrong = acr.length === 0 || (typeof claims.acr === 'string' && acr.includes(claims.acr))
  const isRecent =
    maxAge === undefined || isWithin(claims.auth_time, maxAge + clockTolerance, now + clockTolerance, now)
  if (isStrong && isRecent) return
  const parameters: Record<string, string> = {}
  if (acr.length > 0) parameters.acr_values = acr.join(' ')
  if (maxAge !== undefined) parameters.max_age = String(maxAge)
  throw new AccessError('authentication_insufficient', { parameters })
}

/** A time that lies in the future says nothing about how long ago the user signed in. */
function isWithin(time: unknown, age: number, latest: number, now: number): boolean {
  return typeof time === 'number' && time >= 0 && time <= latest && now - time <= age
}
