import type { JsonObject } from '../jws/compact.js'

/**
 * Where an issuer's access tokens keep what a decision needs. The default, {@link rfc9068}, is the standard profile;
 * another one names, claim by claim, what an issuer does differently.
 */
export interface ClaimProfile {
  /** For messages. */
  readonly name: string
  /** Accepted `typ` header values, lower case and without `application/`. */
  readonly types: readonly [string, ...string[]]
  /** Claims that hold scopes, the first present one counts: a space-separated string (RFC 8693 section 4.2). */
  readonly scopeClaims: readonly [string, ...string[]]
  /** Whether a scope claim may also be an array of strings, one scope each. */
  readonly scopeArrays: boolean
  /** Claims that hold the client identifier; the first present one counts, and one must be there. */
  readonly clientClaims: readonly [string, ...string[]]
  /** Claims that identify the token, such as `jti`; the first present one counts. */
  readonly tokenIdClaims: readonly [string, ...string[]]
  /** Whether a token without an identifier is refused. */
  readonly tokenIdRequired: boolean
  /**
   * What proves that a token is an access token where `typ` does not. Tokens it answers false for are refused with
   * `token_type_rejected`. Default: `typ` is proof enough.
   */
  readonly isAccessToken?: (claims: JsonObject) => boolean
}

/**
 * JWT access tokens as RFC 9068 defines them: `typ` is `at+jwt`, all seven required claims are there, scopes are the
 * `scope` string. What is given overrides single members, for issuers that differ in one thing:
 *
 * @example
 * rfc9068({ scopeClaims: ['scp'], scopeArrays: true })
 */
export function rfc9068(overrides: Partial<ClaimProfile> = {}): ClaimProfile {
  return Object.freeze({
    name: 'rfc9068',
    types: ['at+jwt'],
    scopeClaims: ['scope'],
    scopeArrays: false,
    clientClaims: ['client_id'],
    tokenIdClaims: ['jti'],
    tokenIdRequired: true,
    ...overrides,
  } satisfies ClaimProfile)
}
