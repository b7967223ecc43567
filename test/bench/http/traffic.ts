import type { Signer } from '../signer.js'

/** Which tokens requests carry: a few over and over, or each another one. */
export type Traffic = 'repeated' | 'distinct' | 'untyped'

export type Tokens = Readonly<Record<Traffic, readonly string[]>>

const fewTokens = 100

/** @param untyped distinct tokens with `typ: JWT`, for the library that takes no access token of RFC 9068 */
export function createTokens(signer: Signer, issuer: string, distinct: number): Tokens {
  return {
    repeated: signer.tokens(fewTokens, { iss: issuer }),
    distinct: signer.tokens(distinct, { iss: issuer }),
    untyped: signer.tokens(Math.min(distinct, 2_000), { iss: issuer, typ: 'JWT' }),
  }
}
