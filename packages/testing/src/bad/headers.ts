import { CompactEncrypt, generateKeyPair } from 'jose'
import type { TokenSpec } from '../token.js'
import type { Forge } from './forge.js'

const extension = 'urn:example:unknown-extension'

/** Bad tokens of the wrong kind or shape. */
export interface BadHeaders {
  /**
   * Another kind of token under the right signature, as an ID token would be (RFC 8725 section 3.11): `token_type_rejected`.
   *
   * @param type - the `typ` header; default: `JWT`
   */
  wrongType(spec: TokenSpec, type?: string): Promise<string>
  /** Announces a token inside the token with `cty` (RFC 7519 section 5.2): `token_type_rejected`. */
  nestedToken(spec: TokenSpec): Promise<string>
  /** Demands an extension nobody knows through `crit` (RFC 7515 section 4.1.11): `token_malformed`. */
  critical(spec: TokenSpec): Promise<string>
  /** Claims compression with `zip`, which a JWS does not have: `token_malformed`. */
  compressed(spec: TokenSpec): Promise<string>
  /** An encrypted token, five parts instead of three (RFC 7516): `token_malformed`. */
  encrypted(spec: TokenSpec): Promise<string>
  /** Without its last part: `token_malformed`. */
  truncated(spec: TokenSpec): Promise<string>
  /** A good token of more than 6,000 bytes; refused where `maxTokenSize` is less: `token_malformed`. */
  tooLarge(spec: TokenSpec): Promise<string>
}

export function badHeaders(forge: Forge): BadHeaders {
  const withHeader = (spec: TokenSpec, header: Readonly<Record<string, unknown>>): string =>
    forge.token({ ...spec, header: { ...spec.header, ...header } })

  return {
    wrongType: async (spec, typ = 'JWT') => withHeader(spec, { typ }),
    nestedToken: async (spec) => withHeader(spec, { cty: 'JWT' }),
    critical: async (spec) => withHeader(spec, { crit: [extension], [extension]: true }),
    compressed: async (spec) => withHeader(spec, { zip: 'DEF' }),
    async encrypted(spec) {
      const { publicKey } = await generateKeyPair('ECDH-ES')
      return new CompactEncrypt(Buffer.from(forge.token(spec)))
        .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', typ: 'at+jwt', cty: 'JWT', kid: forge.signing().keyId })
        .encrypt(publicKey)
    },
    truncated: async (spec) => forge.token(spec).split('.').slice(0, 2).join('.'),
    tooLarge: async (spec) => forge.token({ ...spec, claims: { ...spec.claims, padding: 'x'.repeat(4500) } }),
  }
}
