import { AccessError } from '../errors.js'
import { decodeBytes, decodeJson, type JsonObject, splitCompact } from '../jws/compact.js'
import { parseHeader } from '../jws/header.js'
import type { VerificationKey } from '../jws/key.js'
import type { IssuerTrust } from '../token/verifier.js'

/** What an issuer says about tokens it issued: signed as they are, but of another type. */
export interface SignedStatement {
  readonly claims: JsonObject
  readonly trust: IssuerTrust
  /** The key that proved it. */
  readonly key: VerificationKey
}

/** What a statement must be before its signature is looked at. */
export interface StatementRules {
  /** The one accepted `typ`, lower case: what keeps statements and tokens apart (RFC 8725 section 3.11). */
  readonly type: string
  /** Answers whose statement it is. Throws AccessError when nobody's who counts. */
  readonly trustOf: (claims: JsonObject) => IssuerTrust
  /** Looks the claims over. Called before the network is asked for keys, and when the signature has held. */
  readonly checkClaims: (claims: JsonObject) => void
}

/**
 * Verifies a statement in compact form: grammar, type, algorithm, issuer, key, signature, claims.
 *
 * @throws AccessError `token_malformed`, `token_type_rejected`, `algorithm_rejected`, `key_not_found`,
 * `keys_unavailable`, `signature_invalid`, and what the rules throw
 */
export async function verifyStatement(text: string, rules: StatementRules): Promise<SignedStatement> {
  const parts = splitCompact(text)
  const header = parseHeader(parts.header)
  if (header.typ !== rules.type) throw new AccessError('token_type_rejected')
  const signature = decodeBytes(parts.signature)
  const claims = decodeJson(parts.claims)
  const trust = rules.trustOf(claims)
  if (!trust.algorithms.has(header.alg)) throw new AccessError('algorithm_rejected')
  const key = await trust.keys.find(header.kid, header.alg, () => rules.checkClaims(claims))
  const check = await key.check(header.alg)
  if (!(await check(parts.signingInput, signature, text))) throw new AccessError('signature_invalid')
  rules.checkClaims(claims)
  return { claims, trust, key }
}

/** A NumericDate of RFC 7519 section 2. */
export function isTime(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER
}
