import type { JsonObject } from '../jws/compact.js'

/**
 * Where an issuer's access tokens keep what a decision needs. The default, {@link rfc9068}, is the standard profile;
 * another one names, claim by claim, what an issuer does differently.
 */
export interface ClaimProfile {
  /** For messages. */
  readonly name: string
  /**
   * Accepted `typ` header values, lower case and without `application/`. `jwt` proves nothing: it needs
   * `isAccessToken`.
   */
  readonly types: readonly [string, ...string[]]
  /** Whether a header without `typ` is refused. Default true; `false` needs `isAccessToken`. */
  readonly typeRequired?: boolean
  /** Claims that identify the subject; the first present one counts, and one must be there. Default `sub`. */
  readonly subjectClaims?: readonly [string, ...string[]]
  /** Claims that hold scopes, the first present one counts: a space-separated string (RFC 8693 section 4.2). */
  readonly scopeClaims: readonly [string, ...string[]]
  /** Whether a scope claim may also be an array of strings, one scope each. */
  readonly scopeArrays: boolean
  /** Finds the scopes where no one claim has them, as a scope claim would hold them. Default: `scopeClaims`. */
  readonly scopes?: (claims: JsonObject) => unknown
  /** Claims that hold the client identifier; the first present one counts, and one must be there. */
  readonly clientClaims: readonly [string, ...string[]]
  /** Claims that identify the token, such as `jti`; the first present one counts. */
  readonly tokenIdClaims: readonly [string, ...string[]]
  /** Whether a token without an identifier is refused. */
  readonly tokenIdRequired: boolean
  /** Finds the APIs the token is meant for where `aud` does not say it, as `aud` would. Default: `aud`. */
  readonly audience?: (claims: JsonObject) => unknown
  /**
   * Finds the current actor of a token that has no `act` claim, and answers what that claim would be. Undefined: the
   * subject acts itself; anything else that is no proper `act` refuses the token.
   */
  readonly actor?: (claims: JsonObject) => unknown
  /**
   * What proves that a token is an access token where `typ` does not. Tokens for which it does not answer `true` are
   * refused with `token_type_rejected`. It sees claims whose signature was not checked yet. Default: `typ` is proof
   * enough.
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

/**
 * What an introspection endpoint says of an access token (RFC 7662 section 2.2), judged as strictly as a JWT: `sub`,
 * `client_id`, `aud`, `exp` and `iat` must be there, although the RFC makes them optional. `jti` may be absent, because
 * an opaque token is its own identifier; `singleUse` needs it all the same. `token_type` must be `Bearer` or `DPoP`: an
 * endpoint knows refresh tokens too, and says `active` of them.
 *
 * For an issuer that leaves something out, say what counts instead:
 *
 * @example
 * introspected({ subjectClaims: ['sub', 'client_id'] }) // no sub: the client calls for itself
 */
export function introspected(overrides: Partial<ClaimProfile> = {}): ClaimProfile {
  return rfc9068({ name: 'introspected', tokenIdRequired: false, isAccessToken: isIntrospectedToken, ...overrides })
}

/** Some issuers say in a claim of their own what kind of token they speak of: then it has to be the right kind. */
function isIntrospectedToken({
  token_type: type,
  token_use: use = 'access_token',
  typ: kind = 'Bearer',
}: JsonObject): boolean {
  return (
    typeof type === 'string' &&
    /^(bearer|dpop)$/i.test(type) &&
    (use === 'access_token' || use === 'access') &&
    (kind === 'Bearer' || kind === 'DPoP')
  )
}
