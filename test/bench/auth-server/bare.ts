import { randomBytes } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import { exportJWK, generateKeyPair } from 'jose'
import { Provider } from 'oidc-provider'
import { listen } from '../http/listen.js'
import { type Ready, resource, type Setup, scope, tokenRequest } from './contender.js'

/** oidc-provider alone, with its own adapter in memory: what a team would have without Behalf. It keeps no trail. */
export async function startBare({ format = 'jwt' }: Setup): Promise<Ready> {
  let answer: RequestListener | undefined
  const http = createServer((request, response) => answer?.(request, response))
  const port = await listen(http)
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  const secret = randomBytes(32).toString('base64url')
  const provider = new Provider(`http://127.0.0.1:${port}`, {
    jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: 'k1', alg: 'ES256', use: 'sig' }] },
    clients: [
      {
        client_id: 'agent',
        client_secret: secret,
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
        token_endpoint_auth_method: 'client_secret_basic',
        id_token_signed_response_alg: 'ES256',
      },
    ],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({
          scope,
          audience: resource,
          accessTokenTTL: 60,
          accessTokenFormat: format,
          ...(format === 'jwt' ? { jwt: { sign: { alg: 'ES256' } } } : {}),
        }),
      },
    },
  })
  answer = provider.callback()
  return { port, requests: [tokenRequest('agent', secret, { grant_type: 'client_credentials', resource, scope })] }
}
