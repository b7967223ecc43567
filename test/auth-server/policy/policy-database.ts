import type { AuditRecord } from '../../../packages/auth-server/dist/audit/record.js'
import type { Database } from '../../../packages/auth-server/dist/database/database.js'
import { migrate } from '../../../packages/auth-server/dist/database/migrate.js'
import { openPglite } from '../../../packages/auth-server/dist/database/pglite.js'
import { openPostgres } from '../../../packages/auth-server/dist/database/postgres.js'
import { createPolicyStore } from '../../../packages/auth-server/dist/policy/create-policy-store.js'
import type { PolicyStore } from '../../../packages/auth-server/dist/policy/policy-store.js'
import { adminResource, noon } from './scene.js'

/** A store, with what it recorded. */
export interface TestStore extends PolicyStore {
  readonly records: AuditRecord[]
}

/** One process of a server. */
export function createStore(database: Database): TestStore {
  const records: AuditRecord[] = []
  const audit = { ...unused, record: async (record: AuditRecord) => void records.push(record) }
  return { ...createPolicyStore({ database, now: () => noon, settings: { adminResource }, audit }), records }
}

const refuse = (): never => {
  throw new Error('a policy store has no use for it')
}
const unused = { search: refuse, verify: refuse, checkpoint: refuse }

export async function openMemory(): Promise<Database> {
  const database = await openPglite(undefined)
  await migrate(database, () => noon)
  return database
}

const server = 'postgres://postgres@127.0.0.1:5432'

/** A PostgreSQL database of its own, through as many pools as processes, dropped when it is closed. */
export async function openServer(
  processes: number,
): Promise<{ databases: readonly Database[]; close(): Promise<void> }> {
  const name = `behalf_policy_${crypto.randomUUID().slice(0, 8)}`
  const admin = openPostgres(`${server}/postgres`, () => undefined)
  await admin.query(`create database ${name}`)
  const databases = Array.from({ length: processes }, () => openPostgres(`${server}/${name}`, () => undefined))
  const [first] = databases
  if (first !== undefined) await migrate(first, () => noon)
  return {
    databases,
    close: async () => {
      for (const database of databases) await database.close()
      await admin.query(`drop database ${name}`)
      await admin.close()
    },
  }
}
