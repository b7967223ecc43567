import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose'

/** The two halves of a key that an agent proves itself with. */
export interface AgentKey {
  /** For the server: an entry of the client's `jwks.keys`. */
  readonly publicJwk: JWK
  /** For the agent, and nobody else. */
  readonly privateJwk: JWK
}

/** @param keyId - `kid`. Default: the thumbprint (RFC 7638) */
export async function createAgentKey(keyId?: string): Promise<AgentKey> {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
  const publicJwk = await exportJWK(publicKey)
  const own = { kid: keyId ?? (await calculateJwkThumbprint(publicJwk)), alg: 'ES256' }
  return { publicJwk: { ...publicJwk, ...own }, privateJwk: { ...(await exportJWK(privateKey)), ...own } }
}
