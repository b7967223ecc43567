import { AccessError } from '../errors.js'
import type { JsonObject } from '../jws/compact.js'
import { isTrimmed } from './delegation.js'
import type { VerifiedToken } from './verified-token.js'

/** What an answer about a verified token is judged by. */
export interface AgreementRules {
  /** Identifier of this API. */
  readonly audience: string
  /** Seconds. */
  readonly clockTolerance: number
  /** Seconds since the epoch. */
  readonly now: () => number
}

/**
 * Checks that what the issuer says of a token now is what the token itself says. An answer may leave things out; what is
 * in it must be the same, and every scope of the token must still be granted. It can only refuse: whatever the answer
 * has beyond the token counts for nothing.
 *
 * @throws AccessError `issuer_untrusted`, `audience_mismatch`, `token_expired`, `claim_invalid`
 */
export function checkAgreement(answer: JsonObject, token: VerifiedToken, rules: AgreementRules): void {
  const { claims } = token
  const { iss = token.issuer, aud = token.audience, exp = token.expiresAt, client_id: client = token.clientId } = answer
  if (iss !== token.issuer) throw new AccessError('issuer_untrusted')
  if (!(Array.isArray(aud) ? aud : [aud]).includes(rules.audience)) throw new AccessError('audience_mismatch')
  if (typeof exp !== 'number' || client !== token.clientId) throw new AccessError('claim_invalid')
  if (rules.now() - rules.clockTolerance >= exp) throw new AccessError('token_expired')
  const repeated = isTrimmed(answer) ? ['sub', 'jti', 'cnf'] : ['sub', 'jti', 'cnf', 'act']
  if (repeated.some((name) => Object.hasOwn(answer, name) && !isSame(answer[name], claims[name]))) {
    throw new AccessError('claim_invalid')
  }
  const { scope } = answer
  if (scope !== undefined && !(typeof scope === 'string' && isSubset(token.scopes, scope.split(' ')))) {
    throw new AccessError('claim_invalid')
  }
}

function isSubset(names: readonly string[], of: readonly string[]): boolean {
  return names.every((name) => of.includes(name))
}

/** Whether two values of JSON are equal, whatever the order of their members. */
function isSame(one: unknown, other: unknown): boolean {
  if (!isStructure(one) || !isStructure(other) || Array.isArray(one) !== Array.isArray(other)) return one === other
  const names = Object.keys(one)
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => Object.hasOwn(other, name) && isSame(one[name], other[name]))
  )
}

function isStructure(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null
}
