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
  readonly beforeCommit: Map<(items: readonly never[]) => Promise<void>, unknown[]>
  readonly afterCommit: (() => void)[]
}

/** Makes a driver a {@link Database}, whose transactions follow the asynchronous context. */
export function createDatabase(driver: Driver): Database {
  let saved = 0
  const current = new AsyncLocalStorage<Transaction | undefined>()

  async function query(text: string, values: readonly Value[] = []): Promise<readonly Row[]> {
    return (current.getStore()?.connection ?? driver).query(text, values)
  }

  async function transaction<T>(work: () => Promise<T>): Promise<T> {
    if (current.getStore() !== undefined) return work()
    const open: Omit<Transaction, 'connection'> = { beforeCommit: new Map(), afterCommit: [] }
    const result = await driver.transaction((connection) =>
      current.run({ ...open, connection: oneByOne(connection) }, async () => {
        const answer = await work()
        await finish(open.beforeCommit)
        return answer
      }),
    )
    current.run(undefined, () => {
      for (const each of open.afterCommit) each()
    })
    return result
  }

  async function savepoint<T>(work: () => Promise<T>): Promise<T> {
    const outer = current.getStore()
    if (outer === undefined) return transaction(work)
    saved += 1
    const name = `s${saved}`
    await query(`savepoint ${name}`)
    // what is left for the end of the transaction is undone with the rest
    const inner: Transaction = { connection: outer.connection, beforeCommit: new Map(), afterCommit: [] }
    try {
      const result = await current.run(inner, work)
      await query(`release savepoint ${name}`)
      for (const [step, items] of inner.beforeCommit) for (const item of items) addItem(outer, step, item)
      outer.afterCommit.push(...inner.afterCommit)
      return result
    } catch (error) {
      await query(`rollback to savepoint ${name}`)
      throw error
    }
  }

  return {
    query: query as Database['query'], // the caller names the columns of its own statement
    transaction,
    savepoint,
    beforeCommit: (work, item) => {
      const open = current.getStore()
      if (open === undefined) throw new Error('beforeCommit needs a transaction')
      addItem(open, work, item)
    },
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

/** Statements that were started side by side go one after the other: a connection takes one at a time. */
function oneByOne(connection: Connection): Connection {
  let last: Promise<unknown> = Promise.resolve()
  return {
    query: (text, values) => {
      const next = last.then(() => connection.query(text, values))
      last = next.catch(() => undefined)
      return next
    },
  }
}

function addItem({ beforeCommit }: Transaction, step: (items: readonly never[]) => Promise<void>, item: unknown): void {
  const items = beforeCommit.get(step)
  if (items === undefined) beforeCommit.set(step, [item])
  else items.push(item)
}

/** What one step adds is done too: a map yields what is put into it meanwhile. */
async function finish(beforeCommit: Transaction['beforeCommit']): Promise<void> {
  for (const [work, items] of beforeCommit) {
    beforeCommit.delete(work)
    await work(items as never[]) // the items of this very function, which says their type
  }
}
