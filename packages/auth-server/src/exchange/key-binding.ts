import type { IssuedToken } from '../tokens/issued-token.js'
import type { Presentation } from './presentation.js'
import { Refusal } from './refusal.js'

/** What decides whether the key of a request is good enough. */
export interface KeyQuestion {
  /** Thumbprint of the key that was proven. */
  readonly key: string | undefined
  /** Whether the client or the API demands one. */
  readonly isDemanded: boolean
  readonly presentation?: Presentation
  readonly subjectToken?: IssuedToken
  readonly actorToken?: IssuedToken
}

/**
 * A token that is bound to a key is exchanged by its own client with that key alone, and an actor token speaks only for who holds its
 * key. Who was passed a token binds the new one to a key of its own (presenter rebind).
 *
 * @throws Refusal `invalid_dpop_proof`
 */
export function checkKey({ key, isDemanded, presentation, subjectToken, actorToken }: KeyQuestion): void {
  if (isDemanded && key === undefined) {
    throw new Refusal('invalid_dpop_proof', 'proof_required', 'a DPoP proof is required')
  }
  const bound = [presentation === 'own' ? subjectToken : undefined, actorToken]
  for (const token of bound) {
    if (token?.claims.cnf === undefined || thumbprintOf(token.claims.cnf) === key) continue
    throw new Refusal(
      'invalid_dpop_proof',
      'proof_of_other_key',
      'a proof of the key that the token is bound to is required',
    )
  }
}

/** `null` for a binding that is no DPoP key: no proof meets it. */
function thumbprintOf(confirmation: unknown): unknown {
  return typeof confirmation === 'object' && confirmation !== null && 'jkt' in confirmation ? confirmation.jkt : null
}
