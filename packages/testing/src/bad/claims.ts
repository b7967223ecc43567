import { claimsOf, type TokenSpec } from '../token.js'
import type { Forge } from './forge.js'

const tenMinutes = 600
const day = 86_400
const elsewhere = 'https://elsewhere.example'

/** An actor for the kinds that are about delegated tokens. */
function delegated(spec: TokenSpec): TokenSpec {
  return { ...spec, actor: spec.actor ?? 'agent:test' }
}

function list(value: string | readonly string[]): readonly string[] {
  return typeof value === 'string' ? [value] : value
}

/** A claim RFC 9068 section 2.2 requires of every access token. */
export type RequiredClaim = 'iss' | 'sub' | 'aud' | 'client_id' | 'iat' | 'exp' | 'jti'

/** Bad tokens that say the wrong thing under a good signature. */
export interface BadClaims {
  /** Expired ten minutes ago, past every clock tolerance (RFC 7519 section 4.1.4): `token_expired`. */
  expired(spec: TokenSpec): Promise<string>
  /** `nbf` lies ten minutes ahead (RFC 7519 section 4.1.5): `token_not_yet_valid`. */
  notYetValid(spec: TokenSpec): Promise<string>
  /** `iat` lies ten minutes ahead (RFC 7519 section 4.1.6): `token_not_yet_valid`. */
  issuedInFuture(spec: TokenSpec): Promise<string>
  /** Issued ten minutes ago and still valid; refused where `maxTokenAge` is less, in seconds: `token_too_old`. */
  tooOld(spec: TokenSpec): Promise<string>
  /** A delegated token that lives for a day: `token_lifetime_too_long`. Without an actor in `spec`, one is added. */
  livesTooLong(spec: TokenSpec): Promise<string>
  /** For another API (RFC 9068 section 4, RFC 8707): `audience_mismatch`. */
  wrongAudience(spec: TokenSpec): Promise<string>
  /** A delegated token for this API and another one as well: `audience_mismatch`. Without an actor in `spec`, one is added. */
  severalAudiences(spec: TokenSpec): Promise<string>
  /** The `iss` of a stranger over a signature of this issuer (RFC 9068 section 4): `issuer_untrusted`. */
  wrongIssuer(spec: TokenSpec): Promise<string>
  /**
   * Without a claim RFC 9068 section 2.2 requires: `claim_missing`; without `iss`: `issuer_untrusted`.
   *
   * @param claim - default: `jti`
   */
  missingClaim(spec: TokenSpec, claim?: RequiredClaim): Promise<string>
  /**
   * A claim of the wrong JSON type, a number as text or text as a number: `claim_invalid`; for `iss`: `issuer_untrusted`.
   *
   * @param claim - default: `exp`
   */
  invalidClaim(spec: TokenSpec, claim?: RequiredClaim): Promise<string>
  /** The claims in an array instead of an object (RFC 7519 section 7.2): `token_malformed`. */
  notAnObject(spec: TokenSpec): Promise<string>
  /** Bound to a key through `cnf` (RFC 7800) and presented as a plain bearer token: `binding_required`. */
  boundToken(spec: TokenSpec): Promise<string>
}

export function badClaims(forge: Forge): BadClaims {
  const now = (): number => Math.floor(forge.now())
  const withClaims = (spec: TokenSpec, claims: Readonly<Record<string, unknown>>): string =>
    forge.token({ ...spec, claims: { ...spec.claims, ...claims } })
  const invalid = (spec: TokenSpec, claim: RequiredClaim): unknown => {
    const value = claimsOf(spec, forge.issuer, forge.now())[claim]
    return typeof value === 'number' ? String(value) : 7
  }

  return {
    expired: async (spec) =>
      withClaims(spec, { iat: now() - tenMinutes - 300, nbf: undefined, exp: now() - tenMinutes }),
    notYetValid: async (spec) => withClaims(spec, { iat: now(), nbf: now() + tenMinutes, exp: now() + 900 }),
    issuedInFuture: async (spec) =>
      withClaims(spec, { iat: now() + tenMinutes, nbf: undefined, exp: now() + tenMinutes + 300 }),
    tooOld: async (spec) => withClaims(spec, { iat: now() - tenMinutes, nbf: undefined, exp: now() + 60 }),
    livesTooLong: async (spec) => withClaims(delegated(spec), { iat: now(), nbf: undefined, exp: now() + day }),
    wrongAudience: async (spec) => withClaims(spec, { aud: elsewhere }),
    severalAudiences: async (spec) => withClaims(delegated(spec), { aud: [...list(spec.audience), elsewhere] }),
    wrongIssuer: async (spec) => withClaims(spec, { iss: elsewhere }),
    missingClaim: async (spec, claim = 'jti') => withClaims(spec, { [claim]: undefined }),
    invalidClaim: async (spec, claim = 'exp') => withClaims(spec, { [claim]: invalid(spec, claim) }),
    notAnObject: async (spec) => forge.sign(spec, [claimsOf(spec, forge.issuer, forge.now())]),
    boundToken: async (spec) => withClaims(spec, { cnf: { jkt: 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs' } }),
  }
}
