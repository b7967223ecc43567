import {
  type CryptoKey,
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  importJWK,
  importPKCS8,
  type JWK,
} from 'jose'
import { DelegationError } from './errors.js'

/** The key a client proves itself with (`private_key_jwt`). */
export interface ClientKey {
  readonly privateKey: CryptoKey
  /** `kid` of the assertion. Default: none, where the client has one key. */
  readonly keyId?: string
}

/** Where the key of the client comes from: asked once, on first use, and again when the server refuses it. */
export type KeySource = () => ClientKey | Promise<ClientKey>

/** Algorithms a key may have. */
export type KeyAlgorithm = 'ES256' | 'EdDSA'

/** A key given as a private JWK or as PKCS #8 text: P-256 or Ed25519, where a JWK names no other algorithm. */
export function keyFrom(key: JWK | string): KeySource {
  return async () => {
    try {
      if (typeof key === 'string' && key.trimStart().startsWith('-----')) {
        return { privateKey: await importPKCS8(key.trim(), 'ES256').catch(() => importPKCS8(key.trim(), 'EdDSA')) }
      }
      const jwk: JWK = typeof key === 'string' ? parseJwk(key) : key
      const imported = await importJWK(jwk, jwk.alg ?? (jwk.kty === 'OKP' ? 'EdDSA' : 'ES256'))
      if (imported instanceof Uint8Array || imported.type !== 'private') throw new TypeError('not a private key')
      return { privateKey: imported, ...(jwk.kid === undefined ? {} : { keyId: jwk.kid }) }
    } catch {
      // biome-ignore lint/style/useErrorCause: the cause could quote the key
      throw new DelegationError('key_unavailable', 'The key of the client must be a private JWK or PKCS #8 text.')
    }
  }
}

/**
 * A key made in this process, which never leaves it. It is made once: where the server refuses it, it is registered again.
 *
 * @param register - makes the public key known to the server, before the key is used
 */
export function generatedKey(
  register: (publicKey: JWK) => void | Promise<void>,
  algorithm: KeyAlgorithm = 'ES256',
): KeySource {
  let made: Promise<GeneratedKey> | undefined
  return async () => {
    made ??= generate(algorithm)
    const { privateKey, keyId, publicJwk } = await made
    await register({ ...publicJwk })
    return { privateKey, keyId }
  }
}

interface GeneratedKey extends Required<ClientKey> {
  readonly publicJwk: JWK
}

async function generate(alg: KeyAlgorithm): Promise<GeneratedKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: false })
  const jwk = await exportJWK(publicKey)
  const keyId = await calculateJwkThumbprint(jwk)
  return { privateKey, keyId, publicJwk: { ...jwk, alg, use: 'sig', kid: keyId } }
}

/** @throws SyntaxError when it is no JSON object */
function parseJwk(text: string): JWK {
  const value: unknown = JSON.parse(text)
  if (typeof value !== 'object' || value === null) throw new SyntaxError('not an object')
  return value
}
