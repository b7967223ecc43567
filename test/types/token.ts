import { generateKeyPairSync, randomUUID, sign } from 'node:crypto'

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

export const audience = 'https://billing.example.com'

/** The issuer of these tests, its one key at hand. */
export const trusted = {
  issuer: 'https://auth.example.com',
  jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'key-1', alg: 'ES256' }] },
}

/** A good token with these claims more. */
export const createToken = (claims: Readonly<Record<string, unknown>> = {}): string => {
  const now = Math.floor(Date.now() / 1000)
  const standard = {
    iss: trusted.issuer,
    aud: audience,
    sub: 'user_1',
    client_id: 'agent',
    jti: randomUUID(),
    iat: now,
    exp: now + 60,
  }
  const input = `${encode({ alg: 'ES256', typ: 'at+jwt', kid: 'key-1' })}.${encode({ ...standard, ...claims })}`
  const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' })
  return `${input}.${signature.toString('base64url')}`
}
