import { JwtVerifier } from 'aws-jwt-verify'
import { createVerifier } from 'fast-jwt'
import { importJWK, jwtVerify } from 'jose'
import jsonwebtoken from 'jsonwebtoken'
import { type Algorithm, algorithms, audience, issuer, type Signer } from './signer.js'

/** What a team would use instead, set up to look at signature, algorithm, issuer, audience and expiry. */
export interface Peer {
  readonly name: string
  readonly algorithms: readonly Algorithm[]
  readonly asynchronous: boolean
  /** The key is at hand beforehand: peers are spared the look-up that Behalf makes in every call. */
  create(signer: Signer): Promise<(token: string) => unknown>
}

export const fastJwtCached = 'fast-jwt, with its cache'

export const peers: readonly Peer[] = [
  {
    name: 'jose jwtVerify',
    algorithms,
    asynchronous: true,
    async create({ algorithm, jwk }) {
      const key = await importJWK(jwk, algorithm)
      const options = { issuer, audience, algorithms: [algorithm], typ: 'at+jwt', requiredClaims: ['exp'] }
      return (token) => jwtVerify(token, key, options)
    },
  },
  {
    name: 'fast-jwt, no cache',
    algorithms,
    asynchronous: false,
    create: async (signer) => createFastJwt(signer),
  },
  {
    name: 'aws-jwt-verify verifySync',
    algorithms: ['RS256', 'ES256', 'EdDSA'],
    asynchronous: false,
    async create({ jwk }) {
      const verifier = JwtVerifier.create({ issuer, audience, jwksUri: `${issuer}/keys` })
      verifier.cacheJwks({ keys: [jwk] })
      return (token) => verifier.verifySync(token)
    },
  },
  {
    name: 'jsonwebtoken',
    algorithms: ['RS256', 'ES256', 'PS256'],
    asynchronous: false,
    async create({ algorithm, publicKey }) {
      const options = { algorithms: [algorithm as jsonwebtoken.Algorithm], issuer, audience }
      return (token) => jsonwebtoken.verify(token, publicKey, options)
    },
  },
]

/** @param cache how many verified tokens it keeps; none when left out */
export function createFastJwt({ algorithm, publicKey }: Signer, cache?: number): (token: string) => unknown {
  return createVerifier({
    key: publicKey.export({ type: 'spki', format: 'pem' }) as string,
    algorithms: [algorithm],
    allowedIss: issuer,
    allowedAud: audience,
    requiredClaims: ['iss', 'aud', 'exp'],
    checkTyp: 'at+jwt',
    ...(cache !== undefined && { cache }),
  })
}
