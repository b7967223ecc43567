import type { JSONWebKeySet, JWK } from 'jose'
import type { SigningAlgorithm } from './algorithm.js'
import { createTestKey, type TestKey } from './key.js'

/** Keys of somebody who is not the issuer, one for each algorithm. */
export interface Strangers {
  readonly for: (algorithm: SigningAlgorithm) => Promise<TestKey>
  /** Their public halves, for the address that planted headers point to. */
  readonly published: () => JSONWebKeySet
}

export function createStrangers(): Strangers {
  const known = new Map<SigningAlgorithm, Promise<TestKey>>()
  const planted: JWK[] = []
  const create = async (algorithm: SigningAlgorithm): Promise<TestKey> => {
    const key = await createTestKey({ algorithm })
    planted.push(key.publicJwk)
    return key
  }
  return {
    for(algorithm) {
      const key = known.get(algorithm) ?? create(algorithm)
      known.set(algorithm, key)
      return key
    },
    published: () => ({ keys: planted }),
  }
}
