import { randomUUID } from 'node:crypto'
import { createApprovals } from '../../../packages/auth-server/dist/approvals/approvals.js'
import type { AuditRecord } from '../../../packages/auth-server/dist/audit/record.js'
import type { ConsentNeed } from '../../../packages/auth-server/dist/consents/consent.js'
import { createConsents } from '../../../packages/auth-server/dist/consents/consents.js'
import type { Context } from '../../../packages/auth-server/dist/context.js'
import type { Database } from '../../../packages/auth-server/dist/database/database.js'
import { migrate } from '../../../packages/auth-server/dist/database/migrate.js'
import { openPglite } from '../../../packages/auth-server/dist/database/pglite.js'
import { openPostgres } from '../../../packages/auth-server/dist/database/postgres.js'
import { createGrants } from '../../../packages/auth-server/dist/grants/grants.js'
import type { PolicyDocument } from '../../../packages/auth-server/dist/policy/document.js'
import { readSettings } from '../../../packages/auth-server/dist/settings.js'

export const issuer = 'https://auth.example.com'
export const billing = 'https://billing.example.com'
export const orders = 'https://orders.example.com'
export const agent = 'agent:support'
export const otherAgent = 'agent:sales'
export const start = 1_800_000_000

/** A catalogue with a permission of each kind. */
export const document: PolicyDocument = {
  schema: 'behalf-policy/1',
  resources: { [billing]: { name: 'Billing' }, [orders]: { name: 'Orders' } },
  permissions: {
    'billing:read': { resource: billing, words: 'Read your bills', risk: 'low', consent: 'once' },
    'billing:pay': { resource: billing, words: 'Pay a bill', risk: 'high', consent: 'each_time' },
    'billing:record': { resource: billing, words: 'Read a record', risk: 'medium', consent: 'once', details: 'record' },
    'billing:list': { resource: billing, words: 'List bills', risk: 'low', consent: 'none' },
    'orders:change': { resource: orders, words: 'Change an order', risk: 'medium', consent: 'per_task' },
  },
  roles: {},
  rules: [],
}

/** The parts that people deal with, on one database, as one process has them. */
export interface Process {
  readonly database: Database
  readonly consents: Context['consents']
  readonly grants: Context['grants']
  readonly approvals: Context['approvals']
  readonly recorded: AuditRecord[]
}

export interface Scene extends Process {
  readonly clock: { now: number }
  /** Takes all away but the agents. */
  empty(): Promise<void>
  /** Another process on the same database. */
  another(): Process
  close(): Promise<void>
}

/** Opens the embedded database, with two agents. */
export async function openScene(): Promise<Scene> {
  const database = await openPglite(undefined)
  return prepare(
    database,
    () => database,
    () => database.close(),
  )
}

/** Opens a PostgreSQL database of its own, dropped in the end. */
export async function openServerScene(): Promise<Scene> {
  const name = `behalf_people_${randomUUID().slice(0, 8)}`
  const url = (database: string) => `postgres://postgres@127.0.0.1:5432/${database}`
  const admin = openPostgres(url('postgres'), () => undefined)
  await admin.query(`create database ${name}`)
  const opened: Database[] = []
  const open = (): Database => {
    const database = openPostgres(url(name), () => undefined)
    opened.push(database)
    return database
  }
  return prepare(open(), open, async () => {
    for (const database of opened) await database.close()
    await admin.query(`drop database ${name}`)
    await admin.close()
  })
}

async function prepare(database: Database, open: () => Database, close: () => Promise<void>): Promise<Scene> {
  const clock = { now: start }
  await migrate(database, () => start)
  for (const id of [agent, otherAgent]) {
    await database.query(
      `insert into agents (id, name, owner, status, created_at, updated_at) values ($1, $1, 'team', 'active', 1, 1)`,
      [id],
    )
  }
  const one = processOn(database, clock)
  return {
    ...one,
    clock,
    another: () => processOn(open(), clock),
    empty: async () => {
      clock.now = start
      one.recorded.length = 0
      await database.query('truncate consents, grants, approvals')
    },
    close,
  }
}

function processOn(database: Database, clock: { readonly now: number }): Process {
  const recorded: AuditRecord[] = []
  const audit = { record: async (record: AuditRecord) => void recorded.push(record) } as Context['audit'] // all that is called
  const policy = {
    current: async () => ({ permission: (name: string) => document.permissions[name] }),
  } as unknown as Context['policy'] // all that is called
  const settings = readSettings({ issuer })
  const base = { database, audit, now: () => clock.now, settings, policy }
  const consents = createConsents(base)
  const grants = createGrants(base)
  return { database, consents, grants, approvals: createApprovals({ ...base, consents, grants }), recorded }
}

/** A need of one consent, with what a test says otherwise. */
export function need(changes: Partial<ConsentNeed> = {}): ConsentNeed {
  return {
    subject: 'user_a',
    agentId: agent,
    permission: 'billing:read',
    resource: billing,
    detailsDigest: '',
    mode: 'once',
    transaction: null,
    ...changes,
  }
}

/** What a consent is kept with beside the need it meets. */
export const kept = { sessionId: null, expiresAt: start + 1000 }
