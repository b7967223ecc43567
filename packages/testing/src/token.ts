import { createHash, createPrivateKey, type KeyObject, randomUUID } from 'node:crypto'
import { type SigningAlgorithm, signatureOf } from './algorithm.js'
import { type ActorChain, actClaim } from './delegation.js'
import type { TestKey } from './key.js'

/** What a token says. Without `actor` it is a direct token, with it a delegated one. Times are in seconds. */
export interface TokenSpec {
  /** `sub`: whose authority is used; a user, or a client that acts for itself. */
  readonly subject: string
  /** `aud`: the API the token is for. A delegated token is for exactly one. */
  readonly audience: string | readonly string[]
  /** `act`: who acts for the subject: an actor, or a chain with the current actor first (RFC 8693 section 4.1). */
  readonly actor?: ActorChain
  /** `scope`: names in a list, or the string with single spaces (RFC 6749 section 3.3). Default: absent. */
  readonly scope?: string | readonly string[]
  /** `client_id`: the OAuth client that got the token (RFC 9068 section 2.2). Default: `test-client`. */
  readonly clientId?: string
  /** `exp - iat`. Default: 300. */
  readonly lifetime?: number
  /** `iat`, since the epoch. Default: the issuer's clock. */
  readonly issuedAt?: number
  /** `nbf`, since the epoch. Default: absent. */
  readonly notBefore?: number
  /** `jti`. Default: a new UUID for each token. */
  readonly tokenId?: string
  /** `txn`: the task this call is a part of (RFC 8417 section 2.2). Default: absent. */
  readonly transaction?: string
  /**
   * `cnf`: what the token is bound to. A key with its thumbprint, as `createDpopKey` makes it (RFC 9449 section 6), or
   * a client certificate in DER (RFC 8705 section 3.1). Default: absent, a bearer token.
   */
  readonly boundTo?: { readonly jkt: string } | Uint8Array
  /** More claims, or others in place of those above; `undefined` removes one. Signed as they stand. */
  readonly claims?: Readonly<Record<string, unknown>>
  /** More header members, or others in place of `alg`, `typ` and `kid`; `undefined` removes one. Signed as they stand. */
  readonly header?: Readonly<Record<string, unknown>>
  /** The key that signs, and its `kid`. Default: the issuer's signing key. */
  readonly key?: TestKey
  /** How the key signs, and `alg`. Default: the key's own algorithm. */
  readonly algorithm?: SigningAlgorithm
}

function base64url(part: string | Uint8Array): string {
  return Buffer.from(part).toString('base64url')
}

/** The signing input of a JWS (RFC 7515 section 5.1). */
export function signingInput(header: object, claims: object): string {
  return `${base64url(JSON.stringify(header))}.${base64url(JSON.stringify(claims))}`
}

const imported = new WeakMap<TestKey, KeyObject>()

function privateKeyOf(key: TestKey): KeyObject {
  const privateKey = imported.get(key) ?? createPrivateKey({ key: { ...key.privateJwk }, format: 'jwk' })
  imported.set(key, privateKey)
  return privateKey
}

/** A compact JWS with a real signature over whatever header and claims it is given. */
export function signToken(
  header: object,
  claims: object,
  key: TestKey,
  algorithm: SigningAlgorithm = key.algorithm,
): string {
  const input = signingInput(header, claims)
  return `${input}.${base64url(signatureOf(algorithm, privateKeyOf(key), input))}`
}

/** The JOSE header of an access token (RFC 9068 section 2.1). */
export function headerOf(spec: TokenSpec, key: TestKey): Record<string, unknown> {
  return {
    alg: spec.algorithm ?? key.algorithm,
    typ: 'at+jwt',
    kid: key.keyId,
    ...spec.header,
  }
}

/** The claims of an access token (RFC 9068 section 2.2), with `act` for a delegated one. */
export function claimsOf(spec: TokenSpec, issuer: string, now: number): Record<string, unknown> {
  if (typeof spec.subject !== 'string' || spec.subject === '') throw new TypeError('a token needs a subject')
  if (spec.audience === undefined || spec.audience.length === 0) throw new TypeError('a token needs an audience')
  const issuedAt = spec.issuedAt ?? Math.floor(now)
  const scope = typeof spec.scope === 'string' ? spec.scope : spec.scope?.join(' ')
  return {
    iss: issuer,
    sub: spec.subject,
    aud: spec.audience,
    client_id: spec.clientId ?? 'test-client',
    iat: issuedAt,
    ...(spec.notBefore === undefined ? {} : { nbf: spec.notBefore }),
    exp: issuedAt + (spec.lifetime ?? 300),
    jti: spec.tokenId ?? randomUUID(),
    ...(scope ? { scope } : {}),
    ...(spec.actor === undefined ? {} : { act: actClaim(spec.actor, issuer) }),
    ...(spec.transaction === undefined ? {} : { txn: spec.transaction }),
    ...(spec.boundTo === undefined ? {} : { cnf: confirmationOf(spec.boundTo) }),
    ...spec.claims,
  }
}

/** The confirmation of a bound token (RFC 7800 section 3.1). */
function confirmationOf(bound: { readonly jkt: string } | Uint8Array): Record<string, string> {
  if (!(bound instanceof Uint8Array)) return { jkt: bound.jkt }
  return { 'x5t#S256': createHash('sha256').update(bound).digest('base64url') }
}
