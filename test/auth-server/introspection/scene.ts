import type { AuthServerOptions } from '@behalf/auth-server'
import * as oauth from 'oauth4webapi'
import { type RunningAuthServer, startAuthServer } from '../support/server.js'

export const billing = 'https://billing.example.com'
export const orders = 'https://orders.example.com'

const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange'
const accessToken = 'urn:ietf:params:oauth:token-type:access_token'

const secretOf = (id: string): string => `the secret of ${id}, which is long enough`

const permission = (resource: string, details?: string) => ({
  resource,
  words: 'Do something',
  risk: 'low' as const,
  consent: 'none' as const,
  ...(details === undefined ? {} : { details }),
})

const agent = (name: string, roles: readonly string[]) => ({ id: `agent:${name}`, name, owner: 'team', roles })

const client = (id: string, agentId: string | undefined, metadata: object = {}) => ({
  id,
  name: id,
  secret: secretOf(id),
  ...(agentId === undefined ? {} : { agent: agentId }),
  metadata: {
    token_endpoint_auth_method: 'client_secret_basic' as const,
    grant_types: agentId === undefined ? [] : [exchangeGrant, 'client_credentials'],
    redirect_uris: [],
    ...metadata,
  },
})

/** Two APIs with a client each, one of which wants signed answers, three agents, and an application. */
export const seed: NonNullable<AuthServerOptions['seed']> = {
  policy: {
    schema: 'behalf-policy/1',
    resources: {
      [billing]: { name: 'Billing', clients: ['billing-api', 'billing-signed'] },
      [orders]: { name: 'Orders', clients: ['orders-api'] },
    },
    permissions: {
      'billing:read': permission(billing),
      'billing:record': permission(billing, 'customer_record'),
      'orders:read': permission(orders),
    },
    roles: {
      support: { permissions: ['billing:read', 'billing:record', 'orders:read'] },
      auditor: { permissions: ['admin:read'] },
    },
    rules: [],
  },
  agents: [agent('support', ['support']), agent('stranger', ['support']), agent('auditor', ['auditor'])],
  clients: [
    client('support', 'agent:support'),
    client('support-second', 'agent:support'),
    client('stranger', 'agent:stranger'),
    client('auditor', 'agent:auditor'),
    client('billing-api', undefined),
    client('billing-signed', undefined, { introspection_signed_response_alg: 'ES256' }),
    client('orders-api', undefined),
    client('app', undefined, {
      grant_types: ['authorization_code'],
      redirect_uris: ['https://app.example.com/back'],
    }),
  ],
  accounts: [
    {
      subject: 'alice',
      username: 'alice',
      name: 'Alice',
      password: 'a good password',
      permissions: ['billing:read', 'billing:record', 'orders:read'],
    },
  ],
}

/** A running server, with oauth4webapi as its clients. */
export interface Scene {
  readonly server: RunningAuthServer
  readonly as: oauth.AuthorizationServer
  /** A person's own token, as it is after a sign-in at the application. */
  personToken(): Promise<{ readonly token: string; readonly tokenId: string }>
  /** What the support agent gets for the person. */
  exchange(subjectToken: string, fields?: Readonly<Record<string, string>>): Promise<string>
  /** An agent's own token. */
  direct(clientId?: string): Promise<string>
  introspect(
    clientId: string,
    token: string,
    fields?: Readonly<Record<string, string>>,
  ): Promise<oauth.IntrospectionResponse>
  revoke(clientId: string, token: string): Promise<void>
  isInForce(token: string): Promise<boolean>
}

const insecure = { [oauth.allowInsecureRequests]: true }

export async function createScene(options: Omit<AuthServerOptions, 'issuer'> = {}): Promise<Scene> {
  const server = await startAuthServer({ seed, ...options })
  const issuer = new URL(server.issuer)
  const as = await oauth.processDiscoveryResponse(
    issuer,
    await oauth.discoveryRequest(issuer, { ...insecure, algorithm: 'oauth2' }),
  )
  const authentication = (id: string) => oauth.ClientSecretBasic(secretOf(id))

  async function grant(id: string, type: string, fields: Readonly<Record<string, string>>): Promise<string> {
    const response = await oauth.genericTokenEndpointRequest(
      as,
      { client_id: id },
      authentication(id),
      type,
      fields,
      insecure,
    )
    const { access_token: token } = await oauth.processGenericTokenEndpointResponse(as, { client_id: id }, response)
    return token
  }

  return {
    server,
    as,
    personToken: async () => {
      const { token, record } = await server.context.tokens.issue({
        parentId: null,
        kind: 'subject',
        subject: 'alice',
        agentId: null,
        clientId: 'app',
        resource: server.issuer,
        scope: ['billing:read', 'billing:record', 'orders:read'],
        transaction: null,
        sessionId: 'session-1',
        grantId: null,
        protocolGrantId: null,
        consents: [],
        expiresAt: Math.floor(Date.now() / 1000) + 600,
        claims: { sub_profile: 'user', acr: 'urn:behalf:acr:password', amr: ['pwd'] },
      })
      return { token, tokenId: record.tokenId }
    },
    exchange: (subjectToken, fields = {}) =>
      grant('support', exchangeGrant, {
        subject_token: subjectToken,
        subject_token_type: accessToken,
        resource: billing,
        scope: 'billing:read',
        ...fields,
      }),
    direct: (id = 'support') => grant(id, 'client_credentials', { resource: billing, scope: 'billing:read' }),
    introspect: async (id, token, fields = {}) => {
      const isSigned = id === 'billing-signed'
      const metadata = { client_id: id, ...(isSigned ? { introspection_signed_response_alg: 'ES256' } : {}) }
      const response = await oauth.introspectionRequest(as, metadata, authentication(id), token, {
        ...insecure,
        additionalParameters: fields,
        requestJwtResponse: isSigned,
      })
      return oauth.processIntrospectionResponse(as, metadata, response)
    },
    revoke: async (id, token) => {
      const response = await oauth.revocationRequest(as, { client_id: id }, authentication(id), token, insecure)
      await oauth.processRevocationResponse(response)
    },
    isInForce: async (token) => (await server.context.tokens.verify(token)) !== undefined,
  }
}
