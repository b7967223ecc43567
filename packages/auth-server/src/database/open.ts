import { ConfigurationError } from '@behalf/core'
import type { Logger } from 'pino'
import type { Database } from './database.js'
import { openPglite } from './pglite.js'
import { openPostgres } from './postgres.js'

/**
 * Opens the database of the configuration.
 *
 * @param where - `postgres://...`, a folder, or `memory`
 */
export async function openDatabase(where: string, log: Logger): Promise<Database> {
  if (/^postgres(?:ql)?:\/\//u.test(where)) {
    return openPostgres(where, (error) => log.warn({ err: error }, 'a database connection broke'))
  }
  if (/^[a-z][a-z0-9+.-]*:\/\//iu.test(where)) {
    throw new ConfigurationError('database', 'must be postgres://..., a folder, or memory')
  }
  return openPglite(where === 'memory' ? undefined : where)
}
