import { createHmac, createPublicKey, generateKeyPairSync, type JsonWebKey, type KeyObject, sign } from 'node:crypto'

/** A key pair that signs without waiting, so that a test can make thousands of distinct tokens. */
export interface SigningKey {
  readonly kid: string
  readonly algorithm: string
  /** The member of a key set. */
  readonly jwk: JsonWebKey & { kid: string }
  /** The same member with its private part, which no key set should ever hold. */
  readonly secretJwk: JsonWebKey & { kid: string }
  readonly privateKey: KeyObject
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

export const createKey = (kid: string, algorithm: 'ES256' | 'RS256' = 'ES256', modulusLength = 2048): SigningKey => {
  const { privateKey } =
    algorithm === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength })
  const publicJwk = createPublicKey(privateKey).export({ format: 'jwk' })
  const secretJwk = privateKey.export({ format: 'jwk' })
  return {
    kid,
    algorithm,
    jwk: { ...publicJwk, kid, alg: algorithm, use: 'sig' },
    secretJwk: { ...secretJwk, kid, alg: algorithm, use: 'sig' },
    privateKey,
  }
}

export type JsonObject = Readonly<Record<string, unknown>>

/** A compact token over these claims; a header member of `undefined` is left out. */
export const signToken = (key: SigningKey, claims: JsonObject, header: JsonObject = {}): string =>
  signText(key, JSON.stringify(claims), header)

/** The same over a text, for claims that no JSON.stringify would write. */
export const signText = (key: SigningKey, claims: string, header: JsonObject = {}): string => {
  const protectedHeader = encode({ alg: key.algorithm, typ: 'at+jwt', kid: key.kid, ...header })
  const input = `${protectedHeader}.${Buffer.from(claims).toString('base64url')}`
  const signature = sign('sha256', Buffer.from(input), { key: key.privateKey, dsaEncoding: 'ieee-p1363' })
  return `${input}.${signature.toString('base64url')}`
}

/** A token whose signature is an HMAC: what a symmetric key in a key set would let anyone make. */
export const signWithSecret = (secret: Buffer, kid: string, claims: JsonObject): string => {
  const input = `${encode({ alg: 'HS256', typ: 'at+jwt', kid })}.${encode(claims)}`
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}
