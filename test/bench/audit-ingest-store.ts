import { randomBytes, randomUUID } from 'node:crypto'
import type { AuthServerOptions } from '@behalf/auth-server'
import { type RunningAuthServer, startAuthServer } from '../auth-server/support/server.js'
import { createPostgres } from './audit-trail-store.js'

/** A server whose trail is of some length: a quarter is the issuer's, half are decisions of APIs, a quarter is of agents. */
export interface MixedTrail {
  readonly size: number
  readonly where: 'PostgreSQL' | 'embedded'
  /** Posts a batch of new events as one of the clients; rejects when not all of them are stored. */
  readonly post: (client: number) => Promise<void>
  /** Asks the admin API; rejects when nothing is found. */
  readonly ask: (path: string) => Promise<void>
  /** Names and times that are in the trail, for any index. */
  readonly at: (index: number) => Names
  readonly close: () => Promise<void>
}

interface Names {
  readonly task: string
  readonly person: string
  readonly agent: string
  readonly api: string
  /** Seconds. */
  readonly time: number
}

/** Events of a request: as many as a sink sends at a time. */
export const batchSize = 100

export const clientCount = 4
const agentCount = 50
const start = 1_800_000_000
const fillBatch = 1_000

const audienceOf = (client: number): string => `https://api-${client}.example.com`
const clientOf = (client: number): string => `api-${client}`
/** In turns of four events, one of which is the issuer's and one an agent's. */
const apiOf = (index: number): number => Math.floor(index / 4) % clientCount
const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index)

const metadata = {
  token_endpoint_auth_method: 'client_secret_basic',
  grant_types: ['client_credentials'],
  redirect_uris: [],
} as const

const seed: AuthServerOptions['seed'] = {
  policy: {
    schema: 'behalf-policy/1',
    resources: Object.fromEntries(
      numbers(clientCount).map((client) => [
        audienceOf(client),
        { name: clientOf(client), clients: [clientOf(client)] },
      ]),
    ),
    permissions: {
      'billing:read': { resource: audienceOf(0), words: 'Read your bills', risk: 'low', consent: 'none' },
    },
    roles: { reader: { permissions: ['billing:read'] } },
    rules: [],
  },
  agents: numbers(agentCount).map((index) => ({ id: `agent:a${index}`, name: 'A', owner: 'team', roles: ['reader'] })),
  clients: numbers(clientCount).map((client) => ({ id: clientOf(client), name: 'API', agent: 'agent:a0', metadata })),
  accounts: [{ subject: 'ada', username: 'ada', name: 'Ada', password: 'correct horse', permissions: ['admin:audit'] }],
}

