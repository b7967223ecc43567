/** A row as the driver returns it: `jsonb` parsed, `bigint` as number. */
export type Row = Record<string, unknown>

/** What can stand for a `$n` of a statement. Objects for `jsonb` go through {@link json}. */
export type Value = string | number | boolean | null

/**
 * The state of the server: PostgreSQL, or the same SQL in an embedded PGlite.
 *
 * A transaction belongs to the asynchronous context that opened it: every statement of that context runs inside,
 * with no handle to pass along.
 */
export interface Database {
  /** Runs one statement, inside the transaction under way when there is one. */
  query<R = Row>(text: string, values?: readonly Value[]): Promise<readonly R[]>
  /** Runs `work` whole or not at all. Inside a transaction it joins that one. */
  transaction<T>(work: () => Promise<T>): Promise<T>
  /** Runs `work` inside the transaction under way; when it throws, what it did is undone, and nothing else. */
  savepoint<T>(work: () => Promise<T>): Promise<T>
  /**
   * Gives `work` this item, and the others that were given for the same function, as the last thing the transaction under
   * way does: what locks rows that many transactions need is best done there. When it rejects, everything is rolled back.
   *
   * @throws Error outside a transaction
   */
  beforeCommit<T>(work: (items: readonly T[]) => Promise<void>, item: T): void
  /** Does `work` once the transaction under way is committed; at once where there is none. Never when it is rolled back. */
  afterCommit(work: () => void): void
  /** Whether it answers. */
  ping(): Promise<void>
  close(): Promise<void>
}

/** A value for a `jsonb` parameter. */
export function json(value: unknown): string {
  return JSON.stringify(value)
}

/** The first row, when there is one. */
export function first<R>(rows: readonly R[]): R | undefined {
  return rows[0]
}
