import type { Answer } from './decision/decision.js'
import { ConfigurationError } from './errors.js'

/** The document that tells clients how to get a token for this API (RFC 9728 section 2). */
export interface ProtectedResourceMetadata {
  readonly resource: string
  readonly authorization_servers: readonly string[]
  /** Scopes the routes ask for, sorted. */
  readonly scopes_supported: readonly string[]
  readonly bearer_methods_supported: readonly ['header']
  /** Present when tokens must classify their actor (OAuth Actor Profile draft). */
  readonly actor_profile_required?: true
}

/** The document and where clients look for it. */
export interface MetadataEndpoint {
  /** Path of the well-known address. */
  readonly path: string
  /** Whole URL of the well-known address, as challenges name it. */
  readonly url: string
  /** The answer to GET, made anew each time: routes added later are in it. */
  answer(): Answer
}

/**
 * The address of the metadata of a resource: the well-known part goes between host and path (RFC 9728 section 3.1).
 *
 * @throws ConfigurationError when the resource has no URL
 */
export function metadataUrl(resource: string | undefined): URL {
  if (resource === undefined) {
    throw new ConfigurationError('resource', 'must be the URL of this API to publish its metadata')
  }
  const url = new URL(resource)
  url.pathname = `/.well-known/oauth-protected-resource${url.pathname === '/' ? '' : url.pathname}`
  return url
}

export function formatMetadata(metadata: ProtectedResourceMetadata): Answer {
  const headers = {
    'Content-Type': 'application/json',
    'Cache-Control': 'max-age=300',
    'Access-Control-Allow-Origin': '*',
  }
  return { status: 200, headers, body: JSON.stringify(metadata) }
}
