import type { SigningAlgorithm } from '../jws/algorithm.js'
import { isJsonObject } from '../jws/compact.js'
import { createVerificationKey, type VerificationKey } from '../jws/key.js'

/** The usable keys of one key set document, indexed. */
export interface KeyRing {
  readonly keys: ReadonlySet<VerificationKey>
  /** The key with this `kid` that fits the algorithm. Without a `kid`: the only key that fits, if there is just one. */
  find(kid: string | undefined, algorithm: SigningAlgorithm): VerificationKey | undefined
}

/** More members than this make a document unusable. */
const maxKeys = 100

/**
 * Reads a JSON Web Key Set (RFC 7517 section 5). Members that are not usable are skipped and reported. A key that
 * `previous` held already stays the same object.
 *
 * @throws Error when the document is not a key set, is too large, or has members of which none is usable
 */
export async function readKeyRing(
  document: unknown,
  skipped: (reason: string) => void,
  previous?: KeyRing,
): Promise<KeyRing> {
  const members = isJsonObject(document) ? document.keys : undefined
  if (!Array.isArray(members)) throw new Error('not a JSON Web Key Set')
  if (members.length > maxKeys) throw new Error(`more than ${maxKeys} keys`)

  const known = new Map([...(previous?.keys ?? [])].map((key) => [key.identity, key]))
  const keys = new Set<VerificationKey>()
  for (const [index, member] of members.entries()) {
    const created = createVerificationKey(member)
    if ('unusable' in created) {
      skipped(`keys[${index}]: ${created.unusable}`)
    } else if (await isSound(created)) {
      keys.add(known.get(created.identity) ?? created)
    } else {
      skipped(`keys[${index}]: the key material is invalid`)
    }
  }
  if (members.length > 0 && keys.size === 0) throw new Error('none of the keys is usable')
  return createKeyRing(keys)
}

/** Prepares a key for the first algorithm it fits: key material that is no key is found here, not by a token. */
async function isSound(key: VerificationKey): Promise<boolean> {
  try {
    await key.check(key.algorithms[0])
    return true
  } catch {
    return false
  }
}

function createKeyRing(keys: ReadonlySet<VerificationKey>): KeyRing {
  const byKid = new Map<string, VerificationKey[]>()
  for (const key of keys) {
    if (key.kid !== undefined) byKid.set(key.kid, [...(byKid.get(key.kid) ?? []), key])
  }
  return {
    keys,
    find(kid, algorithm) {
      if (kid !== undefined) return byKid.get(kid)?.find((key) => key.fits(algorithm))
      const fitting = [...keys].filter((key) => key.fits(algorithm))
      return fitting.length === 1 ? fitting[0] : undefined
    },
  }
}
