import { once } from 'node:events'
import { clientToken, type HttpSink, type HttpSinkOptions, httpSink } from '@behalf/audit'
import type { AuthServerOptions } from '@behalf/auth-server'
import { createResourceServer, type ResourceServer, type Warning } from '@behalf/core'
import { type Mounted, type TargetName, targets } from '../../support/targets.js'
import { giveSecret, type RunningAuthServer, startAuthServer } from '../support/server.js'

export const apis = ['express', 'fastify', 'koa', 'hono'] as const satisfies readonly TargetName[]

export type ApiName = (typeof apis)[number]

/** Resource indicator of an API. */
export function audienceOf(api: string): string {
  return `https://${api}.example.com`
}

/** Of every client. */
export const secret = 'a secret of at least thirty-two characters'
const exchange = 'urn:ietf:params:oauth:grant-type:token-exchange'
const metadata = {
  token_endpoint_auth_method: 'client_secret_basic',
  grant_types: ['client_credentials', exchange],
  redirect_uris: [],
} as const

const client = (id: string, agent: string | undefined) => ({ id, name: id, ...(agent && { agent }), metadata })
const agent = (id: string, ...roles: string[]) => ({ id, name: id, owner: 'team', roles })
const scopes = apis.flatMap((api) => [`${api}:read`, `${api}:write`])

/** Agents that may read four APIs, one of which writes to the trail, and a client for each API that does. */
const seed: AuthServerOptions['seed'] = {
  policy: {
    schema: 'behalf-policy/1',
    resources: Object.fromEntries(apis.map((api) => [audienceOf(api), { name: api, clients: [`${api}-api`] }])),
    permissions: Object.fromEntries(
      apis.flatMap((api) =>
        ['read', 'write'].map((verb) => [
          `${api}:${verb}`,
          { resource: audienceOf(api), words: 'Do something', risk: 'low', consent: 'none' } as const,
        ]),
      ),
    ),
    roles: { reader: { permissions: apis.map((api) => `${api}:read`) }, writer: { permissions: ['audit:write'] } },
    rules: [],
  },
  agents: [
    agent('agent:support', 'reader'),
    agent('agent:idle', 'reader'),
    agent('agent:assistant', 'reader', 'writer'),
    ...apis.map((api) => agent(`agent:${api}`, 'writer')),
  ],
  clients: [
    client('support', 'agent:support'),
    client('idle', 'agent:idle'),
    client('assistant', 'agent:assistant'),
    client('app', undefined),
    ...apis.map((api) => client(`${api}-api`, `agent:${api}`)),
  ],
  accounts: [
    { subject: 'alice', username: 'alice', name: 'Alice', password: 'correct horse', permissions: scopes },
    {
      subject: 'ada',
      username: 'ada',
      name: 'Ada',
      password: 'correct horse',
      permissions: ['admin:audit', 'admin:write'],
    },
  ],
}

/** A running API whose decisions go to the trail. */
export interface Api {
  readonly url: string
  readonly sink: HttpSink
  readonly warnings: readonly Warning[]
  get(path: '/read' | '/write', token?: string, traceparent?: string): Promise<number>
  close(): Promise<void>
}

export interface Scene {
  readonly server: RunningAuthServer
  /** Starts an API. */
  start(api: ApiName, options?: ApiOptions): Promise<Api>
  /** A token for the agent to read an API for alice. */
  delegate(api: ApiName, task: string, traceparent?: string): Promise<string>
  /** A client's own token. */
  direct(clientId: string, scope?: string, resource?: string): Promise<string>
  /** A token that the server itself made. */
  issue(change: Partial<NewToken>): Promise<string>
  /** Sends events as they are. */
  post(events: readonly unknown[], token: string | undefined, changes?: RequestInit): Promise<Reply>
  /** Every event with an id, whoever sent it, as it was kept. */
  kept(id: string): Promise<readonly Readonly<Record<string, unknown>>[]>
  /** Asks the admin API. */
  admin(path: string): Promise<Reply>
  /** Stops listening, as when the server is restarted; what it answers starts listening again. */
  interrupt(): Promise<() => Promise<void>>
  close(): Promise<void>
}

export interface ApiOptions {
  readonly sink?: Partial<HttpSinkOptions>
  readonly required?: boolean
  /** Milliseconds that a required event may take. Default 5000. */
  readonly timeout?: number
}

export interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly json: ReturnType<typeof JSON.parse>
}

type NewToken = Parameters<RunningAuthServer['context']['tokens']['issue']>[0]

