import { constants, createPublicKey, type JsonWebKey, type KeyObject, sign } from 'node:crypto'

export type JsonObject = Readonly<Record<string, unknown>>

/** Signs compact tokens with a key of the authorization server. */
export interface Signer {
  readonly jwk: JsonWebKey
  readonly secretJwk: JsonWebKey
  /** A token over these claims; a header member of `undefined` is left out. */
  sign(claims: unknown, header?: JsonObject): string
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

export const createSigner = (algorithm: string, privateKey: KeyObject): Signer => {
  const kid = `${algorithm}-key`
  const members = { kid, alg: algorithm, use: 'sig' }
  const options = {
    dsaEncoding: 'ieee-p1363',
    ...(algorithm === 'PS256' && { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }),
  } as const
  return {
    jwk: { ...createPublicKey(privateKey).export({ format: 'jwk' }), ...members },
    secretJwk: { ...privateKey.export({ format: 'jwk' }), ...members },
    sign: (claims, header = {}) => {
      const input = `${encode({ alg: algorithm, typ: 'at+jwt', kid, ...header })}.${encode(claims)}`
      const digest = algorithm === 'EdDSA' ? null : 'sha256'
      return `${input}.${sign(digest, Buffer.from(input), { key: privateKey, ...options }).toString('base64url')}`
    },
  }
}

/** The claims of a token as they are, without asking whether they are true. */
export const readClaims = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
