import { randomUUID } from 'node:crypto'
import { pino } from 'pino'
import type { AuditTrail } from '../../../packages/auth-server/dist/audit/audit-trail.js'
import { createAuditTrail } from '../../../packages/auth-server/dist/audit/create-audit-trail.js'
import type { Context } from '../../../packages/auth-server/dist/context.js'
import type { Database } from '../../../packages/auth-server/dist/database/database.js'
import { migrate } from '../../../packages/auth-server/dist/database/migrate.js'
import { openDatabase } from '../../../packages/auth-server/dist/database/open.js'
import { createSecrets } from '../../../packages/auth-server/dist/keys/create-secrets.js'
import { createSigningKeys } from '../../../packages/auth-server/dist/keys/signing-keys.js'
import type { ResourceEntry } from '../../../packages/auth-server/dist/policy/document.js'
import { createEventStreams } from '../../../packages/auth-server/dist/revocation/event-streams.js'
import { createRevocations } from '../../../packages/auth-server/dist/revocation/revocations.js'
import { createTransmitter, type Transmitter } from '../../../packages/auth-server/dist/revocation/transmitter.js'
import { readSettings } from '../../../packages/auth-server/dist/settings.js'
import type { IssuedToken, NewToken } from '../../../packages/auth-server/dist/tokens/issued-token.js'
import { createTokens } from '../../../packages/auth-server/dist/tokens/tokens.js'

export const ISSUER = 'https://auth.example.com'
export const BILLING = 'https://billing.example.com'
export const ORDERS = 'https://orders.example.com'

/** The parts that withdrawals touch, on a database of their own. */
export interface Setting {
  readonly context: Pick<
    Context,
    'database' | 'settings' | 'now' | 'policy' | 'keys' | 'audit' | 'log' | 'tokens' | 'revocations' | 'streams'
  >
  readonly audit: AuditTrail
  /** Another process of the server on the same database. */
  transmitter(): Transmitter
  /** APIs of the policy document. */
  resources: Record<string, ResourceEntry>
  issue(token?: Partial<NewToken>): Promise<{ readonly token: string; readonly record: IssuedToken }>
  /** Events on their way to an API, oldest first: claims of the security event tokens. */
  queued(resource: string): Promise<readonly Record<string, unknown>[]>
  close(): Promise<void>
}

export interface SettingOptions {
  readonly database?: string
  readonly encryptionKey?: string
  readonly now?: () => number
  readonly onQueued?: () => void
}

export const wholeSeconds = (): number => Math.floor(Date.now() / 1000)

export async function createSetting(options: SettingOptions = {}): Promise<Setting> {
  const { now = wholeSeconds, onQueued } = options
  const settings = readSettings({
    issuer: ISSUER,
    database: options.database ?? 'memory',
    ...(options.encryptionKey === undefined ? {} : { encryptionKey: options.encryptionKey }),
  })
  const log = pino({ level: 'silent' })
  const database: Database = await openDatabase(settings.database, log)
  await migrate(database, now)
  const ground = { settings, log, now, database }
  const secrets = createSecrets(ground)
  const keys = await createSigningKeys({ ...ground, secrets, record: (record) => audit.record(record) })
  const audit = createAuditTrail({ ...ground, keys })
  const apis: { resources: Record<string, ResourceEntry> } = { resources: {} }
  // what is withdrawn is all that is asked of the policy here
  const policy = { current: async () => ({ document: { resources: apis.resources } }) } as unknown as Context['policy']
  const tokens = createTokens({ ...ground, keys })
  const base = { ...ground, keys, audit, policy, tokens }
  const revocations = createRevocations(base, onQueued)
  const streams = createEventStreams(base, onQueued ?? (() => {}))
  const context = { ...base, revocations, streams }

  return Object.assign(apis, {
    context,
    audit,
    transmitter: () => createTransmitter(context),
    issue: (token: Partial<NewToken> = {}) => {
      const kind = token.kind ?? 'delegated'
      const agentId = token.agentId === undefined ? 'agent:support' : token.agentId
      return tokens.issue({
        parentId: null,
        kind,
        subject: 'user-1',
        agentId,
        clientId: 'agent-support',
        resource: BILLING,
        scope: ['billing:read'],
        transaction: null,
        sessionId: null,
        grantId: null,
        protocolGrantId: null,
        consents: [],
        expiresAt: now() + 300,
        ...token,
        claims: {
          ...(kind === 'delegated' ? { act: { iss: ISSUER, sub: agentId } } : {}),
          ...token.claims,
        },
      })
    },
    queued: async (resource: string) => {
      const rows = await database.query<{ content: string }>(
        'select content from event_outbox where resource = $1 and delivered_at is null order by id',
        [resource],
      )
      // the outbox holds claims as JSON
      return rows.map(({ content }) => JSON.parse(content) as Record<string, unknown>)
    },
    close: async () => {
      await audit.close()
      await keys.close()
      await database.close()
    },
  })
}

/** An agent with one client, as rows. */
export async function addAgent(database: Database, id: string, client: string): Promise<void> {
  await database.query(
    `insert into agents (id, name, owner, status, created_at, updated_at) values ($1, $1, 'owner', 'active', 0, 0)
     on conflict do nothing`,
    [id],
  )
  await database.query(
    "insert into clients (id, agent_id, name, metadata, created_at, updated_at) values ($1, $2, $1, '{}', 0, 0)",
    [client, id],
  )
}

/** Something the protocol engine keeps. */
export async function addEntity(
  database: Database,
  entity: {
    readonly model: string
    readonly content: object
    readonly grantId?: string
    readonly uid?: string
    readonly id?: string
  },
): Promise<string> {
  const id = entity.id ?? randomUUID()
  await database.query(
    'insert into protocol_entities (model, id, content, grant_id, uid) values ($1, $2, $3, $4, $5)',
    [entity.model, id, JSON.stringify(entity.content), entity.grantId ?? null, entity.uid ?? null],
  )
  return id
}
