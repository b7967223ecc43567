import { createLocalJWKSet, errors, type JWK, jwtVerify } from 'jose'
import type { KnownEnd } from './chain.js'
import { parseEnd } from './link.js'

/** `typ` of a checkpoint, so that it is never taken for another kind of token. */
export const checkpointType = 'audit-checkpoint+jwt'

/** A row of the checkpoints: what it says in its columns, and the signed statement. */
export interface StoredCheckpoint {
  readonly chain: string
  readonly seq: number
  readonly hash: string
  readonly statement: string
}

/** What the server signed, besides what the columns say. */
export interface SignedStatement {
  /** The end of the newest chain of the trail then. Its number is how many chains there were. Undefined in one of long ago. */
  readonly newest?: KnownEnd
}

/** Verifies that the server signed what a checkpoint says; undefined when it did not. */
export type CheckpointVerifier = (checkpoint: StoredCheckpoint) => Promise<SignedStatement | undefined>

/**
 * @param keys - public keys that are trusted
 * @param issuer - who signs
 */
export function createCheckpointVerifier(keys: readonly JWK[], issuer: string): CheckpointVerifier {
  const keySet = createLocalJWKSet({ keys: [...keys] })
  return async ({ chain, seq, hash, statement }) => {
    try {
      const { payload } = await jwtVerify(statement, keySet, {
        typ: checkpointType,
        issuer,
        algorithms: ['ES256', 'EdDSA', 'Ed25519'],
      })
      const isSame = payload.chain === chain && payload.seq === seq && payload.hash === hash
      return isSame ? { newest: parseEnd(payload.newest) } : undefined
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined
      throw error
    }
  }
}
