import { createPublicKey } from 'node:crypto'
import { bareVerify } from '../limit.js'
import type { PublicJwk } from '../signer.js'
import { answer } from './child.js'
import { usedMilliseconds } from './usage.js'

/** Answers how many bare RS256 checks the core of the servers makes in a second of processor time, with nothing else to do. */
export interface LimitQuestion {
  readonly jwk: PublicJwk
  readonly tokens: readonly string[]
}

answer(({ jwk, tokens }: LimitQuestion) => {
  const publicKey = createPublicKey({ key: jwk, format: 'jwk' })
  const call = bareVerify([{ algorithm: jwk.alg, publicKey }], tokens)
  const start = usedMilliseconds()
  for (const index of tokens.keys()) call(index)
  return (tokens.length * 1000) / (usedMilliseconds() - start)
})
