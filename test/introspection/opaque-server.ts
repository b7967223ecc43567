import { generateKeyPairSync } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, type JWK } from 'jose'
import { type Context, Provider, type ResourceServerInfo } from 'oidc-provider'
import type { IntrospectionClient } from '../../packages/core/dist/token/introspection-options.js'
import { AUDIENCE } from '../support/token.js'

const exchange = 'urn:ietf:params:oauth:grant-type:token-exchange'
const agent = { id: 'agent-support', secret: 'the secret of an agent' }

/** oidc-provider on loopback, with opaque access tokens, introspection and revocation. */
export interface OpaqueServer {
  readonly issuer: string
  readonly endpoint: string
  /** Its keys, for signed answers. */
  readonly jwks: { readonly keys: JWK[] }
  /** This API, as two clients of the server: by its secret, and by its key. */
  readonly clients: Readonly<Record<'secret' | 'key', IntrospectionClient>>
  /** A token of a user, delegated when there is an actor. */
  token(claims: { subject: string; actor?: string; resource?: string; scope?: string }): Promise<string>
  /** A token of the client alone. */
  machineToken(): Promise<string>
  revoke(token: string): Promise<void>
  close(): Promise<void>
}

const describeResource = (resource: string): ResourceServerInfo => ({
  scope: 'billing:read billing:write',
  audience: resource,
  accessTokenTTL: 300,
  accessTokenFormat: 'opaque',
})

const basic = ({ id, secret }: { id: string; secret: string }): string =>
  `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`

export async function startOpaqueServer(): Promise<OpaqueServer> {
  const server: Server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const api = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const clients = {
    secret: { id: 'billing-api', secret: 'a secret: with % and +' },
    key: { id: 'billing-api-key', privateKey: api.privateKey, algorithm: 'ES256', keyId: 'api-1' },
  } as const
  const registered = (id: string, more: object): object => ({
    client_id: id,
    id_token_signed_response_alg: 'ES256',
    introspection_signed_response_alg: 'ES256',
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
    ...more,
  })

  const provider = new Provider(issuer, {
    jwks: { keys: [{ ...(await exportJWK(own.privateKey)), kid: 'issuer-1', alg: 'ES256', use: 'sig' }] },
    cookies: { keys: ['a cookie key of this test alone'] },
    ttl: { AccessToken: 300, ClientCredentials: 300 },
    clients: [
      registered(agent.id, { client_secret: agent.secret, grant_types: ['client_credentials', exchange] }),
      registered(clients.secret.id, { client_secret: clients.secret.secret }),
      registered(clients.key.id, {
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [{ ...(await exportJWK(api.publicKey)), kid: 'api-1', alg: 'ES256', use: 'sig' }] },
      }),
    ],
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      introspection: { enabled: true },
      jwtIntrospection: { enabled: true },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_context: Context, resource: string) => describeResource(resource),
      },
    },
    extraTokenClaims: ({ oidc }: Context) => {
      const { actor } = oidc.params
      return actor === undefined ? undefined : { act: { sub: actor, iss: issuer } }
    },
  })

  provider.registerGrantType(
    exchange,
    async (context) => {
      const { subject, resource = '', scope } = context.oidc.params
      const token = new provider.AccessToken({
        accountId: subject,
        client: context.oidc.client,
        resourceServer: new provider.ResourceServer(resource, describeResource(resource)),
        scope,
        gty: exchange,
      })
      context.body = { access_token: await token.save(), token_type: 'Bearer', expires_in: token.expiration }
    },
    ['subject', 'actor', 'resource', 'scope'],
  )
  server.on('request', provider.callback())

  async function post(path: string, form: Readonly<Record<string, string>>): Promise<Response> {
    const headers = { Authorization: basic(agent) }
    const response = await fetch(`${issuer}${path}`, { method: 'POST', headers, body: new URLSearchParams(form) })
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
    return response
  }

  async function ask(form: Readonly<Record<string, string>>): Promise<string> {
    const { access_token: token } = (await (await post('/token', form)).json()) as { access_token: string }
    return token
  }

  return {
    issuer,
    endpoint: `${issuer}/token/introspection`,
    jwks: { keys: [{ ...(await exportJWK(own.publicKey)), kid: 'issuer-1', alg: 'ES256', use: 'sig' }] },
    clients,
    token: ({ resource = AUDIENCE, scope = 'billing:read', ...claims }) =>
      ask({ grant_type: exchange, resource, scope, ...claims }),
    machineToken: () => ask({ grant_type: 'client_credentials', resource: AUDIENCE, scope: 'billing:read' }),
    revoke: async (token) => void (await post('/token/revocation', { token })),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