/** Creates a trail, filled with what the parts of the server make of such events. */
export async function createMixedTrail(where: MixedTrail['where'], size: number): Promise<MixedTrail> {
  const store = where === 'PostgreSQL' ? await createPostgres() : undefined
  let written = 0
  const server = await startAuthServer({
    database: store?.url ?? 'memory',
    encryptionKey: randomBytes(32).toString('base64url'),
    now: () => start + written / 100,
    rateLimits: { audit: 1_000_000_000 },
    instance: 'one',
    seed,
  }).catch(async (error: unknown) => {
    await store?.drop()
    throw error
  })
  const { issuer, context } = server

  const at = (index: number): Names => ({
    task: `task_${index % Math.ceil(size / 10)}`,
    person: `user_${Math.floor(index / 4) % Math.ceil(size / 100)}`,
    agent: `agent:a${index % agentCount}`,
    api: audienceOf(apiOf(index)),
    time: start + Math.floor((index % size) / 100),
  })

  /** What the server adds to an event that it was sent. */
  const kept = (index: number) => ({
    ...(index % 4 === 0 && { actor: { id: at(index).agent, iss: issuer, profile: 'ai_agent' } }),
    observer: { service: clientOf(apiOf(index)), instance: 'pod-1', client: clientOf(apiOf(index)) },
    received: new Date((start + index / 100) * 1000).toISOString(),
  })

  function describe(index: number, client: number): SentEvent {
    const names = at(index)
    const isOfAgent = index % 4 === 0
    const isDenied = index % 10 === 1
    return {
      schema: 'delegation-audit/1',
      id: randomUUID(),
      time: new Date((start + index / 100) * 1000).toISOString(),
      type: isOfAgent ? 'token.requested' : 'access.decision',
      decision: isDenied ? 'deny' : 'allow',
      reason: { code: isDenied ? 'scope_insufficient' : 'allowed' },
      ...(!isOfAgent && { subject: { id: names.person, iss: issuer }, actor: { id: names.agent, iss: issuer } }),
      client: { id: isOfAgent ? clientOf(client) : 'agent-client' },
      mode: 'delegated',
      token: { sha256: 'x'.repeat(22), iss: issuer, jti: randomUUID(), iat: start, exp: start + 60 },
      requested: { scope: ['billing:read'] },
      granted: { scope: ['billing:read'] },
      resource: { aud: audienceOf(client), ...(!isOfAgent && { route: '/customers/:id' }) },
      request: { method: 'GET' },
      trace: { trace_id: randomUUID().replaceAll('-', ''), span_id: '00f067aa0ba902b7' },
      tool: { name: 'get_billing', ...(isOfAgent && { call_id: randomUUID() }) },
      txn: names.task,
      observer: { service: clientOf(client), instance: 'pod-1' },
      duration_ms: 1,
    }
  }

  async function fill(from: number): Promise<void> {
    const { database, audit } = context
    const indexes = numbers(Math.min(fillBatch, size - from)).map((index) => from + index)
    await database.transaction(async () => {
      for (const index of indexes.filter((each) => each % 4 === 2)) await recordIssuance(server, at(index))
      for (const client of numbers(clientCount)) {
        const own = indexes.filter((index) => index % 4 !== 2 && apiOf(index) === client)
        const events = own.map((index) => ({ ...describe(index, client), ...kept(index) }))
        await audit.append(`api:${clientOf(client)}/${clientOf(client)}/pod-1`, events)
      }
    })
    written = from + indexes.length
  }

  for (let from = 0; from < size; from += fillBatch) await fill(from)
  await context.audit.checkpoint()
  await context.database.query('vacuum analyze audit_events')

  const expiresAt = start + 1_000_000
  const own = { parentId: null, transaction: null, grantId: null, protocolGrantId: null, consents: [], expiresAt }
  const tokens = await Promise.all(
    numbers(clientCount).map((client) =>
      context.tokens.issue({
        ...{ ...own, kind: 'direct', subject: clientOf(client), agentId: 'agent:a0', clientId: clientOf(client) },
        ...{ resource: `${issuer}/audit`, scope: ['audit:write'], sessionId: null, claims: {} },
      }),
    ),
  )
  const admin = await context.tokens.issue({
    ...{ ...own, kind: 'subject', subject: 'ada', agentId: null, clientId: clientOf(0), sessionId: 'session' },
    ...{ resource: `${issuer}/admin`, scope: ['admin:audit'], claims: { sub_profile: 'user', auth_time: start } },
  })

  return {
    size,
    where,
    at,
    post: async (client) => {
      const events = numbers(batchSize).map((index) => describe(written + index, client))
      written += batchSize
      const response = await fetch(`${issuer}/audit/events`, {
        method: 'POST',
        headers: { authorization: `Bearer ${tokens[client]?.token}`, 'content-type': 'application/x-ndjson' },
        body: events.map((event) => `${JSON.stringify(event)}\n`).join(''),
      })
      const text = await response.text()
      if (text !== `{"stored":${batchSize},"duplicates":0}`) throw new Error(`${response.status} ${text}`)
    },
    ask: async (path) => {
      const response = await fetch(`${issuer}/admin${path}`, { headers: { authorization: `Bearer ${admin.token}` } })
      const text = await response.text()
      if (!response.ok || text.includes('"items":[]') || text.includes('"events":[]'))
        throw new Error(`${path}: ${text}`)
    },
    close: async () => {
      await server.close()
      await store?.drop()
    },
  }
}

type SentEvent = Parameters<RunningAuthServer['context']['audit']['append']>[1][number]

async function recordIssuance({ context, issuer }: RunningAuthServer, names: Names): Promise<void> {
  await context.audit.record({
    type: 'delegation.issued',
    decision: 'allow',
    reason: { code: 'allowed', policy: 'billing-readers@3' },
    subject: { id: names.person, iss: issuer, profile: 'user' },
    actor: { id: names.agent, iss: issuer, profile: 'ai_agent' },
    client: { id: 'agent-client' },
    mode: 'delegated',
    token: { jti: randomUUID(), iat: start, exp: start + 60, grant_id: 'grant_1' },
    requested: { scope: ['billing:read'] },
    granted: { scope: ['billing:read'] },
    resource: { aud: names.api },
    txn: names.task,
    tool: { name: 'get_billing' },
    purpose: 'answer_billing_question',
  })
}
