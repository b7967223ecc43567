import * as oauth from 'oauth4webapi'
import { DelegationError } from './errors.js'
import type { Settings } from './options.js'
import { isSafe } from './plain-http.js'
import { limitOf, transport } from './transport.js'

/** Reads the metadata of the server: where RFC 8414 has them, or else where OpenID Connect Discovery has. */
export async function discover(settings: Settings): Promise<oauth.AuthorizationServer> {
  const { serverUrl, timeout } = settings
  const sent = transport(settings, limitOf(timeout, undefined))
  let response = await oauth.discoveryRequest(serverUrl, { ...sent, algorithm: 'oauth2' })
  if (response.status === 404) response = await oauth.discoveryRequest(serverUrl, { ...sent, algorithm: 'oidc' })
  const server = await oauth.processDiscoveryResponse(serverUrl, response)
  const { token_endpoint: endpoint = '' } = server
  if (!URL.canParse(endpoint) || !isSafe(new URL(endpoint))) throw astray
  return server
}

/** Proof and token go over https alone, or to a loopback address. */
const astray = new DelegationError('server_misbehaves', 'The auth server names no token endpoint that is https.')
