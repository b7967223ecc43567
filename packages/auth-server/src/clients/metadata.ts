import { base64url, importJWK } from 'jose'
import type { z } from 'zod'
import { InvalidInputError } from '../errors.js'
import { readInput } from '../input.js'
import type { ClientMetadata } from './client.js'
import { clientMetadataSchema, grants } from './metadata-schema.js'

/** RFC 8725 section 3.5: bytes of an RSA modulus at least. */
const shortestModulus = 256

/** What a key that names no algorithm is tried with. */
const algorithms = { EC: 'ES256', OKP: 'EdDSA', RSA: 'PS256' } as const

type Shape = z.infer<typeof clientMetadataSchema>
type PublicKey = NonNullable<Shape['jwks']>['keys'][number]

/** What must hold between the members, in words. */
const rules: readonly (readonly [says: string, holds: (metadata: Shape, isAgent: boolean) => boolean])[] = [
  ['grant_types: must name each once', ({ grant_types }) => new Set(grant_types).size === grant_types.length],
  [
    'redirect_uris: needed with authorization_code, and only there',
    ({ grant_types, redirect_uris }) => grant_types.includes(grants.code) === redirect_uris.length > 0,
  ],
  [
    'grant_types: refresh_token comes with authorization_code',
    ({ grant_types }) => !grant_types.includes(grants.refresh) || grant_types.includes(grants.code),
  ],
  [
    'grant_types: a client without authentication has authorization_code and refresh_token alone',
    ({ token_endpoint_auth_method, grant_types }) =>
      token_endpoint_auth_method !== 'none' ||
      grant_types.every((grant) => grant === grants.code || grant === grants.refresh),
  ],
  [
    'token_endpoint_auth_method: the client of an agent must prove itself',
    ({ token_endpoint_auth_method }, isAgent) => !isAgent || token_endpoint_auth_method !== 'none',
  ],
  [
    'grant_types: the client of an agent gets no refresh tokens',
    ({ grant_types }, isAgent) => !isAgent || !grant_types.includes(grants.refresh),
  ],
  [
    'jwks: needed with private_key_jwt, and only there',
    ({ token_endpoint_auth_method, jwks }) =>
      (token_endpoint_auth_method === 'private_key_jwt') === (jwks !== undefined),
  ],
  [
    'jwks: of several keys each has a kid of its own',
    ({ jwks }) => jwks === undefined || new Set(jwks.keys.map(({ kid }) => kid)).size === jwks.keys.length,
  ],
]

/**
 * Metadata that is right as a whole and for the kind of client.
 *
 * @param isAgent - whether the client belongs to an agent
 * @throws InvalidInputError
 */
export async function readMetadata(input: unknown, isAgent: boolean): Promise<ClientMetadata> {
  const metadata = readInput(clientMetadataSchema, input, 'metadata')
  const broken = rules.filter(([, holds]) => !holds(metadata, isAgent)).map(([says]) => `metadata.${says}`)
  if (broken.length > 0) throw new InvalidInputError(broken.join('; '))
  for (const key of metadata.jwks?.keys ?? []) await tryKey(key)
  return metadata
}

/** A key that no library takes would lock its client out later. */
async function tryKey(key: PublicKey): Promise<void> {
  try {
    await importJWK(key, key.alg ?? algorithms[key.kty])
  } catch (error) {
    throw new InvalidInputError(`metadata.jwks: the key ${key.kid} is no key`, { cause: error })
  }
  if (key.kty === 'RSA' && base64url.decode(key.n).length < shortestModulus) {
    throw new InvalidInputError(`metadata.jwks: the key ${key.kid} must have 2048 bits at least`)
  }
}
