import { LRUCache } from 'lru-cache'
import { runtime } from '#runtime'
import { isJsonObject } from '../jws/compact.js'
import { createVerificationKey, type VerificationKey } from '../jws/key.js'
import { proofInvalid } from './proof.js'

/** The public key of a DPoP proof. */
export interface ProofKey {
  /** The JWK with the members of RFC 7638 section 3.2 alone, in their order: one text for one key. */
  readonly canonical: string
  /** SHA-256 of that text as base64url: what `cnf.jkt` holds. */
  readonly thumbprint: string
  readonly key: VerificationKey
}

/** Keys of proofs, each prepared once: to prepare one takes as long as to check a signature. */
export interface ProofKeys {
  /** @throws AccessError `dpop_proof_invalid` for a private key, or one that cannot be used */
  find(jwk: unknown): ProofKey | Promise<ProofKey>
  /** Keeps a key for next time. Only for keys that tokens are bound to: nobody else can push those out. */
  remember(key: ProofKey): void
}

/** Members that make a JWK private or symmetric (RFC 7518 section 6). */
const secretMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

/** Bytes of a coordinate; RFC 7518 section 6.2.1.2 allows no other length. */
const coordinateSizes: ReadonlyMap<unknown, number> = new Map([
  ['P-256', 32],
  ['P-384', 48],
  ['P-521', 66],
  ['Ed25519', 32],
])

/** A larger exponent would make every check of a signature as slow as its making. */
const maxExponentSize = 4

/** @param maxEntries keys remembered at most */
export function createProofKeys(maxEntries: number): ProofKeys {
  const known = new LRUCache<string, ProofKey>({ max: maxEntries })
  return {
    find(jwk) {
      const canonical = canonicalText(jwk)
      return known.get(canonical) ?? prepareKey(canonical)
    },
    remember(key) {
      known.set(key.canonical, key)
    },
  }
}

async function prepareKey(canonical: string): Promise<ProofKey> {
  const key = createVerificationKey(JSON.parse(canonical))
  if ('unusable' in key) throw proofInvalid('jwk is no usable key')
  return { canonical, thumbprint: runtime.encodeBase64url(await runtime.sha256(canonical)), key }
}

/** The text a thumbprint is made of (RFC 7638 section 3). What else a JWK says (`use`, `kid`, ...) is left out. */
function canonicalText(jwk: unknown): string {
  if (!isJsonObject(jwk)) throw proofInvalid('jwk is no object')
  if (secretMembers.some((member) => Object.hasOwn(jwk, member))) throw proofInvalid('jwk is no public key')
  const { kty, crv, n, e, x, y } = jwk
  if (kty === 'EC') {
    const size = coordinateSizes.get(crv)
    return JSON.stringify({ crv, kty, x: coordinate(x, size), y: coordinate(y, size) })
  }
  if (kty === 'OKP') return JSON.stringify({ crv, kty, x: coordinate(x, coordinateSizes.get(crv)) })
  if (kty === 'RSA') return JSON.stringify({ e: exponent(e), kty, n })
  throw proofInvalid('jwk has an unknown type')
}

function coordinate(value: unknown, size: number | undefined): string {
  if (typeof value !== 'string' || runtime.decodeBase64url(value)?.length !== size) {
    throw proofInvalid('jwk has a wrong coordinate')
  }
  return value
}

function exponent(value: unknown): string {
  const size = typeof value === 'string' ? (runtime.decodeBase64url(value)?.length ?? 0) : 0
  if (typeof value !== 'string' || size === 0 || size > maxExponentSize) throw proofInvalid('jwk has a wrong exponent')
  return value
}
