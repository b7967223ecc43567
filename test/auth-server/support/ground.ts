import { randomBytes, randomUUID } from 'node:crypto'
import { base64url } from 'jose'
import { pino } from 'pino'
import type { AuditRecord } from '../../../packages/auth-server/dist/audit/record.js'
import type { Context } from '../../../packages/auth-server/dist/context.js'
import { migrate } from '../../../packages/auth-server/dist/database/migrate.js'
import { openDatabase } from '../../../packages/auth-server/dist/database/open.js'
import type { Withdrawal } from '../../../packages/auth-server/dist/revocation/revocation.js'
import { readSettings } from '../../../packages/auth-server/dist/settings.js'
import { isListening } from '../../support/services.js'

/** What a part of the server stands on, with what it said to the trail and withdrew. */
export interface Ground extends Pick<Context, 'settings' | 'log' | 'now' | 'database' | 'audit' | 'revocations'> {
  readonly clock: { seconds: number }
  readonly recorded: AuditRecord[]
  readonly withdrawn: Withdrawal[]
  readonly logged: string[]
  close(): Promise<void>
}

type Options = Partial<Parameters<typeof readSettings>[0]>

export const encryptionKey = (): string => base64url.encode(randomBytes(32))

/**
 * Opens a database with every table: in memory, where none is named.
 *
 * @param shared - one that is open, which stays open
 */
export async function openGround(
  { database: where = 'memory', ...options }: Options = {},
  shared?: Context['database'],
): Promise<Ground> {
  const clock = { seconds: 1_800_000_000 }
  const now = () => clock.seconds
  const logged: string[] = []
  const log = pino({}, { write: (line: string) => logged.push(line) })
  const database = shared ?? (await openDatabase(where, log))
  if (shared === undefined) await migrate(database, now)
  const recorded: AuditRecord[] = []
  const withdrawn: Withdrawal[] = []
  const refuse = (): never => {
    throw new Error('a trail of a test records, nothing else')
  }
  return {
    settings: readSettings({ issuer: 'https://auth.example.com', encryptionKey: encryptionKey(), ...options }),
    log,
    now,
    database,
    audit: {
      record: async (record) => {
        recorded.push(record)
      },
      append: refuse,
      search: refuse,
      find: refuse,
      readAll: refuse,
      verify: refuse,
      checkpoint: refuse,
      close: refuse,
    },
    revocations: {
      withdraw: async (withdrawal: Withdrawal) => {
        withdrawn.push(withdrawal)
        return 0
      },
    },
    clock,
    recorded,
    withdrawn,
    logged,
    close: async () => {
      if (shared === undefined) await database.close()
    },
  }
}

const postgres = 'postgres://postgres@127.0.0.1:5432'

export const hasPostgres: boolean = await isListening(5432)

/** A PostgreSQL database of a test's own. */
export async function createPostgresDatabase(): Promise<{ readonly url: string; drop(): Promise<void> }> {
  const log = pino({ level: 'silent' })
  const name = `behalf_${randomUUID().replaceAll('-', '')}`
  const admin = await openDatabase(`${postgres}/postgres`, log)
  await admin.query(`create database ${name}`)
  return {
    url: `${postgres}/${name}`,
    drop: async () => {
      await admin.query(`drop database ${name} with (force)`)
      await admin.close()
    },
  }
}

/** Every row of every table, as text. */
export async function dump({ database }: Pick<Ground, 'database'>): Promise<string> {
  const tables = await database.query<{ name: string }>(
    `select table_name as name from information_schema.tables where table_schema = 'public' order by table_name`,
  )
  const rows: string[] = []
  for (const { name } of tables) {
    const found = await database.query<{ row: string }>(`select row_to_json(t)::text as row from ${name} t`)
    rows.push(...found.map(({ row }) => `${name} ${row}`))
  }
  return rows.join('\n')
}
