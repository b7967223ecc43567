import { DatabaseError, Pool, type PoolClient, type QueryResult, types } from 'pg'
import type { Database, Row, Value } from './database.js'
import { createStatementNames } from './statement-names.js'
import { type Connection, createDatabase } from './transactions.js'

/** Connections kept open at most. */
const maxConnections = 20

/** Milliseconds to wait for a free connection, and for a statement. */
const connectionTimeout = 5_000
const statementTimeout = 10_000

/** Milliseconds after which a transaction that does nothing is ended by the server. */
const idleTransactionTimeout = 30_000

/**
 * Opens a PostgreSQL database (14 or newer).
 *
 * @param url - `postgres://host/database`
 * @param onError - told of connections that break while idle; the pool replaces them
 */
export function openPostgres(url: string, onError: (error: Error) => void): Database {
  const nameOf = createStatementNames()
  const pool = new Pool({
    connectionString: url,
    max: maxConnections,
    connectionTimeoutMillis: connectionTimeout,
    statement_timeout: statementTimeout,
    query_timeout: statementTimeout + 1_000,
    idle_in_transaction_session_timeout: idleTransactionTimeout,
    application_name: 'behalf-auth-server',
    types: {
      getTypeParser: (type, format): ((text: string) => unknown) =>
        type === types.builtins.INT8 && format !== 'binary' ? Number : types.getTypeParser(type, format),
    },
  })
  pool.on('error', onError)
  // what the database says as it hands a connection over is said to nobody yet, and an error that nobody hears ends the process
  pool.on('connect', (client) => client.on('error', () => {}))

  /** A statement with values is prepared once a connection. */
  const run = async (on: Pool | PoolClient, text: string, values: readonly Value[]): Promise<readonly Row[]> => {
    const name = values.length === 0 ? undefined : nameOf(text)
    const answer: QueryResult<Row> | readonly QueryResult<Row>[] = await on.query<Row>({
      text,
      values: [...values],
      ...(name === undefined ? {} : { name }),
    })
    return 'rows' in answer ? answer.rows : []
  }

  return createDatabase({
    query: (text, values) => run(pool, text, values),
    transaction: async (work) => {
      const session = createSession(pool, run)
      try {
        const result = await work({ query: session.query })
        await session.end('commit')
        return result
      } catch (error) {
        await session.end('rollback').catch(() => {}) // a connection that is not given back ends its transaction
        throw error
      } finally {
        session.release()
      }
    },
    close: () => pool.end(),
  })
}

type Run = (on: PoolClient, text: string, values: readonly Value[]) => Promise<readonly Row[]>

/** A connection of the pool for one transaction. It is taken by the first statement: a request without one needs none. */
interface Session extends Connection {
  end(how: 'commit' | 'rollback'): Promise<void>
  release(): void
}

function createSession(pool: Pool, run: Run): Session {
  let client: PoolClient | undefined
  let broken: Error | undefined
  // between two statements a lost connection is announced by an event alone
  const noticeLoss = (error: Error): void => {
    broken ??= error
  }

  /** On a connection that is gone nothing more is waited for. */
  async function send(on: PoolClient, text: string, values: readonly Value[] = []): Promise<readonly Row[]> {
    if (broken !== undefined) throw broken
    try {
      return await run(on, text, values)
    } catch (error) {
      if (isLost(error)) noticeLoss(error)
      throw error
    }
  }

  async function begin(): Promise<PoolClient> {
    try {
      client = await pool.connect()
      client.on('error', noticeLoss)
      await run(client, 'begin', [])
      return client
    } catch (error) {
      if (error instanceof Error) noticeLoss(error) // nothing may run outside a transaction
      throw error
    }
  }

  return {
    query: async (text, values) => {
      if (broken !== undefined) throw broken
      return send(client ?? (await begin()), text, values)
    },
    end: async (how) => {
      if (client !== undefined) await send(client, how)
    },
    release: () => {
      client?.off('error', noticeLoss)
      client?.release(broken)
      broken ??= new Error('the transaction is over')
    },
  }
}

/** SQLSTATE of a prepared statement whose table got other columns since: an upgrade of another process. */
const outdated = '0A000'

/** Whether a connection is of no more use: no answer came, it was the last, or what was prepared on it is outdated. */
function isLost(error: unknown): error is Error {
  if (!(error instanceof DatabaseError)) return error instanceof Error
  return error.severity !== 'ERROR' || error.code === outdated
}
