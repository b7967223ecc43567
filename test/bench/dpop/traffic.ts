import { createPublicKey, type JsonWebKey } from 'node:crypto'
import type { DpopKey, DpopProofSpec } from '@behalf/testing'
import { bareVerify } from '../limit.js'
import { audience, type Signer } from '../signer.js'

export type ProofAlgorithm = 'ES256' | 'EdDSA'

/** A token, and a proof that goes with it. */
export interface Presented {
  readonly token: string
  readonly proof: string
}

/** Requests with a proof each: of one client and its token, or of as many clients as there are requests. */
export interface Traffic {
  readonly presented: readonly Presented[]
  /** The signature checks alone that cannot be saved: of the proof, and of a token that was not seen before. */
  readonly bareVerify: (index: number) => void
}

export const path = '/invoices'

export function prove(key: DpopKey, token: string, spec: Partial<DpopProofSpec> = {}): Promise<string> {
  return key.proof({ method: 'GET', url: audience + path, token, ...spec })
}

/** One client with one token, and a new proof for each request. */
export async function sameKey(signer: Signer, issuer: string, key: DpopKey, count: number): Promise<Traffic> {
  const token = signer.token({ iss: issuer, jkt: key.jkt })
  const presented = await Promise.all(
    Array.from({ length: count }, async () => ({ token, proof: await prove(key, token) })),
  )
  const proofs = presented.map(({ proof }) => proof)
  return { presented, bareVerify: bareVerify([publicHalf(key)], proofs) }
}

/** Clients with a key and a token of their own, one request each. */
export async function newKeys(signer: Signer, issuer: string, keys: readonly DpopKey[]): Promise<Traffic> {
  const presented = await Promise.all(
    keys.map(async (key) => {
      const token = signer.token({ iss: issuer, jkt: key.jkt })
      return { token, proof: await prove(key, token) }
    }),
  )
  const proof = bareVerify(
    keys.map(publicHalf),
    presented.map((each) => each.proof),
  )
  const token = bareVerify(
    [signer],
    presented.map((each) => each.token),
  )
  return {
    presented,
    bareVerify(index) {
      proof(index)
      token(index)
    },
  }
}

function publicHalf({ algorithm, publicJwk }: DpopKey): Pick<Signer, 'algorithm' | 'publicKey'> {
  if (algorithm !== 'ES256' && algorithm !== 'EdDSA') throw new TypeError('ES256 or EdDSA')
  return { algorithm, publicKey: createPublicKey({ key: publicJwk as JsonWebKey, format: 'jwk' }) }
}
