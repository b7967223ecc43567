import type { JoseHeader } from '../jws/header.js'
import type { Claims } from './claims.js'
import type { Confirmation } from './confirmation.js'
import type { Actor } from './delegation.js'

/**
 * A token whose signature, issuer, times, audience and delegation chain hold. Frozen throughout, and shared between the
 * requests that present the same token.
 */
export interface VerifiedToken {
  /** Undefined for an opaque token. */
  readonly header: JoseHeader | undefined
  /** Everything the issuer wrote, as it wrote it. */
  readonly claims: Claims
  readonly issuer: string
  readonly subject: string
  readonly audience: readonly string[]
  /** Seconds since the epoch. */
  readonly expiresAt: number
  /** Seconds since the epoch. */
  readonly issuedAt: number
  /** Seconds since the epoch; undefined without `nbf`. */
  readonly notBefore: number | undefined
  readonly clientId: string
  readonly scopes: readonly string[]
  readonly tokenId: string | undefined
  /** The key the token is bound to (`cnf`); undefined for a bearer token. */
  readonly confirmation: Confirmation | undefined
  /** `'delegated'` when the token has an `act` claim. */
  readonly mode: 'delegated' | 'direct'
  /**
   * The whole chain, current actor first, prior actors after it; empty for a direct token. Prior actors are history:
   * RFC 8693 section 4.1 forbids access decisions on them, so they are not part of `Principal`.
   */
  readonly delegation: readonly Actor[]
}
