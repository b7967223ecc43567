import { PGlite, types } from '@electric-sql/pglite'
import type { Database, Row, Value } from './database.js'
import { createDatabase } from './transactions.js'

/**
 * Opens the embedded database: PostgreSQL in this process.
 *
 * @param folder - where its files live; undefined keeps it in memory
 */
export async function openPglite(folder: string | undefined): Promise<Database> {
  const parsers = { [types.INT8]: Number }
  const pglite = await PGlite.create(folder === undefined ? { parsers } : { dataDir: folder, parsers })
  const run = async (on: Pick<PGlite, 'query'>, text: string, values: readonly Value[]): Promise<readonly Row[]> =>
    (await on.query<Row>(text, [...values])).rows
  return createDatabase({
    query: (text, values) => run(pglite, text, values),
    transaction: (work) => pglite.transaction((open) => work({ query: (text, values) => run(open, text, values) })),
    close: async () => {
      if (!pglite.closed) await pglite.close()
    },
  })
}
