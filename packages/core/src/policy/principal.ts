import type { Claims } from '../token/claims.js'
import type { Actor } from '../token/delegation.js'
import type { VerifiedToken } from '../token/verified-token.js'

/**
 * Who is calling, for whom, through which agent: what a handler reads as `auth`. Frozen. A structural superset of the
 * `AuthInfo` of the Model Context Protocol's SDK.
 */
export interface Principal<C = Claims> {
  /** The user whose authority is used (`sub`); for a direct token the client itself. */
  readonly subject: string
  readonly issuer: string
  /** `'delegated'`: an actor calls for the subject. `'direct'`: the subject calls by itself. */
  readonly mode: 'delegated' | 'direct'
  /** The current actor, the outermost `act`. Prior actors are not here: nothing may be decided on them. */
  readonly actor?: Actor
  /** The OAuth client that asked for the token. It is not the actor. */
  readonly clientId: string
  readonly scopes: string[]
  /** Seconds since the epoch. */
  readonly expiresAt: number
  /** The access token itself. Not enumerable, so that logging or serialising a principal never prints it. */
  readonly token: string
  /** `jti` */
  readonly tokenId?: string
  /** `txn`: joins everything that was done for one task. */
  readonly transaction?: string
  /** The token's claims, or what the option `claims` made of them. */
  readonly claims: C
}

/** Makes the principal of a token. */
export function createPrincipal<C>(verified: VerifiedToken, token: string, claims: C): Principal<C> {
  const { subject, issuer, mode, delegation, clientId, scopes, expiresAt, tokenId } = verified
  const { txn } = verified.claims
  const principal: Draft<Principal<C>> = {
    subject,
    issuer,
    mode,
    clientId,
    scopes: scopes as string[], // frozen, though typed as the plain array of MCP's AuthInfo
    expiresAt,
    claims,
    token,
  }
  if (delegation[0] !== undefined) principal.actor = delegation[0]
  if (tokenId !== undefined) principal.tokenId = tokenId
  if (typeof txn === 'string') principal.transaction = txn
  return Object.freeze(Object.defineProperty(principal, 'token', { enumerable: false }))
}

/** A principal while it is made. */
type Draft<T> = { -readonly [Member in keyof T]: T[Member] }
