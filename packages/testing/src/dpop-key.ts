import { createHash, randomUUID } from 'node:crypto'
import { calculateJwkThumbprint, type JWK } from 'jose'
import type { SigningAlgorithm } from './algorithm.js'
import { createTestKey } from './key.js'
import { signToken } from './token.js'

/** What a DPoP proof says. */
export interface DpopProofSpec {
  /** `htm`: the method of the request. */
  readonly method: string
  /** `htu`: the URL of the request; query and fragment are cut off (RFC 9449 section 4.2). */
  readonly url: string | URL
  /** The access token the proof goes with, for `ath`. Default: none, as at a token endpoint. */
  readonly token?: string
  /** `nonce`: what the server sent as `DPoP-Nonce`. Default: absent. */
  readonly nonce?: string
  /** `iat`, in seconds since the epoch. Default: the system's clock. */
  readonly issuedAt?: number
  /** `jti`. Default: a new UUID for each proof. */
  readonly tokenId?: string
  /** More claims, or others in place of those above; `undefined` removes one. Signed as they stand. */
  readonly claims?: Readonly<Record<string, unknown>>
  /** More header members, or others in place of `typ`, `alg` and `jwk`; `undefined` removes one. Signed as they stand. */
  readonly header?: Readonly<Record<string, unknown>>
}

/** The key pair of a client that binds its tokens to it (RFC 9449). It protects nothing: never use one outside tests. */
export interface DpopKey {
  readonly algorithm: SigningAlgorithm
  /** The thumbprint of the key (RFC 7638): `cnf.jkt` of a token that is bound to it. */
  readonly jkt: string
  /** The public half as it stands in the header of a proof. */
  readonly publicJwk: JWK
  /** The private half. */
  readonly privateJwk: JWK
  /** Signs a proof, the value of the `DPoP` header of one request. */
  proof(spec: DpopProofSpec): Promise<string>
}

/**
 * Creates the key pair of a client. Bind a token to it with `issuer.token({ ..., boundTo: key })`.
 *
 * @param algorithm - default: `ES256`
 * @throws TypeError for an algorithm that is not one of `signingAlgorithms`
 */
export async function createDpopKey(algorithm: SigningAlgorithm = 'ES256'): Promise<DpopKey> {
  const key = await createTestKey({ algorithm })
  const { kid: _kid, alg: _alg, use: _use, ...publicJwk } = key.publicJwk
  const { kid: _privateKid, ...privateJwk } = key.privateJwk
  return {
    algorithm,
    jkt: await calculateJwkThumbprint(publicJwk),
    publicJwk,
    privateJwk,
    async proof(spec) {
      const header = { typ: 'dpop+jwt', alg: algorithm, jwk: publicJwk, ...spec.header }
      return signToken(header, claimsOf(spec), key)
    },
  }
}

/** RFC 9449 section 4.2. */
function claimsOf({ method, url, token, nonce, issuedAt, tokenId, claims }: DpopProofSpec): Record<string, unknown> {
  return {
    jti: tokenId ?? randomUUID(),
    htm: method,
    htu: String(url).replace(/[?#].*$/s, ''),
    iat: issuedAt ?? Math.floor(Date.now() / 1000),
    ...(token === undefined ? {} : { ath: createHash('sha256').update(token).digest('base64url') }),
    ...(nonce === undefined ? {} : { nonce }),
    ...claims,
  }
}
