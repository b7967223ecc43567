import type { SigningAlgorithm } from '../jws/algorithm.js'
import type { VerificationKey } from '../jws/key.js'

/** The keys of one issuer. */
export interface KeySet {
  /**
   * Finds the key for a token. Answers at once while the keys are at hand.
   *
   * @param worthFetching called before the network is asked; throws when the token cannot become valid anyway
   * @throws AccessError `key_not_found`, or `keys_unavailable` when the keys cannot be had
   */
  find(
    kid: string | undefined,
    algorithm: SigningAlgorithm,
    worthFetching: () => void,
  ): VerificationKey | Promise<VerificationKey>
  /** Whether a key found earlier still counts. False also when that can only be told after a fetch. */
  holds(key: VerificationKey): boolean
  /** Resolves when keys are at hand. Rejects with AccessError `keys_unavailable`. */
  ready(): Promise<void>
  /** Ends a fetch under way. Nothing is fetched afterwards. */
  close(): void
}
