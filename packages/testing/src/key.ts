import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose'
import { type SigningAlgorithm, signingAlgorithms } from './algorithm.js'

/** A key pair of a test, with both halves in the open. It protects nothing: never use one outside tests. */
export interface TestKey {
  /** The `kid` (RFC 7517 section 4.5) of the key and of the tokens it signs. */
  readonly keyId: string
  /** The algorithm the key declares and signs with. */
  readonly algorithm: SigningAlgorithm
  /** The public half as an issuer publishes it, with `kid`, `alg` and `use: 'sig'`. */
  readonly publicJwk: JWK
  /** The private half, without `alg`, so that it can also sign what it should not. */
  readonly privateJwk: JWK
}

/** What {@link createTestKey} takes. */
export interface TestKeyOptions {
  /** Default: `ES256`. RSA keys have 2048 bits. */
  readonly algorithm?: SigningAlgorithm
  /** Default: the key's thumbprint (RFC 7638), hence another one for every key. */
  readonly keyId?: string
}

/**
 * Creates a key pair, for a token signed by somebody else or a second issuer.
 *
 * @throws TypeError for an algorithm that is not one of {@link signingAlgorithms}
 */
export async function createTestKey(options: TestKeyOptions = {}): Promise<TestKey> {
  const { algorithm = 'ES256' } = options
  if (!signingAlgorithms.includes(algorithm)) {
    throw new TypeError(`algorithm must be one of ${signingAlgorithms.join(', ')}`)
  }
  const pair = await generateKeyPair(algorithm, { extractable: true })
  const [publicJwk, privateJwk] = await Promise.all([exportJWK(pair.publicKey), exportJWK(pair.privateKey)])
  const keyId = options.keyId ?? (await calculateJwkThumbprint(publicJwk))
  return {
    keyId,
    algorithm,
    publicJwk: { ...publicJwk, kid: keyId, alg: algorithm, use: 'sig' },
    privateJwk: { ...privateJwk, kid: keyId },
  }
}
