import { mkdir } from 'node:fs/promises'
import { PGlite, types } from '@electric-sql/pglite'
import type { Database, Row, Value } from './database.js'
import { lockFolder } from './folder-lock.js'
import { createDatabase } from './transactions.js'

/**
 * Opens the embedded database: PostgreSQL in this process, and in no other.
 *
 * @param folder - where its files live; undefined keeps it in memory
 * @throws ConfigurationError when another process has the folder open
 */
export async function openPglite(folder: string | undefined): Promise<Database> {
  const parsers = { [types.INT8]: Number }
  if (folder !== undefined) await mkdir(folder, { recursive: true })
  const lock = folder === undefined ? undefined : await lockFolder(folder)
  const pglite = await PGlite.create(folder === undefined ? { parsers } : { dataDir: folder, parsers }).catch(
    async (error: unknown) => {
      await lock?.release()
      throw error
    },
  )
  const run = async (on: Pick<PGlite, 'query'>, text: string, values: readonly Value[]): Promise<readonly Row[]> =>
    (await on.query<Row>(text, [...values])).rows
  return createDatabase({
    query: (text, values) => run(pglite, text, values),
    transaction: (work) => pglite.transaction((open) => work({ query: (text, values) => run(open, text, values) })),
    close: async () => {
      if (pglite.closed) return
      await pglite.close()
      await lock?.release()
    },
  })
}
