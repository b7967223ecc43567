import type { AuthServerOptions } from '@behalf/auth-server'
import type { NewToken } from '../../../packages/auth-server/dist/tokens/issued-token.js'
import { type RunningAuthServer, startAuthServer } from '../support/server.js'

export const billing = 'https://billing.example.com'
/** An API that receives security events. */
export const received = 'https://a.example.com'

export const policy = {
  schema: 'behalf-policy/1',
  resources: {
    [billing]: { name: 'Billing' },
    // nothing listens there
    ...Object.fromEntries(
      [received, 'https://b.example.com', 'https://c.example.com'].map((name) => [
        name,
        { name, securityEvents: 'http://127.0.0.1:1/events' },
      ]),
    ),
  },
  permissions: {
    'billing:read': { resource: billing, words: 'Read your bills', risk: 'low', consent: 'none', tools: ['get_bill'] },
    'billing:refund': {
      resource: billing,
      words: 'Refund a bill',
      risk: 'high',
      consent: 'each_time',
      justInTime: 'approval',
    },
  },
  roles: { support: { permissions: ['billing:read'] } },
  rules: [{ id: 'no-refunds', effect: 'deny', when: { permissions: ['billing:refund'], mode: 'direct' } }],
} as const

export const everyScope = ['admin:read', 'admin:write', 'admin:approve', 'admin:revoke', 'admin:audit'] as const

const metadata = {
  token_endpoint_auth_method: 'client_secret_basic',
  grant_types: ['client_credentials', 'urn:ietf:params:oauth:grant-type:token-exchange'],
  redirect_uris: [],
} as const

/** A server with an agent, its client, an admin console, and two people. */
export async function startAdmin(options: Omit<AuthServerOptions, 'issuer'> = {}): Promise<Admin> {
  const server = await startAuthServer({
    ...options,
    seed: {
      policy,
      agents: [{ id: 'agent:support', name: 'Support', owner: 'team-support', roles: ['support'] }],
      clients: [
        { id: 'support-client', name: 'Support', agent: 'agent:support', metadata },
        { id: 'console', name: 'Console', metadata },
      ],
      accounts: [
        {
          subject: 'usr_admin',
          username: 'admin',
          name: 'Ada',
          password: 'correct horse',
          permissions: [...everyScope],
        },
        { subject: 'usr_ben', username: 'ben', name: 'Ben', password: 'correct horse', permissions: ['billing:read'] },
      ],
    },
  })
  return { ...server, url: `${server.issuer}/admin` }
}

export interface Admin extends RunningAuthServer {
  readonly url: string
}

/** A token of a person who signed in just now, for the admin API. */
export async function personToken(
  { context }: Pick<Admin, 'context'>,
  scope: readonly string[] = everyScope,
  changes: Partial<NewToken> = {},
): Promise<string> {
  const now = Math.floor(context.now())
  const { token } = await context.tokens.issue({
    parentId: null,
    kind: 'subject',
    subject: 'usr_admin',
    agentId: null,
    clientId: 'console',
    resource: context.settings.adminResource,
    scope,
    transaction: null,
    sessionId: 'ses_admin',
    grantId: null,
    protocolGrantId: null,
    consents: [],
    expiresAt: now + 600,
    claims: { sub_profile: 'user', auth_time: now },
    ...changes,
  })
  return token
}

/** A token that a client has by itself. */
export async function clientToken(
  admin: Pick<Admin, 'context'>,
  scope: readonly string[] = everyScope,
): Promise<string> {
  return personToken(admin, scope, { kind: 'direct', subject: 'console', sessionId: null, claims: {} })
}

/** A token that an agent has for a person. */
export async function agentToken(
  admin: Pick<Admin, 'context'>,
  scope: readonly string[] = everyScope,
): Promise<string> {
  const { issuer } = admin.context.settings
  const auth_time = Math.floor(admin.context.now())
  return personToken(admin, scope, {
    kind: 'delegated',
    agentId: 'agent:support',
    clientId: 'support-client',
    expiresAt: auth_time + 60,
    claims: { sub_profile: 'user', auth_time, act: { iss: issuer, sub: 'agent:support', sub_profile: 'ai_agent' } },
  })
}

export interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly json: ReturnType<typeof JSON.parse>
}

/** One request over HTTP. */
export async function call(
  { url }: Pick<Admin, 'url'>,
  method: string,
  path: string,
  { token, body, headers = {}, type }: CallOptions = {},
): Promise<Reply> {
  const sent = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(sent !== undefined && { 'content-type': type ?? 'application/json' }),
      ...headers,
    },
    body: sent,
  })
  const text = await response.text()
  const isJson = /[/+]json\b/.test(response.headers.get('content-type') ?? '')
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: isJson && text !== '' ? JSON.parse(text) : undefined,
  }
}

export interface CallOptions {
  readonly token?: string
  /** A string goes as it is, anything else as JSON. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly type?: string
}
