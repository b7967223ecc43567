import type { Middleware } from 'koa'
import type { Context } from '../context.js'
import { responseModes } from './engine-client.js'

/**
 * Members of the server's metadata (RFC 8414) beside the engine's own: what the actor profile asks for.
 */
export function metadataOf({ settings }: Context): Record<string, unknown> {
  return {
    entity_profiles_supported: ['user', 'ai_agent'],
    authorization_grant_profiles_supported: ['urn:ietf:params:oauth:grant-profile:actor-profile'],
    actor_profile_token_exchange: {
      subject_token_types_supported: [
        'urn:ietf:params:oauth:token-type:access_token',
        'urn:ietf:params:oauth:token-type:jwt',
      ],
      max_chain_depth: settings.maxChainDepth,
    },
    protected_resources: [settings.adminResource],
    service_documentation: `${settings.issuer}/admin/openapi.json`,
    tls_client_certificate_bound_access_tokens: false,
  }
}

const metadataPaths = ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration']

/** Corrects what the engine says of itself where clients of this server may do less. */
export function correctMetadata(): Middleware {
  return async (ctx, next) => {
    await next()
    if (!metadataPaths.includes(ctx.path) || ctx.status !== 200 || typeof ctx.body !== 'object') return
    ctx.body = { ...ctx.body, response_modes_supported: responseModes }
  }
}
