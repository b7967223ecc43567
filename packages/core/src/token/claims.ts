import { AccessError } from '../errors.js'
import type { JsonObject } from '../jws/compact.js'
import type { ClaimProfile } from './profile.js'

/** The claims of a token as the issuer wrote them, frozen. Type them through the option `claims`. */
export type Claims = JsonObject

/** The registered claims every accepted token has, checked for presence and type. */
export interface RegisteredClaims {
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
  /** `'delegated'` when the token has an `act` claim, or what its profile takes for one. */
  readonly mode: 'delegated' | 'direct'
}

/** Limits on the times of a token, in seconds. */
export interface TimeRules {
  readonly clockTolerance: number
  readonly maxTokenAge: number
  readonly maxTokenLifetime: { readonly delegated: number; readonly direct: number }
}

/**
 * Reads the claims of RFC 9068 section 2.2 by the issuer's profile. A time is a finite number of seconds from 0 to
 * 2^53 - 1, fractions allowed (RFC 7519 section 2); nothing is converted, a string is never a number.
 *
 * @throws AccessError `claim_missing`, `claim_invalid`
 */
export function readClaims(claims: JsonObject, profile: ClaimProfile): RegisteredClaims {
  const tokenIdClaim = present(claims, profile.tokenIdClaims)
  return {
    subject: requiredText(claims, (profile.subjectClaims && present(claims, profile.subjectClaims)) ?? 'sub'),
    audience: readAudience(claims, profile),
    expiresAt: requiredTime(claims, 'exp'),
    issuedAt: requiredTime(claims, 'iat'),
    notBefore: Object.hasOwn(claims, 'nbf') ? requiredTime(claims, 'nbf') : undefined,
    mode: Object.hasOwn(findChain(claims, profile), 'act') ? 'delegated' : 'direct',
    clientId: requiredText(claims, present(claims, profile.clientClaims) ?? profile.clientClaims[0]),
    scopes: readScopes(claims, profile),
    tokenId:
      profile.tokenIdRequired || tokenIdClaim !== undefined ? requiredText(claims, tokenIdClaim ?? 'jti') : undefined,
  }
}

/**
 * Finds the delegation chain of a token: the answer has it as its `act`, and has none when nobody acts for the subject.
 * The claim itself comes first; only a token without it is looked at the way of its profile.
 */
export function findChain(claims: JsonObject, { actor }: ClaimProfile): JsonObject {
  if (actor === undefined || Object.hasOwn(claims, 'act')) return claims
  const act = actor(claims)
  return act === undefined ? claims : { act }
}

/**
 * Checks a token against the clock. `exp` is the first moment at which it no longer counts (RFC 7519 section 4.1.4).
 *
 * @throws AccessError `token_expired`, `token_not_yet_valid`, `token_lifetime_too_long`, `token_too_old`
 */
export function checkTimes(token: RegisteredClaims, rules: TimeRules, now: number): void {
  const { expiresAt, issuedAt, notBefore, mode } = token
  const latest = now + rules.clockTolerance
  if (now - rules.clockTolerance >= expiresAt) throw new AccessError('token_expired')
  if ((notBefore !== undefined && notBefore > latest) || issuedAt > latest) throw new AccessError('token_not_yet_valid')
  if (expiresAt - issuedAt > rules.maxTokenLifetime[mode]) throw new AccessError('token_lifetime_too_long')
  if (now - issuedAt > rules.maxTokenAge + rules.clockTolerance) throw new AccessError('token_too_old')
}

/**
 * Freezes plain objects and arrays throughout, in a loop: nesting is the issuer's choice and must not cost stack. Other
 * objects, such as a Date that a schema made, stay as they are.
 */
export function deepFreeze<T>(value: T): T {
  const pending: unknown[] = [value]
  for (let member = pending.pop(); member !== undefined; member = pending.pop()) {
    if (!isPlain(member) || Object.isFrozen(member)) continue
    for (const inner of Object.values(Object.freeze(member))) {
      if (typeof inner === 'object') pending.push(inner)
    }
  }
  return value
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === Array.prototype || prototype === null
}

function readAudience(claims: JsonObject, profile: ClaimProfile): readonly string[] {
  const value = profile.audience === undefined ? required(claims, 'aud') : profile.audience(claims)
  if (value === undefined) throw new AccessError('claim_missing')
  const audience = Array.isArray(value) ? value : [value]
  if (audience.length === 0 || !audience.every(isText)) throw new AccessError('claim_invalid')
  return audience
}

function readScopes(claims: JsonObject, { scopes, scopeClaims, scopeArrays }: ClaimProfile): readonly string[] {
  const name = scopes === undefined ? present(claims, scopeClaims) : undefined
  const value = name === undefined ? (scopes?.(claims) ?? '') : claims[name]
  if (typeof value === 'string') return value.split(' ').filter((scope) => scope !== '')
  if (scopeArrays && Array.isArray(value) && value.every(isText)) return value
  throw new AccessError('claim_invalid')
}

function present(claims: JsonObject, names: readonly string[]): string | undefined {
  return names.find((name) => Object.hasOwn(claims, name))
}

function required(claims: JsonObject, name: string): unknown {
  if (!Object.hasOwn(claims, name)) throw new AccessError('claim_missing')
  return claims[name]
}

function requiredText(claims: JsonObject, name: string): string {
  const value = required(claims, name)
  if (!isText(value)) throw new AccessError('claim_invalid')
  return value
}

function requiredTime(claims: JsonObject, name: string): number {
  const value = required(claims, name)
  if (typeof value !== 'number' || !(value >= 0 && value <= Number.MAX_SAFE_INTEGER)) {
    throw new AccessError('claim_invalid')
  }
  return value
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
