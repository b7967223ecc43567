import type { SigningAlgorithm } from './algorithm.js'

/** Where an issuer publishes its metadata: RFC 8414, or OpenID Connect Discovery 1.0. */
export type DiscoveryKind = 'oauth' | 'openid'

/** RFC 8414 section 3 puts the well-known part before the path of the issuer, OpenID Connect Discovery behind it. */
export function metadataPath(kind: DiscoveryKind, path: string): string {
  return kind === 'oauth'
    ? `/.well-known/oauth-authorization-server${path}`
    : `${path}/.well-known/openid-configuration`
}

/** A metadata document that claims no endpoint but the one there is. */
export function metadataDocument(
  issuer: string,
  jwksUri: string,
  kind: DiscoveryKind,
  algorithm: SigningAlgorithm,
): Record<string, unknown> {
  return {
    issuer,
    jwks_uri: jwksUri,
    response_types_supported: [],
    grant_types_supported: [],
    ...(kind === 'openid'
      ? { subject_types_supported: ['public'], id_token_signing_alg_values_supported: [algorithm] }
      : {}),
  }
}
