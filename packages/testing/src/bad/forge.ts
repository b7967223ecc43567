import type { JSONWebKeySet } from 'jose'
import type { SigningAlgorithm } from '../algorithm.js'
import type { TestKey } from '../key.js'
import { claimsOf, headerOf, signToken, type TokenSpec } from '../token.js'

/** What every bad token is made with. */
export interface Forge {
  readonly issuer: string
  readonly now: () => number
  /** Where the stranger's public key can be fetched by whoever believes `jku`. */
  readonly plantedUrl: string
  readonly signing: () => TestKey
  readonly published: () => JSONWebKeySet
  /** A key the issuer never published, one for each algorithm. */
  readonly stranger: (algorithm: SigningAlgorithm) => Promise<TestKey>
  /** The token of a specification, properly signed. */
  token(spec: TokenSpec): string
  /** Other claims than those of the specification, properly signed. */
  sign(spec: TokenSpec, claims: object): string
}

export function createForge(parts: Omit<Forge, 'token' | 'sign'>): Forge {
  const sign = (spec: TokenSpec, claims: object): string => {
    const key = spec.key ?? parts.signing()
    return signToken(headerOf(spec, key), claims, key, spec.algorithm)
  }
  return { ...parts, sign, token: (spec) => sign(spec, claimsOf(spec, parts.issuer, parts.now())) }
}
