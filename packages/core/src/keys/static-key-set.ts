import { AccessError } from '../errors.js'
import type { VerificationKey } from '../jws/key.js'
import type { KeyRing } from './key-ring.js'
import type { KeySet } from './key-set.js'

/** Keys given in the configuration: no network at all. */
export function createStaticKeySet(loading: Promise<KeyRing>): KeySet {
  let ring: KeyRing | undefined
  const loaded = loading.then(
    (value) => {
      ring = value
      return value
    },
    (cause: unknown) => {
      throw new AccessError('keys_unavailable', { cause })
    },
  )
  loaded.catch(() => {})

  return {
    find(kid, algorithm) {
      if (ring === undefined) return loaded.then((value) => findIn(value, kid, algorithm))
      return findIn(ring, kid, algorithm)
    },
    holds: (key) => ring?.keys.has(key) ?? false,
    ready: async () => void (await loaded),
    close() {},
  }
}

function findIn(ring: KeyRing, ...wanted: Parameters<KeyRing['find']>): VerificationKey {
  const key = ring.find(...wanted)
  if (key === undefined) throw new AccessError('key_not_found')
  return key
}
