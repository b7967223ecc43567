/** A token for one call. Printing or serialising it never shows it. */
export interface DelegationToken {
  /** The token itself: what `Authorization` carries. Not enumerable. */
  readonly accessToken: string
  /** How it is presented: `DPoP` when it is bound to the key of this client. */
  readonly tokenType: 'Bearer' | 'DPoP'
  readonly resource: string
  /** What was granted. */
  readonly scope: readonly string[]
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
}

/** Makes a token whose text only those see who ask for it by name. */
export function sealToken(accessToken: string, rest: Omit<DelegationToken, 'accessToken'>): DelegationToken {
  return Object.freeze(
    // a getter, for what prints members that are not enumerable still calls none
    Object.defineProperty({ ...rest, accessToken: '' }, 'accessToken', { get: () => accessToken, enumerable: false }),
  )
}
