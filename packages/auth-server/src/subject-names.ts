import type { Database } from './database/database.js'
import { ConflictError } from './errors.js'

/** First half of the advisory lock that holds a name: any number, the same in every process. */
const lock = 7_261_103

/**
 * Makes sure that no person and no client have the same name, as both are `sub` of tokens (RFC 9068 section 5).
 * Holds the name until the transaction under way ends.
 *
 * @throws ConflictError when the name is taken on the other side
 */
export async function holdName(database: Database, kind: 'account' | 'client', name: string): Promise<void> {
  await database.query('select pg_advisory_xact_lock($1, hashtext($2))', [lock, name])
  const other = kind === 'account' ? 'select 1 from clients where id = $1' : 'select 1 from accounts where subject = $1'
  const taken = await database.query(other, [name])
  if (taken.length > 0) {
    throw new ConflictError(kind === 'account' ? `a client is called ${name}` : `an account is called ${name}`)
  }
}
