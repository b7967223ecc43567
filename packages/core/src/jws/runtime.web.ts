import { base64url, compactVerify, importJWK, type JWK } from 'jose'
import type { Runtime } from './runtime.js'

const encoder = new TextEncoder()

/** Every other runtime: WebCrypto through jose. */
export const runtime: Runtime = {
  decodeBase64url(text) {
    try {
      const bytes = base64url.decode(text)
      return base64url.encode(bytes) === text ? bytes : undefined
    } catch {
      return undefined
    }
  },

  async prepareKey(jwk, algorithm) {
    const key = await importJWK(jwk as JWK, algorithm)
    const options = { algorithms: [algorithm] }
    return (_signingInput, _signature, token) =>
      compactVerify(token, key, options).then(
        () => true,
        (error: unknown) => {
          if (error instanceof Error && 'code' in error && error.code === signatureFailure) return false
          throw error
        },
      )
  },

  encodeBase64url(bytes) {
    return base64url.encode(bytes)
  },

  async sha256(data) {
    return new Uint8Array(await crypto.subtle.digest('SHA-256', typeof data === 'string' ? encoder.encode(data) : data))
  },

  defer(task) {
    queueMicrotask(task)
  },

  sharesLoad() {
    return false
  },
}

const signatureFailure = 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED'
