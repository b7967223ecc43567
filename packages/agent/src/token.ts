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

/** What prints a value on Node and Bun asks it for this first. */
const customInspect = Symbol.for('nodejs.util.inspect.custom')

/** Makes a token whose text only those see who ask for it by name. */
export function sealToken(accessToken: string, rest: Omit<DelegationToken, 'accessToken'>): DelegationToken {
  const token = { ...rest, accessToken: '' }
  Object.defineProperties(token, {
    // a getter, for what prints members that are not enumerable still calls none
    accessToken: { get: () => accessToken, enumerable: false },
    [customInspect]: { value: () => ({ ...rest }), enumerable: false }, // unless it is told to
  })
  return Object.freeze(token)
}
