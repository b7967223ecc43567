import { createLocalJWKSet, errors, type JWK, jwtVerify } from 'jose'

/** `typ` of a checkpoint, so that it is never taken for another kind of token. */
export const checkpointType = 'audit-checkpoint+jwt'

/** A row of the checkpoints: what it says in its columns, and the signed statement. */
export interface StoredCheckpoint {
  readonly chain: string
  readonly seq: number
  readonly hash: string
  readonly statement: string
}

/** Whether the server signed what a checkpoint says. */
export type CheckpointVerifier = (checkpoint: StoredCheckpoint) => Promise<boolean>

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
      return payload.chain === chain && payload.seq === seq && payload.hash === hash
    } catch (error) {
      if (error instanceof errors.JOSEError) return false
      throw error
    }
  }
}
