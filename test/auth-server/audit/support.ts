import { exportJWK, generateKeyPair, importJWK, SignJWT } from 'jose'
import { pino } from 'pino'
import type { AuditTrail } from '../../../packages/auth-server/dist/audit/audit-trail.js'
import {
  type AuditTrailOptions,
  createAuditTrail,
} from '../../../packages/auth-server/dist/audit/create-audit-trail.js'
import type { Database } from '../../../packages/auth-server/dist/database/database.js'
import { migrate } from '../../../packages/auth-server/dist/database/migrate.js'
import { openPglite } from '../../../packages/auth-server/dist/database/pglite.js'
import { openPostgres } from '../../../packages/auth-server/dist/database/postgres.js'

export const issuer = 'https://auth.example.com'

/** An emptied database that the suites of one file share. */
export interface TestDatabase extends Database {
  /** Runs statements as somebody who owns the database: no trigger stops them. */
  tamper(...statements: readonly string[]): Promise<void>
  empty(): Promise<void>
}

export interface TestTrail extends AuditTrail {
  readonly keys: AuditTrailOptions['keys']
  /** What was logged. */
  readonly logged: Record<string, unknown>[]
}

const postgres = 'postgres://postgres@127.0.0.1:5432'

export async function openMemory(): Promise<TestDatabase> {
  return prepare(await openPglite(undefined))
}

/** A PostgreSQL database of its own, dropped when it is closed. */
export async function openServer(): Promise<TestDatabase> {
  const name = `behalf_audit_${crypto.randomUUID().slice(0, 8)}`
  const admin = openPostgres(`${postgres}/postgres`, () => undefined)
  await admin.query(`create database ${name}`)
  const database = await prepare(openPostgres(`${postgres}/${name}`, () => undefined))
  return {
    ...database,
    close: async () => {
      await database.close()
      await admin.query(`drop database ${name}`)
      await admin.close()
    },
  }
}

async function prepare(database: Database): Promise<TestDatabase> {
  await migrate(database, () => 1)
  const tamper = (...statements: readonly string[]): Promise<void> =>
    database.transaction(async () => {
      await database.query('set local session_replication_role = replica')
      for (const statement of statements) await database.query(statement)
    })
  return {
    ...database,
    tamper,
    empty: () => tamper('truncate audit_events', 'truncate audit_checkpoints', 'truncate audit_chains'),
  }
}

/** A clock that a test sets. */
export function createClock(seconds = 1_800_000_000): { seconds: number; now: () => number } {
  const clock = { seconds, now: () => clock.seconds }
  return clock
}

let made = 0

/** Keys of a test: the same for every trail of a file. */
export async function createKeys(): Promise<AuditTrailOptions['keys']> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  made += 1
  const kid = `key-${made}`
  const jwk = { ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' }
  const key = await importJWK({ ...(await exportJWK(privateKey)), alg: 'ES256' })
  return {
    sign: (_, header, claims) => new SignJWT(claims).setProtectedHeader({ ...header, alg: 'ES256', kid }).sign(key),
    published: async () => [jwk],
  }
}

export function createTrail(
  options: Pick<AuditTrailOptions, 'database' | 'keys'> &
    Partial<AuditTrailOptions> & { readonly instance?: string; readonly audit?: 'required' | 'best-effort' },
): TestTrail {
  const { instance = 'one', audit = 'required', ...rest } = options
  const logged: Record<string, unknown>[] = []
  const log = pino({ base: null }, { write: (line: string) => void logged.push(JSON.parse(line)) })
  const trail = createAuditTrail({
    now: createClock().now,
    settings: { issuer, instance, audit },
    log,
    checkpoints: { events: 1_000_000, seconds: 3_600 },
    ...rest,
  })
  return { ...trail, keys: options.keys, logged }
}
