import type { Context } from '../context.js'

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
    protected_resources: [settings.adminResource, settings.auditResource],
    service_documentation: `${settings.issuer}/admin/openapi.json`,
    tls_client_certificate_bound_access_tokens: false,
  }
}
