import { constants, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto'

export type Algorithm = 'RS256' | 'ES256' | 'EdDSA' | 'PS256'

export const algorithms: readonly Algorithm[] = ['RS256', 'ES256', 'EdDSA', 'PS256']

export const issuer = 'https://auth.example.com'
export const audience = 'https://billing.example.com'
export const scope = 'billing:read'

export type PublicJwk = Readonly<Record<string, string>> & {
  readonly kty: string
  readonly kid: string
  readonly alg: Algorithm
}

/** What makes a token differ from the good one. */
export interface TokenSpec {
  readonly iss?: string
  readonly aud?: string
  readonly scope?: string
  /** Seconds from now; default 900, the longest life of a delegated token. */
  readonly lifetime?: number
  readonly typ?: string
  /** Thumbprint of the client's key, for a token that is bound to it. */
  readonly jkt?: string
}

/** One key of an issuer, and tokens signed with it. */
export interface Signer {
  readonly algorithm: Algorithm
  readonly publicKey: KeyObject
  readonly jwk: PublicJwk
  token(spec?: TokenSpec): string
  tokens(count: number, spec?: TokenSpec): readonly string[]
}

/** How node:crypto is told to sign and verify for a JOSE algorithm. */
export interface SignatureScheme {
  readonly hash: 'sha256' | null
  readonly options: { readonly padding?: number; readonly saltLength?: number; readonly dsaEncoding?: 'ieee-p1363' }
}

export const schemes: Readonly<Record<Algorithm, SignatureScheme>> = {
  RS256: { hash: 'sha256', options: {} },
  ES256: { hash: 'sha256', options: { dsaEncoding: 'ieee-p1363' } },
  EdDSA: { hash: null, options: {} },
  PS256: { hash: 'sha256', options: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 } },
}

export function createSigner(algorithm: Algorithm, kid = '2026-11-a'): Signer {
  const { privateKey, publicKey } = keyPair(algorithm)
  const { hash, options } = schemes[algorithm]
  const token = (spec: TokenSpec = {}): string => {
    const input = `${encode({ alg: algorithm, typ: spec.typ ?? 'at+jwt', kid })}.${encode(claims(spec))}`
    return `${input}.${sign(hash, Buffer.from(input), { key: privateKey, ...options }).toString('base64url')}`
  }
  return {
    algorithm,
    publicKey,
    jwk: { ...(publicKey.export({ format: 'jwk' }) as { kty: string }), kid, alg: algorithm, use: 'sig' },
    token,
    tokens: (count, spec) => Array.from({ length: count }, () => token(spec)),
  }
}

/** A delegated call: one subject, through one agent, for one API (RFC 9068 and RFC 8693). */
function claims(spec: TokenSpec): object {
  const now = Math.floor(Date.now() / 1000)
  const iss = spec.iss ?? issuer
  return {
    iss,
    sub: 'user_8f2c1d',
    aud: spec.aud ?? audience,
    client_id: 'agent-support',
    iat: now,
    exp: now + (spec.lifetime ?? 900),
    jti: randomUUID(),
    scope: spec.scope ?? `${scope} billing:charges`,
    act: { iss, sub: 'agent:support' },
    ...(spec.jkt !== undefined && { cnf: { jkt: spec.jkt } }),
  }
}

function keyPair(algorithm: Algorithm): { privateKey: KeyObject; publicKey: KeyObject } {
  if (algorithm === 'ES256') return generateKeyPairSync('ec', { namedCurve: 'P-256' })
  if (algorithm === 'EdDSA') return generateKeyPairSync('ed25519')
  return generateKeyPairSync('rsa', { modulusLength: 2048 })
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
