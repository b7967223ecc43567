import { errors } from 'oidc-provider'

/** Seconds that a client assertion may still be good for: it is remembered so long, and of use to a thief so long. */
const maxLifetime = 600

/**
 * Refuses an assertion that is good for ever, or nearly (RFC 7523 section 3).
 *
 * @param now - seconds
 * @throws InvalidClientAuth
 */
export function checkAssertionEnd(exp: unknown, now: number): void {
  if (typeof exp === 'number' && exp <= now + maxLifetime) return
  throw new errors.InvalidClientAuth(`the client assertion must end within ${maxLifetime} seconds`)
}
