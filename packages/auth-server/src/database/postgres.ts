import { Pool, type PoolClient, type QueryResult, types } from 'pg'
import type { Database, Row, Value } from './database.js'
import { createDatabase } from './transactions.js'

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

  const run = async (on: Pool | PoolClient, text: string, values: readonly Value[]): Promise<readonly Row[]> => {
    const answer: QueryResult<Row> | readonly QueryResult<Row>[] = await on.query<Row>(text, [...values])
    return 'rows' in answer ? answer.rows : []
  }

  return createDatabase({
    query: (text, values) => run(pool, text, values),
    transaction: async (work) => {
      const client = await pool.connect()
      let broken: Error | undefined
      // between two statements a lost connection is announced by an event alone
      const noticeLoss = (error: Error): void => {
        broken = error
      }
      client.on('error', noticeLoss)
      try {
        await client.query('begin')
        const result = await work({ query: (text, values) => run(client, text, values) })
        await client.query('commit')
        return result
      } catch (error) {
        await client.query('rollback').catch((lost: unknown) => {
          broken = lost instanceof Error ? lost : new Error('the connection broke')
        })
        throw error
      } finally {
        client.off('error', noticeLoss)
        client.release(broken)
      }
    },
    close: () => pool.end(),
  })
}
