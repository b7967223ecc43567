import type { Database } from './database.js'
import { initial } from './migrations/0001-initial.js'
import { auditTrail } from './migrations/0002-audit-trail.js'
import { auditTrace } from './migrations/0003-audit-trace.js'
import { auditAgents } from './migrations/0004-audit-agents.js'
import { eventStreams } from './migrations/0005-event-streams.js'
import { auditBirths } from './migrations/0006-audit-births.js'

/** In order, never changed once released: a later need is a later migration. */
const migrations: readonly { readonly id: number; readonly text: string }[] = [
  { id: 1, text: initial },
  { id: 2, text: auditTrail },
  { id: 3, text: auditTrace },
  { id: 4, text: auditAgents },
  { id: 5, text: eventStreams },
  { id: 6, text: auditBirths },
]

/** Any number, the same in every process: what migrations lock. */
const lock = 7_261_094

/** Brings the tables up to date, one process at a time. */
export async function migrate(database: Database, now: () => number): Promise<void> {
  await database.transaction(async () => {
    await database.query('select pg_advisory_xact_lock($1)', [lock])
    await database.query(
      'create table if not exists schema_migrations (id integer primary key, applied_at bigint not null)',
    )
    const applied = await database.query<{ id: number }>('select id from schema_migrations')
    const newest = applied.reduce((highest, { id }) => Math.max(highest, id), 0)
    for (const { id, text } of migrations) {
      if (id <= newest) continue
      for (const statement of statementsOf(text)) await database.query(statement)
      await database.query('insert into schema_migrations (id, applied_at) values ($1, $2)', [id, now()])
    }
  })
}

/** A driver that takes parameters takes one statement at a time. The body of a function stands between `$$`. */
function statementsOf(text: string): readonly string[] {
  const statements = text.replaceAll(/^\s*--.*$/gmu, '').match(/(?:\$\$[\s\S]*?\$\$|[^;])+/gu) ?? []
  return statements.filter((statement) => statement.trim() !== '')
}
