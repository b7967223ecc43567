import { isFetchable } from '../address.js'
import { isJsonObject } from '../jws/compact.js'
import { type FetchLimits, fetchJson } from './fetch.js'

/**
 * The addresses of an issuer's metadata, in the order they are asked: RFC 8414 section 3.1 puts the well-known part
 * between host and path, OpenID Connect Discovery section 4 appends it.
 */
function metadataUrls(issuer: string): readonly string[] {
  const { origin, pathname } = new URL(issuer)
  const path = pathname.replace(/\/$/, '')
  return [
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${origin}${path}/.well-known/openid-configuration`,
  ]
}

/**
 * Finds the address of an issuer's keys. A document counts only if its `issuer` is the configured one, character for
 * character (RFC 8414 section 3.3).
 *
 * @throws Error that says what each address answered
 */
export async function discoverJwksUri(issuer: string, limits: FetchLimits): Promise<string> {
  const failures: string[] = []
  for (const [index, url] of metadataUrls(issuer).entries()) {
    // The second address gets its turn though the first one hangs.
    const timeout = index === 0 ? Math.ceil(limits.timeout / 2) : limits.timeout
    try {
      return jwksUriOf((await fetchJson(url, { ...limits, timeout })).value, issuer)
    } catch (error) {
      if (limits.signal.aborted) throw error
      failures.push(`${url}: ${error instanceof Error ? error.message : 'failed'}`)
    }
  }
  throw new Error(`no usable metadata (${failures.join('; ')})`)
}

function jwksUriOf(metadata: unknown, issuer: string): string {
  if (!isJsonObject(metadata)) throw new Error('the metadata is not an object')
  if (metadata.issuer !== issuer) throw new Error('the metadata is of another issuer')
  if (typeof metadata.jwks_uri !== 'string' || !isFetchable(metadata.jwks_uri)) {
    throw new Error('the metadata has no jwks_uri that is an https URL')
  }
  return metadata.jwks_uri
}
