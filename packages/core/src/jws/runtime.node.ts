import { Buffer } from 'node:buffer'
import cluster from 'node:cluster'
import { constants, createPublicKey, createVerify, hash, type JsonWebKeyInput, verify } from 'node:crypto'
import { algorithmProfiles } from './algorithm.js'
import type { Runtime, SignatureCheck } from './runtime.js'

/** Node: signatures are checked synchronously, on a key object made once per key. */
export const runtime: Runtime = {
  decodeBase64url(text) {
    const bytes = Buffer.from(text, 'base64url')
    return bytes.toString('base64url') === text ? bytes : undefined
  },

  prepareKey(jwk, algorithm): SignatureCheck {
    const key = createPublicKey({ key: jwk as JsonWebKeyInput['key'], format: 'jwk' })
    const profile = algorithmProfiles.get(algorithm)
    if (profile === undefined) throw new TypeError(`unknown algorithm ${algorithm}`)
    const { hash: digest, kty, pss, signatureSize } = profile
    const options =
      kty === 'EC'
        ? ({ key, dsaEncoding: 'ieee-p1363' } as const)
        : pss
          ? { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
          : key
    // RFC 8017 section 8.1.2: as long as the modulus. OpenSSL takes a PSS signature without its leading zeros, too.
    const { modulusLength = 0 } = { ...key.asymmetricKeyDetails }
    const size = signatureSize ?? Math.ceil(modulusLength / 8)
    const holds =
      digest === null
        ? (input: string, signature: Uint8Array) => verify(null, Buffer.from(input, 'latin1'), options, signature)
        : (input: string, signature: Uint8Array) =>
            createVerify(digest).update(input, 'latin1').verify(options, signature)
    return (signingInput, signature) => signature.length === size && holds(signingInput, signature)
  },

  encodeBase64url(bytes) {
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url')
  },

  sha256(data) {
    return hash('sha256', data, 'buffer')
  },

  defer(task) {
    setImmediate(task)
  },

  sharesLoad() {
    return cluster.isWorker
  },
}
