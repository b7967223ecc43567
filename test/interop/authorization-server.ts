import { generateKeyPairSync } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Context, Provider, type ResourceServerInfo } from 'oidc-provider'
import { createSigner, type Signer } from './signer.js'

export type Algorithm = 'ES256' | 'RS256' | 'PS256' | 'EdDSA'

/** The APIs the server issues tokens for: each has its own audience and algorithm. */
export const audiences = {
  ES256: 'https://billing.example.com',
  RS256: 'https://orders.example.com',
  PS256: 'https://users.example.com',
  EdDSA: 'https://refunds.example.com',
} as const satisfies Record<Algorithm, string>

const exchange = 'urn:ietf:params:oauth:grant-type:token-exchange'
const client = { id: 'agent-support', secret: 'a secret of this test alone' }

export interface AuthorizationServer {
  readonly issuer: string
  readonly jwksUri: string
  /** The client that asks, for libraries that do it themselves. */
  readonly client: { readonly id: string; readonly secret: string }
  /** Paths that were asked for, oldest first. */
  readonly paths: readonly string[]
  /** A direct token: the client asks for itself. */
  direct(algorithm: Algorithm, scope?: string): Promise<string>
  /** A delegated token: the client asks for this user, as this actor. */
  delegated(algorithm: Algorithm, subject: string, actor: string, scope?: string): Promise<string>
  /** The server's own key, to make from its tokens what it would never issue. */
  readonly signers: Readonly<Record<Algorithm, Signer>>
  close(): Promise<void>
}

const describeResource = (resource: string): ResourceServerInfo => {
  const algorithm = Object.entries(audiences).find(([, audience]) => audience === resource)?.[0]
  if (algorithm === undefined) throw new Error(`unknown resource ${resource}`)
  return {
    scope: 'billing:read billing:write refunds:write',
    audience: resource,
    accessTokenTTL: 300,
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: algorithm } },
  }
}

/** A JWT access token is never looked up again, so nothing needs to be stored. */
const keepNothing = {
  upsert: async (): Promise<void> => {},
  find: async (): Promise<undefined> => undefined,
}

/** oidc-provider on loopback, with JWT access tokens through resource indicators. */
export const createAuthorizationServer = async (
  path = '',
  { withoutOauthDiscovery = false } = {},
): Promise<AuthorizationServer> => {
  const server: Server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const issuer = `${origin}${path}`
  const paths: string[] = []

  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const signers = {
    ES256: createSigner('ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey),
    RS256: createSigner('RS256', rsa),
    PS256: createSigner('PS256', generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey),
    EdDSA: createSigner('EdDSA', generateKeyPairSync('ed25519').privateKey),
  }

  const provider = new Provider(issuer, {
    jwks: { keys: Object.values(signers).map(({ secretJwk }) => secretJwk) },
    cookies: { keys: ['a cookie key of this test alone'] },
    adapter: () => keepNothing,
    ttl: { AccessToken: 300, ClientCredentials: 300 },
    clients: [
      {
        client_id: client.id,
        client_secret: client.secret,
        grant_types: ['client_credentials', exchange],
        redirect_uris: [],
        response_types: [],
        token_endpoint_auth_method: 'client_secret_basic',
      },
    ],
    features: {
      clientCredentials: { enabled: true },
      dPoP: { enabled: true, nonceSecret: Buffer.alloc(32, 'nonce'), requireNonce: () => true },
      devInteractions: { enabled: false },
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
      const value = await token.save()
      context.body = {
        access_token: value,
        issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        token_type: 'Bearer',
        expires_in: token.expiration,
        scope,
      }
    },
    ['subject', 'actor', 'resource', 'scope'],
  )

  const answer = provider.callback()
  const discovery = `/.well-known/oauth-authorization-server${path}`
  server.on('request', (request, response) => {
    const asked = request.url ?? '/'
    paths.push(asked)
    // mounted below a path, as a reverse proxy would do it
    if (asked === discovery && withoutOauthDiscovery) request.url = '/none'
    else if (asked === discovery) request.url = '/.well-known/oauth-authorization-server'
    else if (asked.startsWith(`${path}/`)) request.url = asked.slice(path.length)
    answer(Object.assign(request, { baseUrl: path }), response)
  })

  const ask = async (parameters: Readonly<Record<string, string>>): Promise<string> => {
    const response = await fetch(`${issuer}/token`, {
      method: 'POST',
      headers: {
        Authorization: `Basic ${Buffer.from(`${client.id}:${encodeURIComponent(client.secret)}`).toString('base64')}`,
      },
      body: new URLSearchParams(parameters),
    })
    const body = (await response.json()) as { access_token?: string }
    if (body.access_token === undefined) throw new Error(`${response.status} ${JSON.stringify(body)}`)
    return body.access_token
  }

  return {
    issuer,
    jwksUri: `${issuer}/jwks`,
    client,
    paths,
    direct: (algorithm, scope = 'billing:read') =>
      ask({ grant_type: 'client_credentials', resource: audiences[algorithm], scope }),
    delegated: (algorithm, subject, actor, scope = 'billing:read') =>
      ask({ grant_type: exchange, resource: audiences[algorithm], subject, actor, scope }),
    signers,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
