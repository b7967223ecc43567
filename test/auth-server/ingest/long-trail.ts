import type { AuditEvent } from '../../../packages/auth-server/dist/audit/event.js'
import type { Scene } from './scene.js'

/** Events of a page that the server reads at a time. */
export const pageSize = 500

/** Makes the trail long, a second between two events: real ones, in a chain of their own. */
export async function lengthen({ server }: Scene, count: number, filler = ''): Promise<void> {
  const start = Date.now() - count * 1_000
  const events = Array.from(
    { length: count },
    (_, index): AuditEvent => ({
      schema: 'delegation-audit/1',
      id: crypto.randomUUID(),
      time: new Date(start + index * 1_000).toISOString(),
      type: 'access.decision',
      decision: 'allow',
      subject: { id: 'long' },
      filler,
    }),
  )
  for (let from = 0; from < count; from += 1_000) {
    await server.context.audit.append('api:long/long/one', events.slice(from, from + 1_000))
  }
}

/** Counts the pages that an export reads, and makes one of them fail. */
export function watchPages({ server }: Scene): { count: number; failAt: number; stop(): void } {
  const { database } = server.context
  const { query } = database
  const watch = {
    count: 0,
    failAt: Number.POSITIVE_INFINITY,
    stop: () => {
      database.query = query
    },
  }
  database.query = (text, values) => {
    if (text.endsWith(`limit ${pageSize}`)) {
      watch.count += 1
      if (watch.count === watch.failAt) return Promise.reject(new Error('Connection terminated unexpectedly'))
    }
    return query(text, values)
  }
  return watch
}
