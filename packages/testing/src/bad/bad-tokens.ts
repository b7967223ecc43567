import { type BadChains, badChains } from './chains.js'
import { type BadClaims, badClaims } from './claims.js'
import type { Forge } from './forge.js'
import { type BadHeaders, badHeaders } from './headers.js'
import { type BadSignatures, badSignatures } from './signatures.js'

/**
 * One call per kind of bad token. Each takes the specification of a good token and spoils exactly one thing, so the
 * good twin is `issuer.token(spec)`; whatever can be signed is signed with the issuer's own key. The code named with
 * each kind is what a Behalf resource server records and, but for the last one, answers.
 */
export interface BadTokens extends BadClaims, BadHeaders, BadSignatures, BadChains {}

/** The name of a kind of bad token. */
export type BadTokenKind = keyof BadTokens

export function createBadTokens(forge: Forge): BadTokens {
  return {
    ...badClaims(forge),
    ...badHeaders(forge),
    ...badSignatures(forge),
    ...badChains(forge),
  }
}
