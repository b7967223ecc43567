import { z } from 'zod'
import type { Context } from '../context.js'
import { first, json, type Value } from '../database/database.js'
import { ConflictError, NotFoundError, StaleVersionError } from '../errors.js'
import { line, names, readInput } from '../input.js'
import { holdName } from '../subject-names.js'
import type { Account, Accounts } from './account.js'
import { hashPassword, isOutdated, isPassword, nobody } from './password.js'
import { toUsername } from './username.js'

interface AccountRow {
  readonly subject: string
  readonly username: string
  readonly name: string
  readonly password_hash: string
  readonly status: Account['status']
  readonly permissions: readonly string[]
  readonly version: number
  readonly created_at: number
  readonly updated_at: number
}

const changeSchema = z.strictObject({
  name: line.optional(),
  status: z.enum(['active', 'disabled']).optional(),
  permissions: names.optional(),
  password: z.string().min(8, 'must have 8 characters at least').max(1_000).optional(),
})

const subjectText = /^[\x21-\x7e]{1,255}$/u

/** What one is registered with. A subject is no agent's id: tokens say who acts for whom by these texts alone. */
export const newAccountSchema = changeSchema
  .omit({ status: true })
  .required()
  .extend({
    subject: z
      .string()
      .regex(subjectText, 'must be 1 to 255 printable characters without spaces')
      .refine((subject) => !/^agent:/iu.test(subject), 'must not begin with agent:'),
    username: line,
  })

/** The people of the database, with passwords as scrypt hashes. Changes are recorded by who asks for them. */
export function createAccounts({
  database,
  now,
  revocations,
}: Pick<Context, 'database' | 'now' | 'revocations'>): Accounts {
  async function one(text: string, values: readonly Value[]): Promise<AccountRow | undefined> {
    return first(await database.query<AccountRow>(text, values))
  }

  async function named(username: string): Promise<AccountRow | undefined> {
    if (!line.safeParse(username).success) return undefined
    return one('select * from accounts where username = $1', [toUsername(username)])
  }

  /** A hash made at less cost than today's is made again while the password is at hand; another request may have done so. */
  async function confirm(found: AccountRow, renewed: string | undefined): Promise<Account | undefined> {
    const { subject, password_hash: hash, version } = found
    const row = await one(
      `select * from accounts where subject = $1 and (password_hash = $2 or version = $3) and status = 'active'
       for ${renewed === undefined ? 'share' : 'update'}`,
      [subject, hash, version],
    )
    if (renewed !== undefined && row?.password_hash === hash) {
      await database.query('update accounts set password_hash = $2 where subject = $1', [subject, renewed])
    }
    return row && toAccount(row)
  }

  return {
    find: async (subject) => {
      if (!subjectText.test(subject)) return undefined
      const row = await one('select * from accounts where subject = $1', [subject])
      return row && toAccount(row)
    },
    findByUsername: async (username) => {
      const row = await named(username)
      return row && toAccount(row)
    },
    authenticate: async (username, password) => {
      const row = await named(username)
      const fits = await isPassword(password, row?.password_hash ?? nobody)
      if (row === undefined || !fits || row.status !== 'active') return undefined
      const renewed = isOutdated(row.password_hash) ? await hashPassword(password) : undefined
      return { confirm: () => confirm(row, renewed) }
    },
    list: async ({ after = '', limit }) => {
      const rows = await database.query<AccountRow>(
        'select * from accounts where subject > $1 order by subject limit $2',
        [after, limit],
      )
      return rows.map(toAccount)
    },
    create: async (input) => {
      const { subject, username, name, permissions, password } = readInput(newAccountSchema, input, 'account')
      const hash = await hashPassword(password)
      return database.transaction(async () => {
        await holdName(database, 'account', subject)
        const created = await one(
          `insert into accounts (subject, username, password_hash, name, permissions, created_at, updated_at)
           values ($1, $2, $3, $4, $5, $6, $6) on conflict do nothing returning *`,
          [subject, toUsername(username), hash, name, json(permissions), now()],
        )
        if (created === undefined) throw new ConflictError('an account with this subject or username exists')
        return toAccount(created)
      })
    },
    change: async (subject, input, version, by = 'server') => {
      const { password, ...change } = readInput(changeSchema, input, 'account')
      const hash = password === undefined ? undefined : await hashPassword(password)
      return database.transaction(async () => {
        const before = await one('select * from accounts where subject = $1 for update', [subject])
        if (before === undefined) throw new NotFoundError(`account ${subject} is not known`)
        if (version !== undefined && version !== before.version) {
          throw new StaleVersionError(`account ${subject} was changed`)
        }
        const status = change.status ?? before.status
        const after = await one(
          `update accounts set name = $2, status = $3, permissions = $4, password_hash = $5,
             version = version + 1, updated_at = $6
           where subject = $1 returning *`,
          [
            subject,
            change.name ?? before.name,
            status,
            json(change.permissions ?? before.permissions),
            hash ?? before.password_hash,
            now(),
          ],
        )
        if (status === 'disabled' && before.status !== 'disabled') {
          await revocations.withdraw({ kind: 'subject', value: subject, reason: 'account_disabled', by })
        } else if (hash !== undefined) {
          await revocations.withdraw({ kind: 'subject', value: subject, reason: 'password_changed', by })
        }
        return toAccount(after ?? before)
      })
    },
  }
}

function toAccount(row: AccountRow): Account {
  const { subject, username, name, status, permissions, version, created_at, updated_at } = row
  return { subject, username, name, status, permissions, version, createdAt: created_at, updatedAt: updated_at }
}
