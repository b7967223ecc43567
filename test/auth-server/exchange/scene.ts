import { createDelegationClient, type DelegationClient, keyFrom } from '@behalf/agent'
import type { AuthServerOptions } from '@behalf/auth-server'
import type { DpopKey, DpopProofSpec } from '@behalf/testing'
import { decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair } from 'jose'
import { type RunningAuthServer, startAuthServer } from '../support/server.js'
import { billing, everything, seed } from './policy.js'

export const accessToken = 'urn:ietf:params:oauth:token-type:access_token'
const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange'

type Fields = Readonly<Record<string, string | readonly string[] | undefined>>
type NewToken = Parameters<RunningAuthServer['context']['tokens']['issue']>[0]

/** What the token endpoint answered. */
export interface TokenAnswer {
  readonly status: number
  readonly headers: Headers
  readonly body: Readonly<Record<string, unknown>>
  /** The access token; empty for a refusal. */
  readonly token: string
  readonly claims: Readonly<Record<string, unknown>>
  readonly header: Readonly<Record<string, unknown>>
}

/** A request to the token endpoint. */
export interface TokenRequest {
  /** Default `support`. */
  readonly client?: string
  readonly proof?: string | readonly string[]
  /** Which process is asked. Default: the first, whose URL is the issuer. */
  readonly at?: string
  /** `undefined` leaves one out. */
  readonly fields?: Fields
}

/** A running server with agents, people, and a clock that can be moved. */
export interface Scene {
  readonly server: RunningAuthServer
  readonly issuer: string
  readonly now: () => number
  advance(seconds: number): void
  /** A person's own token, as it is after a sign-in at an application. */
  personToken(change?: Partial<NewToken>): Promise<string>
  request(request: TokenRequest): Promise<TokenAnswer>
  /** Exchanges a token of alice for `billing:read`, where the fields say nothing else. */
  exchange(request?: TokenRequest): Promise<TokenAnswer>
  /** An agent's own token. */
  direct(request?: TokenRequest): Promise<TokenAnswer>
  /** `@behalf/agent` for a new client `support-sdk` of the support agent. */
  sdk(): Promise<DelegationClient>
  proof(key: DpopKey, spec?: Partial<DpopProofSpec>): Promise<string>
  /** Events of the trail, oldest first. */
  events(type?: string): Promise<readonly Readonly<Record<string, unknown>>[]>
}

export async function createScene(options: Omit<AuthServerOptions, 'issuer'> = {}): Promise<Scene> {
  let ahead = 0
  const now = (): number => Math.floor(Date.now() / 1000) + ahead
  const server = await startAuthServer({
    seed,
    now,
    escalation: { limit: 1000 },
    rateLimits: { token: 100_000 },
    ...options,
  })
  const { issuer, context } = server
  const secrets = new Map<string, string>()
  for (const { id, metadata } of seed.clients ?? []) {
    if (metadata.token_endpoint_auth_method === 'none') continue
    secrets.set(id, (await context.clients.addSecret(id, 86_400)).secret)
  }
  // no client can be registered like this: it stands for one that slipped through
  await context.database.query(
    `update clients set metadata = metadata || '{"token_endpoint_auth_method":"none"}'::jsonb where id = 'forced-public'`,
  )

  async function personToken(change: Partial<NewToken> = {}): Promise<string> {
    const { token } = await context.tokens.issue({
      parentId: null,
      kind: 'subject',
      subject: 'alice',
      agentId: null,
      clientId: 'app',
      resource: issuer,
      scope: everything,
      transaction: null,
      sessionId: 'session-1',
      grantId: null,
      protocolGrantId: null,
      consents: [],
      expiresAt: now() + 600,
      ...change,
      claims: {
        sub_profile: 'user',
        auth_time: now() - 5,
        acr: 'urn:behalf:acr:password',
        amr: ['pwd'],
        ...change.claims,
      },
    })
    return token
  }

  async function request({ client = 'support', proof, at = issuer, fields = {} }: TokenRequest): Promise<TokenAnswer> {
    const form = new URLSearchParams()
    for (const [name, value] of Object.entries(fields)) {
      for (const each of [value].flat()) if (each !== undefined) form.append(name, each)
    }
    const headers = new Headers({ 'Content-Type': 'application/x-www-form-urlencoded' })
    if (client.endsWith('public')) form.set('client_id', client)
    else headers.set('Authorization', `Basic ${btoa(`${client}:${secrets.get(client)}`)}`)
    for (const each of [proof].flat()) if (each !== undefined) headers.append('DPoP', each)
    const response = await fetch(`${at}/token`, { method: 'POST', headers, body: form })
    const text = await response.text()
    const body: Record<string, unknown> = JSON.parse(text === '' ? '{}' : text)
    const token = typeof body.access_token === 'string' ? body.access_token : ''
    return {
      status: response.status,
      headers: response.headers,
      body,
      token,
      claims: token === '' ? {} : decodeJwt(token),
      header: token === '' ? {} : { ...decodeProtectedHeader(token) },
    }
  }

  async function sdk(): Promise<DelegationClient> {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
    await context.clients.create({
      id: 'support-sdk',
      name: 'Support',
      agentId: 'agent:support',
      metadata: {
        token_endpoint_auth_method: 'private_key_jwt',
        grant_types: [exchangeGrant],
        redirect_uris: [],
        jwks: { keys: [await exportJWK(publicKey)] },
      },
    })
    const key = keyFrom(await exportJWK(privateKey))
    return createDelegationClient({ serverUrl: issuer, clientId: 'support-sdk', key })
  }

  return {
    server,
    issuer,
    sdk,
    now,
    advance: (seconds) => {
      ahead += seconds
    },
    personToken,
    request,
    exchange: async ({ fields = {}, ...rest } = {}) =>
      request({
        ...rest,
        fields: {
          grant_type: exchangeGrant,
          subject_token: 'subject_token' in fields ? undefined : await personToken(),
          subject_token_type: accessToken,
          resource: billing,
          scope: 'billing:read',
          tool: 'tool' in fields || ('scope' in fields && fields.scope !== undefined) ? undefined : 'get_bill',
          ...fields,
        },
      }),
    direct: async ({ fields = {}, ...rest } = {}) =>
      request({
        ...rest,
        fields: { grant_type: 'client_credentials', resource: billing, scope: 'billing:export', ...fields },
      }),
    proof: (key, spec = {}) => key.proof({ method: 'POST', url: `${issuer}/token`, issuedAt: now(), ...spec }),
    events: async (type) => (await context.audit.search({ ...(type && { type }) }, { limit: 1000 })).events,
  }
}

/** The statuses of answers that came in any order. */
export function statusesOf(answers: readonly TokenAnswer[]): readonly number[] {
  return answers.map(({ status }) => status).toSorted((a, b) => a - b)
}
