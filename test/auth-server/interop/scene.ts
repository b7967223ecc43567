import type { AuthServerOptions } from '@behalf/auth-server'
import { type CryptoKey, exportJWK, generateKeyPair } from 'jose'
import { createPerson, type Person } from '../support/browserless.js'
import { type RunningAuthServer, startAuthServer } from '../support/server.js'

export const billing = 'https://billing.example.com'
export const callback = 'https://desk.example.com/callback'
const secretOf = (id: string): string => `the secret of ${id}, which is long enough`

const grants = {
  application: ['authorization_code', 'refresh_token'],
  agent: [
    'authorization_code',
    'client_credentials',
    'urn:ietf:params:oauth:grant-type:token-exchange',
    'urn:openid:params:grant-type:ciba',
  ],
} as const

/** A client of each kind that proves itself in one way. */
export interface Registrations {
  /** Signs people in, and keeps them signed in. */
  readonly application: Registered
  readonly agent: Registered
}

/** How a client proves itself. */
export type Proof = { readonly secret: string } | { readonly key: CryptoKey; readonly kid: string }

/** A client of the server, as a library is told of it. */
export interface Registered {
  readonly id: string
  readonly proof: Proof
}

/** A server that knows one agent, by two clients; an API that asks about tokens; and one person. */
export interface InteropScene {
  readonly server: RunningAuthServer
  readonly issuer: string
  readonly clients: Readonly<Record<'client_secret_basic' | 'private_key_jwt', Registrations>>
  /** The API, as a client: it may introspect. */
  readonly api: Registered
  /** Another browser each time. */
  person(): Person
}

const ada = { subject: 'user_8f2c1d', username: 'ada', name: 'Ada', password: 'correct horse battery staple' }
export const subject: string = ada.subject

export async function openInterop(): Promise<InteropScene> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  const kid = 'desk-1'
  const { x = '', y = '' } = await exportJWK(publicKey)
  const jwk = { kty: 'EC', crv: 'P-256', x, y, alg: 'ES256', kid, use: 'sig' } as const
  const permissions = {
    'billing:read': { resource: billing, words: 'Read your bills', risk: 'low', consent: 'none' },
    'billing:pay': { resource: billing, words: 'Pay a bill', risk: 'high', consent: 'none' },
  } as const
  const seed: AuthServerOptions['seed'] = {
    policy: {
      schema: 'behalf-policy/1',
      resources: { [billing]: { name: 'Billing', clients: ['billing-api'] } },
      permissions,
      roles: { support: { permissions: ['billing:read'] } },
      rules: [],
    },
    agents: [{ id: 'agent:support', name: 'Support assistant', owner: 'support-team', roles: ['support'] }],
    clients: [
      ...(['application', 'agent'] as const).flatMap((kind) => {
        const of = kind === 'agent' ? { agent: 'agent:support' } : {}
        const common = { grant_types: [...grants[kind]], redirect_uris: [callback] }
        const bySecret = { ...common, token_endpoint_auth_method: 'client_secret_basic' as const }
        const byKey = { ...common, token_endpoint_auth_method: 'private_key_jwt' as const, jwks: { keys: [jwk] } }
        return [
          { id: `${kind}-secret`, name: 'Desk', metadata: bySecret, secret: secretOf(`${kind}-secret`), ...of },
          { id: `${kind}-key`, name: 'Desk', metadata: byKey, ...of },
        ]
      }),
      {
        id: 'billing-api',
        name: 'Billing',
        metadata: {
          token_endpoint_auth_method: 'client_secret_basic',
          grant_types: [],
          redirect_uris: [],
          introspection_signed_response_alg: 'ES256',
        },
        secret: secretOf('billing-api'),
      },
    ],
    accounts: [{ ...ada, permissions: Object.keys(permissions) }],
  }
  const server = await startAuthServer({
    seed,
    escalation: { limit: 1000 },
    rateLimits: { login: 1000, approval: 1000 },
  })
  return {
    server,
    issuer: server.issuer,
    clients: {
      client_secret_basic: {
        application: { id: 'application-secret', proof: { secret: secretOf('application-secret') } },
        agent: { id: 'agent-secret', proof: { secret: secretOf('agent-secret') } },
      },
      private_key_jwt: {
        application: { id: 'application-key', proof: { key: privateKey, kid } },
        agent: { id: 'agent-key', proof: { key: privateKey, kid } },
      },
    },
    api: { id: 'billing-api', proof: { secret: secretOf('billing-api') } },
    person: () => createPerson(server.issuer, ada),
  }
}
