import { createHash, randomUUID } from 'node:crypto'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import type { Headers } from './callers.js'

/** A stolen token, with a proof by a key of the thief's own (RFC 9449): well made, and for nothing. */
export async function createDpopProof(token: string, url: string, path: string): Promise<Headers> {
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  const proof = await new SignJWT({
    htm: 'GET',
    htu: new URL(path, url).href,
    jti: randomUUID(),
    ath: createHash('sha256').update(token).digest('base64url'),
  })
    .setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk: await exportJWK(publicKey) })
    .setIssuedAt()
    .sign(privateKey)
  return { authorization: `DPoP ${token}`, dpop: proof }
}
