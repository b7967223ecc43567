import { runtime } from '#runtime'
import { AccessError } from '../errors.js'
import { algorithmProfiles, type SigningAlgorithm } from './algorithm.js'
import type { JsonWebKey, SignatureCheck } from './runtime.js'

/** A public key that may verify signatures of some algorithms. */
export interface VerificationKey {
  readonly kid: string | undefined
  /** The JWK as text: tells whether a refreshed set still holds this very key. */
  readonly identity: string
  /** What the key may verify, never empty. */
  readonly algorithms: readonly [SigningAlgorithm, ...SigningAlgorithm[]]
  fits(algorithm: SigningAlgorithm): boolean
  /** Answers the check for an algorithm the key fits, prepared on first use. */
  check(algorithm: SigningAlgorithm): SignatureCheck | Promise<SignatureCheck>
}

const minModulusBits = 2048
const maxModulusBits = 8192

/**
 * Turns a member of a JSON Web Key Set (RFC 7517) into a key, or says why it is not usable: private and symmetric keys,
 * keys meant for something else (`use`, `key_ops`), RSA under 2048 bits, unknown types and curves.
 */
export function createVerificationKey(value: unknown): VerificationKey | { readonly unusable: string } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { unusable: 'not an object' }
  const jwk = value as JsonWebKey
  const { kid, alg, use, key_ops: operations } = jwk
  if (kid !== undefined && typeof kid !== 'string') return { unusable: 'kid is not a string' }
  if (jwk.d !== undefined || jwk.k !== undefined || jwk.kty === 'oct') return { unusable: 'not a public key' }
  if (use !== undefined && use !== 'sig') return { unusable: 'not meant for signatures (use)' }
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) {
    return { unusable: 'not meant for verifying (key_ops)' }
  }
  if (!hasMaterial(jwk)) return { unusable: 'a member of the key is missing or is no base64url text' }
  if (jwk.kty === 'RSA' && !hasSoundModulus(jwk))
    return { unusable: `RSA needs ${minModulusBits} to ${maxModulusBits} bits` }

  const algorithms = [...algorithmProfiles.keys()].filter((name) => fitsKey(jwk, name))
  const [first, ...others] = algorithms
  if (first === undefined) return { unusable: alg === undefined ? 'unknown key type or curve' : 'unknown algorithm' }

  const checks = new Map<SigningAlgorithm, SignatureCheck | Promise<SignatureCheck>>()
  return {
    kid,
    identity: JSON.stringify(jwk),
    algorithms: [first, ...others],
    fits: (algorithm) => algorithms.includes(algorithm),
    check(algorithm) {
      const known = checks.get(algorithm)
      if (known !== undefined) return known
      const prepared = prepare(jwk, algorithm)
      checks.set(algorithm, prepared)
      if (prepared instanceof Promise) prepared.then((check) => checks.set(algorithm, check), ignore)
      return prepared
    },
  }
}

function fitsKey(jwk: JsonWebKey, algorithm: SigningAlgorithm): boolean {
  const profile = algorithmProfiles.get(algorithm)
  if (profile === undefined || jwk.kty !== profile.kty || (profile.crv !== undefined && jwk.crv !== profile.crv))
    return false
  return jwk.alg === undefined || jwk.alg === algorithm || (isEdwards(jwk.alg) && isEdwards(algorithm))
}

/** The members that hold a public key of each type (RFC 7518 section 6, RFC 8037 section 2). */
const materialOf: Readonly<Record<string, readonly string[]>> = { RSA: ['n', 'e'], EC: ['x', 'y'], OKP: ['x'] }

function hasMaterial(jwk: JsonWebKey): boolean {
  const names = typeof jwk.kty === 'string' && Object.hasOwn(materialOf, jwk.kty) ? (materialOf[jwk.kty] ?? []) : []
  return names.every((name) => typeof jwk[name] === 'string' && runtime.decodeBase64url(jwk[name]) !== undefined)
}

/** RFC 9864 gave the only EdDSA that is used here a second, fully specified name. */
function isEdwards(algorithm: unknown): boolean {
  return algorithm === 'EdDSA' || algorithm === 'Ed25519'
}

function hasSoundModulus({ n, e }: JsonWebKey): boolean {
  const modulus = typeof n === 'string' ? runtime.decodeBase64url(n) : undefined
  const exponent = typeof e === 'string' ? runtime.decodeBase64url(e) : undefined
  const leading = modulus?.findIndex((byte) => byte !== 0) ?? -1
  if (modulus === undefined || exponent === undefined || leading === -1) return false
  const bits = (modulus.length - leading) * 8 - Math.clz32(modulus[leading] ?? 0) + 24
  const odd = (exponent[exponent.length - 1] ?? 0) % 2 === 1
  const aboveOne = exponent.some((byte, i) => byte > (i === exponent.length - 1 ? 1 : 0))
  return bits >= minModulusBits && bits <= maxModulusBits && odd && aboveOne
}

function prepare(jwk: JsonWebKey, algorithm: SigningAlgorithm): SignatureCheck | Promise<SignatureCheck> {
  try {
    const prepared = runtime.prepareKey(jwk, algorithm)
    return prepared instanceof Promise ? prepared.catch(refuse) : prepared
  } catch (error) {
    return refuse(error)
  }
}

/** A key the runtime does not take (a point that is not on its curve, say) is as good as absent. */
function refuse(cause: unknown): never {
  throw new AccessError('key_not_found', { cause })
}

function ignore(): void {}
