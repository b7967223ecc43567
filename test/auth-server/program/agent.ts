import { randomUUID } from 'node:crypto'
import type { AuthServerOptions } from '@behalf/auth-server'
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'

type Seed = NonNullable<AuthServerOptions['seed']>

export const billing = 'https://billing.example.com'

/** A secret of the API that introspects. */
export const apiSecret = 'the secret of the API, long enough by far'

export const password = 'correct horse battery staple'

/** An agent with a key, known to a server by its seed. */
export interface TestAgent {
  readonly seed: Seed
  /** Asks for a token of its own. */
  request(issuer: string, assertion?: string): Promise<TokenAnswer>
  assertion(issuer: string): Promise<string>
}

export interface TokenAnswer {
  /** 0 where there was no answer. */
  readonly status: number
  readonly retryAfter: string | null
  readonly body: Readonly<Record<string, unknown>>
  /** Empty where none was issued. */
  readonly token: string
}

export async function createAgent(): Promise<TestAgent> {
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  const own = { kid: 'agent-1', alg: 'ES256' }
  const assertion = (issuer: string): Promise<string> => signAssertion(privateKey, issuer)
  return {
    seed: seedOf({ ...(await exportJWK(publicKey)), ...own }),
    assertion,
    request: async (issuer, given) =>
      ask(issuer, {
        grant_type: 'client_credentials',
        resource: billing,
        scope: 'billing:export',
        client_id: 'support-app',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: given ?? (await assertion(issuer)),
      }),
  }
}

/** A `private_key_jwt` assertion (RFC 7523). */
function signAssertion(key: CryptoKey, audience: string): Promise<string> {
  return new SignJWT({ jti: randomUUID() })
    .setProtectedHeader({ alg: 'ES256', kid: 'agent-1' })
    .setIssuer('support-app')
    .setSubject('support-app')
    .setAudience(audience)
    .setIssuedAt()
    .setNotBefore('0s') // as the usual libraries do
    .setExpirationTime('1m')
    .sign(key)
}

/** Sends a form to the token endpoint; a connection that breaks is status 0. */
export async function ask(issuer: string, fields: Readonly<Record<string, string>>): Promise<TokenAnswer> {
  try {
    const response = await fetch(`${issuer}/token`, { method: 'POST', body: new URLSearchParams(fields) })
    const text = await response.text()
    const body: Readonly<Record<string, unknown>> = JSON.parse(text === '' ? '{}' : text)
    const token = typeof body.access_token === 'string' ? body.access_token : ''
    return { status: response.status, retryAfter: response.headers.get('retry-after'), body, token }
  } catch {
    return { status: 0, retryAfter: null, body: {}, token: '' }
  }
}

/** What the API is told of a token. */
export async function introspect(issuer: string, token: string): Promise<Readonly<Record<string, unknown>>> {
  const response = await fetch(`${issuer}/token/introspection`, {
    method: 'POST',
    headers: { Authorization: `Basic ${btoa(`billing-api:${encodeURIComponent(apiSecret)}`)}` },
    body: new URLSearchParams({ token }),
  })
  // an introspection response
  return (await response.json()) as Readonly<Record<string, unknown>>
}

function seedOf(publicJwk: JWK): Seed {
  const permission = { resource: billing, words: 'Do something', risk: 'low' as const, consent: 'none' as const }
  return {
    policy: {
      schema: 'behalf-policy/1',
      resources: { [billing]: { name: 'Billing', clients: ['billing-api'] } },
      permissions: { 'billing:export': permission, 'billing:read': permission },
      roles: { support: { permissions: ['billing:export', 'billing:read'] } },
      rules: [],
    },
    agents: [{ id: 'agent:support', name: 'Support', owner: 'team', roles: ['support'] }],
    clients: [
      {
        id: 'support-app',
        name: 'Support',
        agent: 'agent:support',
        metadata: {
          token_endpoint_auth_method: 'private_key_jwt',
          grant_types: ['client_credentials', 'urn:ietf:params:oauth:grant-type:token-exchange'],
          redirect_uris: [],
          jwks: { keys: [{ ...publicJwk }] },
        },
      },
      {
        id: 'billing-api',
        name: 'Billing',
        secret: apiSecret,
        metadata: { token_endpoint_auth_method: 'client_secret_basic', grant_types: [], redirect_uris: [] },
      },
    ],
    accounts: [{ subject: 'ada', username: 'ada', name: 'Ada', password, permissions: ['billing:read'] }],
  }
}
