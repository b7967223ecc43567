import type { VerifiedToken } from '../token/verified-token.js'

/** Says whether a token, whose signature and claims hold, has been withdrawn since. */
export interface RevocationCheck {
  /**
   * Answers at once where it can: a check without a promise costs a request no turn of the event loop.
   *
   * @throws AccessError when the token must be refused for another reason, or `revocation_unavailable`
   */
  isRevoked(token: VerifiedToken): boolean | Promise<boolean>
}

/** Where revocations go: a list in this process, or something that shares them between processes. */
export interface RevocationSink {
  revoke(revocation: Revocation): unknown
}

/** What a revocation can name: who or what the tokens are of. */
export type RevocationKind = 'subject' | 'actor' | 'client' | 'session' | 'transaction' | 'grant' | 'tokenId'

/** Every {@link RevocationKind}. */
export const revocationKinds: readonly RevocationKind[] = Object.freeze([
  'subject',
  'actor',
  'client',
  'session',
  'transaction',
  'grant',
  'tokenId',
])

/** One kind and its identifier. */
export type RevocationTarget = {
  [Kind in RevocationKind]: { readonly [Name in Kind]: string } & {
    readonly [Name in Exclude<RevocationKind, Kind>]?: never
  }
}[RevocationKind]

/**
 * A watermark: tokens of the one that is named, issued at or before a moment, no longer count.
 *
 * | member | what it is compared with |
 * |---|---|
 * | `subject` | `sub` |
 * | `actor` | `act.sub` of every link of the delegation chain, see {@link RevocationList} |
 * | `client` | the client identifier |
 * | `session` | `sid` |
 * | `transaction` | `txn` |
 * | `grant` | `grant_id` |
 * | `tokenId` | `jti`: that one token, whenever it was issued |
 */
export type Revocation = RevocationTarget & {
  /** Who issued the tokens. For an actor: whose name for the actor it is (`act.iss`). */
  readonly issuer: string
  /** Seconds since the epoch, by the issuer's clock; compared in whole seconds. Default: now. */
  readonly issuedAt?: number | undefined
  /** Seconds since the epoch from which no token that is concerned is alive. Default: by the lifetime of tokens. */
  readonly expiresAt?: number | undefined
}

/** A revocation with its times filled in: what is kept, and what other processes are told. */
export type Watermark = Revocation & { readonly issuedAt: number; readonly expiresAt: number }

/** Longest identifier a revocation may hold, in characters. */
const maxIdentifierLength = 2048

/** What a revocation names, looked over, because its words come from other processes and from plain JavaScript too. */
export interface Named {
  readonly kind: RevocationKind
  readonly value: string
  readonly issuer: string
}

/**
 * Reads what a revocation names.
 *
 * @throws TypeError unless it names an issuer and exactly one thing
 */
export function readNamed(revocation: Revocation): Named {
  const { issuer } = revocation
  let kind: RevocationKind | undefined
  for (const name of revocationKinds) {
    if (revocation[name] === undefined) continue
    if (kind !== undefined) throw new TypeError(onlyOne)
    kind = name
  }
  if (kind === undefined) throw new TypeError(onlyOne)
  const value = revocation[kind]
  if (!isIdentifier(value)) throw new TypeError(`${kind} of a revocation must be a string, not empty and not too long`)
  if (!isIdentifier(issuer)) throw new TypeError('issuer of a revocation must be a string, not empty and not too long')
  return { kind, value, issuer }
}

const onlyOne = `a revocation names exactly one of ${revocationKinds.join(', ')}`

/** Writes a revocation as one plain object, fit for JSON. */
export function formatRevocation({ kind, value, issuer }: Named, issuedAt: number): Revocation {
  // TypeScript cannot tell that a computed name is one of the union; the same below.
  return { [kind]: value, issuer, issuedAt } as unknown as Revocation
}

/** The same for a watermark. */
export function formatWatermark({ kind, value, issuer }: Named, issuedAt: number, expiresAt: number): Watermark {
  return { [kind]: value, issuer, issuedAt, expiresAt } as unknown as Watermark
}

/** Whether a value can name something in a revocation. */
export function isIdentifier(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= maxIdentifierLength
}
