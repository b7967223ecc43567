import type { JSONWebKeySet, JWK } from 'jose'
import { createTestKey, type TestKey, type TestKeyOptions } from './key.js'

/** The keys of an issuer: the one that signs now, and those it publishes. */
export interface KeyRing {
  readonly signing: () => TestKey
  readonly published: () => JSONWebKeySet
  readonly rotate: (options?: TestKeyOptions) => Promise<TestKey>
  readonly publish: (jwk: JWK) => void
  readonly withdraw: (keyId: string) => void
}

export async function createKeyRing(options: TestKeyOptions): Promise<KeyRing> {
  let signing = await createTestKey(options)
  let keys: readonly JWK[] = [signing.publicJwk]
  const without = (keyId: string): readonly JWK[] => keys.filter((jwk) => jwk.kid !== keyId)

  return {
    signing: () => signing,
    published: () => ({ keys: structuredClone([...keys]) }),
    async rotate(next = {}) {
      signing = await createTestKey({ algorithm: signing.algorithm, ...next })
      keys = [signing.publicJwk, ...without(signing.keyId)]
      return signing
    },
    publish(jwk) {
      keys = [...keys, jwk]
    },
    withdraw(keyId) {
      const rest = without(keyId)
      if (rest.length === keys.length) throw new TypeError('withdrawKey takes the kid of a published key')
      keys = rest
    },
  }
}
