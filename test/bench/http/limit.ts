import { createPublicKey } from 'node:crypto'
import { bareVerify } from '../limit.js'
import type { PublicJwk } from '../signer.js'
import { answer } from './child.js'

/** Answers how many bare RS256 checks the core of the servers makes in a second, with nothing else to do. */
export interface LimitQuestion {
  readonly jwk: PublicJwk
  readonly tokens: readonly string[]
}

answer(({ jwk, tokens }: LimitQuestion) => {
  const publicKey = createPublicKey({ key: jwk, format: 'jwk' })
  const call = bareVerify([{ algorithm: jwk.alg, publicKey }], tokens)
  const start = performance.now()
  for (const index of tokens.keys()) call(index)
  return (tokens.length * 1000) / (performance.now() - start)
})
