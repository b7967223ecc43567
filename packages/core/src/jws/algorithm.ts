/**
 * A signature algorithm of RFC 7518 section 3, RFC 8037 or RFC 9864 that verifies with a public key. Compared in exact
 * case; symmetric algorithms are not part of the type and refused in options.
 */
export type SigningAlgorithm =
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'PS256'
  | 'PS384'
  | 'PS512'
  | 'ES256'
  | 'ES384'
  | 'ES512'
  | 'EdDSA'
  | 'Ed25519'

/** What an algorithm asks of a key and of a signature. */
export interface AlgorithmProfile {
  readonly kty: 'RSA' | 'EC' | 'OKP'
  readonly crv?: 'P-256' | 'P-384' | 'P-521' | 'Ed25519'
  /** Hash function as Node names it; none for EdDSA, which hashes by itself. */
  readonly hash: 'sha256' | 'sha384' | 'sha512' | null
  /** Bytes of a signature, where the algorithm fixes it. RSA signatures are as long as the modulus. */
  readonly signatureSize?: number
  readonly pss?: true
}

const ed25519: AlgorithmProfile = { kty: 'OKP', crv: 'Ed25519', hash: null, signatureSize: 64 }

/** Every algorithm there is: what is not in this map cannot be enabled. */
export const algorithmProfiles: ReadonlyMap<SigningAlgorithm, AlgorithmProfile> = new Map<
  SigningAlgorithm,
  AlgorithmProfile
>([
  ['RS256', { kty: 'RSA', hash: 'sha256' }],
  ['RS384', { kty: 'RSA', hash: 'sha384' }],
  ['RS512', { kty: 'RSA', hash: 'sha512' }],
  ['PS256', { kty: 'RSA', hash: 'sha256', pss: true }],
  ['PS384', { kty: 'RSA', hash: 'sha384', pss: true }],
  ['PS512', { kty: 'RSA', hash: 'sha512', pss: true }],
  ['ES256', { kty: 'EC', crv: 'P-256', hash: 'sha256', signatureSize: 64 }],
  ['ES384', { kty: 'EC', crv: 'P-384', hash: 'sha384', signatureSize: 96 }],
  ['ES512', { kty: 'EC', crv: 'P-521', hash: 'sha512', signatureSize: 132 }],
  ['EdDSA', ed25519],
  ['Ed25519', ed25519],
])

/** Whether a value names an algorithm of {@link algorithmProfiles}, in exact case. */
export function isSigningAlgorithm(value: unknown): value is SigningAlgorithm {
  return algorithmProfiles.has(value as SigningAlgorithm)
}
