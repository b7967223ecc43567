import { createEndpoint, type Endpoint } from './endpoint.js'
import type { ListeningIssuerOptions, SilentIssuerOptions } from './issuer-options.js'
import type { KeyRing } from './key-ring.js'
import { metadataDocument, metadataPath } from './metadata.js'
import type { PublishedDocument } from './outage.js'
import type { Strangers } from './strangers.js'

/** How the world sees an issuer. */
export interface Publication extends Omit<Endpoint, 'port'> {
  readonly issuer: string
  readonly jwksUri: string
  readonly plantedUrl: string
}

/** An issuer that is known by name only. */
export function publishNowhere({ issuer = 'https://issuer.example' }: SilentIssuerOptions): Publication {
  return {
    issuer,
    jwksUri: `${issuer.replace(/\/$/, '')}/jwks`,
    plantedUrl: 'https://elsewhere.example/planted',
    requests: Object.freeze({}),
    async outage() {
      throw new TypeError('an issuer that does not listen has no outages')
    },
    async close() {},
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}

/** An issuer with metadata and keys to be fetched over loopback HTTP. */
export async function publishOnLoopback(
  options: ListeningIssuerOptions,
  keys: KeyRing,
  strangers: Strangers,
): Promise<Publication> {
  const { host = '127.0.0.1', port = 0, path = '', discovery = 'oauth', cacheControl } = options
  if (!isLoopback(host)) throw new TypeError('host must be a loopback address: nobody else may trust a test issuer')
  if (path !== '' && !path.startsWith('/')) throw new TypeError('path must start with a slash')
  if ('issuer' in options)
    throw new TypeError('issuer is for { listen: false }: a listening issuer has its own address')

  const base = path.replace(/\/$/, '')
  const paths = { metadata: metadataPath(discovery, base), keys: `${base}/jwks`, planted: '/planted' }
  const jwksType = 'application/jwk-set+json'

  const documentAt = (requested: string): PublishedDocument | undefined => {
    switch (requested) {
      case paths.metadata: {
        const document = metadataDocument(issuer, jwksUri, discovery, keys.signing().algorithm)
        const body = JSON.stringify({ ...document, ...options.metadata })
        return { name: 'metadata', contentType: 'application/json', body }
      }
      case paths.keys:
        return { name: 'keys', contentType: jwksType, body: JSON.stringify(keys.published()) }
      case paths.planted:
        return { name: 'keys', contentType: jwksType, body: JSON.stringify(strangers.published()) }
      default:
        return undefined
    }
  }

  const endpoint = await createEndpoint({
    host,
    port,
    paths: Object.values(paths),
    document: documentAt,
    headers: cacheControl === undefined ? {} : { 'Cache-Control': cacheControl },
  })
  const origin = `http://${host.includes(':') ? `[${host}]` : host}:${endpoint.port}`
  const issuer = `${origin}${path}`
  const jwksUri = `${origin}${paths.keys}`
  return { ...endpoint, issuer, jwksUri, plantedUrl: `${origin}${paths.planted}` }
}
