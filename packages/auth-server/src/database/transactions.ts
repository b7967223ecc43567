import { AsyncLocalStorage } from 'node:async_hooks'
import type { Database, Row, Value } from './database.js'

/** One connection that runs statements in order. */
export interface Connection {
  query(text: string, values: readonly Value[]): Promise<readonly Row[]>
}

/** What a driver has to offer. */
export interface Driver {
  query(text: string, values: readonly Value[]): Promise<readonly Row[]>
  /** Runs `work` between BEGIN and COMMIT on one connection; a rejection rolls back. */
  transaction<T>(work: (connection: Connection) => Promise<T>): Promise<T>
  close(): Promise<void>
}

interface Transaction {
  readonly connection: Connection
  readonly afterCommit: (() => void)[]
}

/** Makes a driver a {@link Database}, whose transactions follow the asynchronous context. */
export function createDatabase(driver: Driver): Database {
  const current = new AsyncLocalStorage<Transaction | undefined>()

  async function query(text: string, values: readonly Value[] = []): Promise<readonly Row[]> {
    return (current.getStore()?.connection ?? driver).query(text, values)
  }

  async function transaction<T>(work: () => Promise<T>): Promise<T> {
    if (current.getStore() !== undefined) return work()
    const afterCommit: (() => void)[] = []
    const result = await driver.transaction((connection) => current.run({ connection, afterCommit }, work))
    current.run(undefined, () => {
      for (const each of afterCommit) each()
    })
    return result
  }

  return {
    query: query as Database['query'], // the caller names the columns of its own statement
    transaction,
    afterCommit: (work) => {
      const open = current.getStore()
      if (open === undefined) work()
      else open.afterCommit.push(work)
    },
    ping: async () => {
      await driver.query('select 1', [])
    },
    close: () => driver.close(),
  }
}
