import { constants, createHmac, generateKeyPairSync, type KeyObject, sign as signBytes } from 'node:crypto'

/** The present, for every clock in a suite. Tests move time by minting tokens around it or through `api.clock`. */
export const NOW = 1_800_000_000
export const ISSUER = 'https://auth.example.com'
export const AUDIENCE = 'https://billing.example.com'

export type Algorithm =
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

export type Json = Record<string, unknown>

export interface SigningKey {
  readonly kid: string
  readonly algorithm: Algorithm
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  /** Public half as it stands in a key set. */
  readonly jwk: Json
}

const curves: Partial<Record<Algorithm, string>> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' }

/** A fresh key pair. `bits` is for RSA only. */
export function createKey(algorithm: Algorithm, kid: string = algorithm.toLowerCase(), bits = 2048): SigningKey {
  const curve = curves[algorithm]
  const pair =
    curve !== undefined
      ? generateKeyPairSync('ec', { namedCurve: curve })
      : algorithm === 'EdDSA' || algorithm === 'Ed25519'
        ? generateKeyPairSync('ed25519')
        : generateKeyPairSync('rsa', { modulusLength: bits })
  const jwk = { ...pair.publicKey.export({ format: 'jwk' }), kid, alg: algorithm, use: 'sig' }
  return { kid, algorithm, ...pair, jwk }
}

const cache = new Map<Algorithm, SigningKey>()

/** The trusted issuer's key for an algorithm: made once, when first asked for. */
export function issuerKey(algorithm: Algorithm = 'ES256'): SigningKey {
  const known = cache.get(algorithm) ?? createKey(algorithm)
  cache.set(algorithm, known)
  return known
}

/** A key set of the given keys. */
export function jwks(...keys: readonly SigningKey[]): { keys: Json[] } {
  return { keys: keys.map(({ jwk }) => jwk) }
}

let minted = 0

/** Claims of a direct token that every check accepts. A member given as undefined is left out. */
export function claims(changes: Json = {}): Json {
  minted += 1
  return {
    iss: ISSUER,
    sub: 'user-1',
    aud: AUDIENCE,
    exp: NOW + 300,
    iat: NOW,
    jti: `token-${minted}`,
    client_id: 'client-1',
    scope: 'billing:read',
    ...changes,
  }
}

/** The same for a delegated token: `agent:support` acts for `user-1`. */
export function delegated(changes: Json = {}): Json {
  return claims({ act: { sub: 'agent:support', iss: ISSUER }, ...changes })
}

/** A good token, changed as told and signed by the trusted issuer unless another key is given. */
export function mint(
  changes: Json = {},
  { key = issuerKey(), header = {} }: { key?: SigningKey; header?: Json } = {},
): string {
  return forge({ header: { alg: key.algorithm, typ: 'at+jwt', kid: key.kid, ...header }, claims: claims(changes), key })
}

export type Part = Json | string | Buffer | readonly unknown[] | number | boolean | null

export interface Forgery {
  /** An object is written as JSON; text and bytes are taken as they are. */
  readonly header: Part
  readonly claims: Part
  /** Signs with this key whatever the header says ... */
  readonly key?: SigningKey
  /** ... or with HMAC over this secret ... */
  readonly secret?: string | Buffer
  /** ... or takes these bytes (or this finished base64url text) for a signature. */
  readonly signature?: Buffer | string
}

/** Builds a compact token out of exactly the bytes it is told to. */
export function forge({ header, claims: body, key = issuerKey(), secret, signature }: Forgery): string {
  const input = `${encodePart(header)}.${encodePart(body)}`
  if (typeof signature === 'string') return `${input}.${signature}`
  if (signature !== undefined) return `${input}.${signature.toString('base64url')}`
  if (secret !== undefined) return `${input}.${hmac(header, secret, input)}`
  return `${input}.${sign(key, Buffer.from(input)).toString('base64url')}`
}

/** A signature over text that is already encoded, for tokens whose encoding itself is the attack. */
export function signInput(input: string, key: SigningKey = issuerKey()): string {
  return `${input}.${sign(key, Buffer.from(input, 'latin1')).toString('base64url')}`
}

/** The raw signature an algorithm asks for (RFC 7518 section 3, RFC 8037). */
export function sign({ algorithm, privateKey }: SigningKey, input: Buffer): Buffer {
  if (algorithm === 'EdDSA' || algorithm === 'Ed25519') return signBytes(null, input, privateKey)
  const hash = `sha${algorithm.slice(2)}`
  if (algorithm.startsWith('ES')) return signBytes(hash, input, { key: privateKey, dsaEncoding: 'ieee-p1363' })
  if (algorithm.startsWith('RS')) return signBytes(hash, input, privateKey)
  const padding = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
  return signBytes(hash, input, { key: privateKey, ...padding })
}

export function encodePart(part: Part): string {
  const bytes =
    typeof part === 'string' || Buffer.isBuffer(part) ? Buffer.from(part as string) : Buffer.from(JSON.stringify(part))
  return bytes.toString('base64url')
}

function hmac(header: Part, secret: string | Buffer, input: string): string {
  const alg = typeof header === 'object' && header !== null && 'alg' in header ? String(header.alg) : 'HS256'
  const hash = /^HS(256|384|512)$/.exec(alg)?.[1] ?? '256'
  return createHmac(`sha${hash}`, secret).update(input).digest('base64url')
}