export async function createScene(options: Omit<AuthServerOptions, 'issuer'> = {}): Promise<Scene> {
  const server = await startAuthServer({ seed, instance: 'one', ...options })
  const clients = (options.seed ?? seed)?.clients ?? []
  await giveSecret(
    server,
    clients.map(({ id }) => id),
    secret,
  )
  const { issuer, context } = server
  const open = new Set<Api>()

  async function issue(change: Partial<NewToken>): Promise<string> {
    const now = Math.floor(context.now())
    const { token } = await context.tokens.issue({
      parentId: null,
      kind: 'subject',
      subject: 'alice',
      agentId: null,
      clientId: 'app',
      resource: issuer,
      scope: scopes,
      transaction: null,
      sessionId: 'session-1',
      grantId: null,
      protocolGrantId: null,
      consents: [],
      expiresAt: now + 600,
      claims: { sub_profile: 'user', auth_time: now },
      ...change,
    })
    return token
  }

  async function ask(
    clientId: string,
    fields: Readonly<Record<string, string>>,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    const response = await fetch(`${issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${clientId}:${encodeURIComponent(secret)}`)}`, ...headers },
      body: new URLSearchParams(fields),
    })
    const answer: Readonly<Record<string, unknown>> = JSON.parse(await response.text())
    const { access_token: token } = answer
    if (typeof token !== 'string') throw new Error(JSON.stringify(answer))
    return token
  }

  async function reply(response: Response): Promise<Reply> {
    const text = await response.text()
    const isJson = /[/+]json$/.test(response.headers.get('content-type')?.split(';')[0] ?? '')
    return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined }
  }

  return {
    server,
    issue,
    async start(api, { sink: changes, required = false, timeout = 5_000 } = {}) {
      const warnings: Warning[] = []
      const sink = httpSink({
        url: `${issuer}/audit/events`,
        token: clientToken({ serverUrl: issuer, clientId: `${api}-api`, clientSecret: secret }),
        service: `${api}-api`,
        instance: 'pod-1',
        interval: 0,
        closeTimeout: 1_000,
        onWarning: (warning) => warnings.push(warning),
        ...changes,
      })
      const resourceServer: ResourceServer = createResourceServer({
        issuer: { issuer, jwks: { keys: [...(await context.keys.published('token'))] } },
        audience: audienceOf(api),
        audit: { sink, required, timeout },
      })
      const mounted: Mounted = await targets[api]({
        server: resourceServer,
        routes: [
          { method: 'GET', path: '/read', guards: [{ requireScope: [`${api}:read`] }] },
          { method: 'GET', path: '/write', guards: [{ requireScope: [`${api}:write`] }] },
        ],
        publish: false,
        receive: false,
      })
      const running: Api = {
        url: `http://127.0.0.1:${mounted.port}`,
        sink,
        warnings,
        async get(path, token, traceparent) {
          const response = await fetch(`${running.url}${path}`, {
            headers: {
              ...(token !== undefined && { authorization: `Bearer ${token}` }),
              ...(traceparent !== undefined && { traceparent }),
            },
          })
          await response.text()
          return response.status
        },
        async close() {
          open.delete(running)
          await mounted.close()
          await resourceServer.close()
        },
      }
      open.add(running)
      return running
    },
    delegate: async (api, task, traceparent) =>
      ask(
        'support',
        {
          grant_type: exchange,
          subject_token: await issue({}),
          subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
          resource: audienceOf(api),
          scope: `${api}:read`,
          txn: task,
        },
        traceparent === undefined ? {} : { traceparent },
      ),
    direct: (clientId, scope = 'audit:write', resource = `${issuer}/audit`) =>
      ask(clientId, { grant_type: 'client_credentials', resource, scope }),
    post: async (events, token, changes = {}) =>
      reply(
        await fetch(`${issuer}/audit/events`, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            ...(token !== undefined && { authorization: `Bearer ${token}` }),
          },
          body: JSON.stringify(events),
          ...changes,
        }),
      ),
    kept: async (id) => {
      const rows = await context.database.query<{ event: string }>(
        "select event from audit_events where event::json ->> 'id' = $1 order by chain",
        [id],
      )
      return rows.map(({ event }): Readonly<Record<string, unknown>> => JSON.parse(event))
    },
    admin: async (path) => {
      const token = await issue({ subject: 'ada', resource: `${issuer}/admin`, scope: ['admin:audit'] })
      return reply(await fetch(`${issuer}/admin${path}`, { headers: { authorization: `Bearer ${token}` } }))
    },
    async interrupt() {
      const { http } = server
      const { port } = new URL(issuer)
      http.closeAllConnections()
      http.close()
      await once(http, 'close')
      return async () => {
        http.listen(Number(port), '127.0.0.1')
        await once(http, 'listening')
      }
    },
    async close() {
      await Promise.all([...open].map((api) => api.close()))
      await server.close()
    },
  }
}
