import { constants, type KeyObject, sign } from 'node:crypto'

/**
 * A JWS algorithm an issuer may sign with: the asymmetric ones of RFC 7518 section 3.1, `EdDSA` of RFC 8037 and its
 * fully specified name `Ed25519` of RFC 9864.
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

/** Every {@link SigningAlgorithm}, for a suite that iterates. */
export const signingAlgorithms: readonly SigningAlgorithm[] = Object.freeze([
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const)

/** The raw JWS signature of `data`: the key says how, not the header, so that a header may lie. */
export function signatureOf(algorithm: SigningAlgorithm, key: KeyObject, data: string): Buffer {
  const input = Buffer.from(data)
  const hash = `sha${algorithm.slice(2)}`
  switch (algorithm.slice(0, 2)) {
    case 'RS':
      return sign(hash, input, key)
    case 'PS':
      return sign(hash, input, {
        key,
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
      })
    case 'ES':
      return sign(hash, input, { key, dsaEncoding: 'ieee-p1363' })
    default:
      return sign(null, input, key)
  }
}
