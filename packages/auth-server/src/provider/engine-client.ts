import type { AdapterPayload } from 'oidc-provider'
import type { Client } from '../clients/client.js'

/** The engine wants a secret for methods with one; the real ones are hashed and compared by {@link Clients.isSecret}. */
const uncomparedSecret = 'kept as a hash elsewhere, never compared'

/** The others send a person through a page with a script, or a token through a URL fragment. */
export const responseModes = ['query'] as const

/** A client in the engine's words. */
export function toEngineClient({ id, name, metadata }: Client): AdapterPayload {
  const method = metadata.token_endpoint_auth_method
  const hasSecret = method === 'client_secret_basic' || method === 'client_secret_post'
  const grants = [...metadata.grant_types]
  return {
    client_id: id,
    client_name: name,
    token_endpoint_auth_method: method,
    grant_types: grants,
    redirect_uris: [...metadata.redirect_uris],
    response_types: grants.includes('authorization_code') ? ['code'] : [],
    ...(grants.includes('authorization_code') ? { response_modes: [...responseModes] } : {}),
    ...(hasSecret ? { client_secret: uncomparedSecret } : {}),
    ...(metadata.jwks === undefined ? {} : { jwks: { keys: [...metadata.jwks.keys] } }),
    ...(metadata.dpop_bound_access_tokens === undefined
      ? {}
      : { dpop_bound_access_tokens: metadata.dpop_bound_access_tokens }),
    ...(metadata.require_pushed_authorization_requests === undefined
      ? {}
      : { require_pushed_authorization_requests: metadata.require_pushed_authorization_requests }),
    ...(metadata.introspection_signed_response_alg === undefined
      ? {}
      : { introspection_signed_response_alg: metadata.introspection_signed_response_alg }),
    ...(grants.includes(cibaGrant) ? { backchannel_token_delivery_mode: 'poll' } : {}),
  }
}

/** CIBA core section 10. */
const cibaGrant = 'urn:openid:params:grant-type:ciba'
