import { createHmac, createPublicKey, randomUUID } from 'node:crypto'
import { claimsOf, headerOf, signingInput, signToken, type TokenSpec } from '../token.js'
import type { Forge } from './forge.js'

/** What stands in for the secret in an HMAC made from the issuer's public key. */
export type PublicSecret = 'pem' | 'pem-trimmed' | 'pem-crlf' | 'der' | 'jwk' | 'jwks' | 'empty'

/** Bad tokens that the issuer did not sign, or not as they stand. */
export interface BadSignatures {
  /**
   * Not signed at all: `alg` is `none` and the last part is empty (RFC 7519 section 6): `algorithm_rejected`.
   *
   * @param algorithm - how `none` is spelt; default: `none`
   */
  unsigned(spec: TokenSpec, algorithm?: string): Promise<string>
  /**
   * `alg` is `none`, and a signature of the issuer's key is there all the same (RFC 8725 section 3.1):
   * `algorithm_rejected`.
   *
   * @param algorithm - how `none` is spelt, or another algorithm to be refused; default: `none`
   */
  algorithmNone(spec: TokenSpec, algorithm?: string): Promise<string>
  /** A good token with nothing behind its last dot (CVE-2020-28042): `token_malformed`. */
  strippedSignature(spec: TokenSpec): Promise<string>
  /** HS256 with the issuer's public key as its secret (RFC 8725 section 2.1): `algorithm_rejected`. */
  hs256Confusion(spec: TokenSpec, secret?: PublicSecret): Promise<string>
  /**
   * Claims changed after the signature: `signature_invalid`.
   *
   * @param claims - what is changed; default: the scope `admin` is added
   */
  tampered(spec: TokenSpec, claims?: Readonly<Record<string, unknown>>): Promise<string>
  /** The signature of another token of this issuer: `signature_invalid`. */
  foreignSignature(spec: TokenSpec): Promise<string>
  /** A signature of zero bytes, of the right length (CVE-2022-21449): `signature_invalid`. */
  zeroSignature(spec: TokenSpec): Promise<string>
  /** The `kid` of the issuer's key over the signature of another one: `signature_invalid`. */
  wrongKey(spec: TokenSpec): Promise<string>
  /** Signed by another key that the header brings along as `jwk` (CVE-2018-0114): `signature_invalid`. */
  embeddedKey(spec: TokenSpec): Promise<string>
  /** A `kid` the issuer does not publish: `key_not_found`. */
  unknownKey(spec: TokenSpec): Promise<string>
  /**
   * Points with `jku` and `x5u` to the key that signed it (RFC 8725 section 3.10): `key_not_found`. On a listening
   * issuer the URL works, and `issuer.requests['/planted']` must stay 0.
   */
  plantedKeyUrl(spec: TokenSpec): Promise<string>
}

export function badSignatures(forge: Forge): BadSignatures {
  const keyOf = (spec: TokenSpec) => spec.key ?? forge.signing()
  const strangerTo = (spec: TokenSpec) => forge.stranger(spec.algorithm ?? keyOf(spec).algorithm)
  const inputOf = (spec: TokenSpec, header: object, claims: object = {}): string =>
    signingInput(
      { ...headerOf(spec, keyOf(spec)), ...header },
      { ...claimsOf(spec, forge.issuer, forge.now()), ...claims },
    )
  const signatureIn = (token: string): string => token.slice(token.lastIndexOf('.') + 1)

  const byStranger = async (spec: TokenSpec, header: Readonly<Record<string, unknown>>): Promise<string> => {
    const stranger = await strangerTo(spec)
    const claims = claimsOf(spec, forge.issuer, forge.now())
    return signToken({ ...headerOf(spec, stranger), ...header }, claims, stranger)
  }

  const secretOf = (spec: TokenSpec, form: PublicSecret): string | Buffer => {
    const jwk = { ...keyOf(spec).publicJwk }
    const key = createPublicKey({ key: jwk, format: 'jwk' })
    const pem = key.export({ type: 'spki', format: 'pem' }).toString()
    switch (form) {
      case 'pem':
        return pem
      case 'pem-trimmed':
        return pem.trim()
      case 'pem-crlf':
        return pem.replaceAll('\n', '\r\n')
      case 'der':
        return key.export({ type: 'spki', format: 'der' })
      case 'jwk':
        return JSON.stringify(jwk)
      case 'jwks':
        return JSON.stringify(forge.published())
      case 'empty':
        return ''
    }
  }

  return {
    unsigned: async (spec, alg = 'none') => `${inputOf(spec, { alg })}.`,
    algorithmNone: async (spec, alg = 'none') => forge.token({ ...spec, header: { ...spec.header, alg } }),
    strippedSignature: async (spec) => `${inputOf(spec, {})}.`,
    async hs256Confusion(spec, secret = 'pem') {
      const input = inputOf(spec, { alg: 'HS256' })
      return `${input}.${createHmac('sha256', secretOf(spec, secret)).update(input).digest('base64url')}`
    },
    async tampered(spec, claims) {
      const tokenId = spec.tokenId ?? randomUUID()
      const scope = [spec.scope ?? [], 'admin'].flat().join(' ')
      const input = inputOf({ ...spec, tokenId }, {}, claims ?? { scope })
      return `${input}.${signatureIn(forge.token({ ...spec, tokenId }))}`
    },
    foreignSignature: async (spec) => {
      const another = forge.token({ ...spec, claims: { ...spec.claims, jti: randomUUID() } })
      return `${inputOf(spec, {})}.${signatureIn(another)}`
    },
    async zeroSignature(spec) {
      const { length } = Buffer.from(signatureIn(forge.token(spec)), 'base64url')
      return `${inputOf(spec, {})}.${Buffer.alloc(length).toString('base64url')}`
    },
    wrongKey: (spec) => byStranger(spec, { kid: keyOf(spec).keyId }),
    embeddedKey: async (spec) => byStranger(spec, { kid: keyOf(spec).keyId, jwk: (await strangerTo(spec)).publicJwk }),
    unknownKey: (spec) => byStranger(spec, {}),
    plantedKeyUrl: (spec) => byStranger(spec, { jku: forge.plantedUrl, x5u: forge.plantedUrl }),
  }
}
