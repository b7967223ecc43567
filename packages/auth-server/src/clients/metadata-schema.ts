import { z } from 'zod'
import { redirectUri } from './redirect-uri.js'

const maxKeys = 10
const maxRedirectUris = 50

/** Every grant type a client can have. */
export const grants = {
  code: 'authorization_code',
  refresh: 'refresh_token',
  direct: 'client_credentials',
  exchange: 'urn:ietf:params:oauth:grant-type:token-exchange',
  ciba: 'urn:openid:params:grant-type:ciba',
} as const

const keyCommon = {
  kid: z.string().min(1).max(200).optional(),
  use: z.literal('sig').optional(),
  key_ops: z.tuple([z.literal('verify')]).optional(),
}
const value = z.string().regex(/^[A-Za-z0-9_-]{1,2000}$/u, 'must be base64url')

/** Public keys alone: any member that is not listed, a private one above all, is refused. */
const publicKey = z.discriminatedUnion('kty', [
  z.strictObject({
    kty: z.literal('EC'),
    crv: z.literal('P-256'),
    x: value,
    y: value,
    alg: z.literal('ES256').optional(),
    ...keyCommon,
  }),
  z.strictObject({
    kty: z.literal('OKP'),
    crv: z.literal('Ed25519'),
    x: value,
    alg: z.enum(['EdDSA', 'Ed25519']).optional(),
    ...keyCommon,
  }),
  z.strictObject({
    kty: z.literal('RSA'),
    n: value,
    e: value,
    alg: z.enum(['PS256', 'RS256']).optional(),
    ...keyCommon,
  }),
])

/** Metadata of a client, member by member: nothing that is not listed. */
export const clientMetadataSchema = z.strictObject({
  token_endpoint_auth_method: z.enum(['private_key_jwt', 'client_secret_basic', 'client_secret_post', 'none']),
  grant_types: z.array(z.enum(Object.values(grants))).max(5),
  redirect_uris: z.array(redirectUri).max(maxRedirectUris),
  jwks: z.strictObject({ keys: z.array(publicKey).min(1).max(maxKeys) }).optional(),
  jwks_uri: z.never({ error: 'keys are registered in jwks, never fetched' }).optional(),
  dpop_bound_access_tokens: z.boolean().optional(),
  require_pushed_authorization_requests: z.boolean().optional(),
  introspection_signed_response_alg: z.enum(['ES256', 'EdDSA']).optional(),
})
