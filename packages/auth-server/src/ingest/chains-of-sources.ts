import type { AuditEvent } from '../audit/event.js'
import type { Context } from '../context.js'
import { first, json } from '../database/database.js'
import type { ReceivedEvent } from './received-event.js'

/** Chains that a client begins in an hour for processes of their own. */
const mostNew = 60

/** Seconds. */
const hour = 3_600

const knownSources = `
  select distinct instance from audit_chains
  where instance in (select json_array_elements_text($1::json))`

const begunLately = `
  select count(*)::integer as begun from audit_chains where started_at > $1 and starts_with(instance, $2)`

/**
 * Tells events apart by the chains they go to: one for each process that sent some. What a client says of its processes nobody
 * can know, so it begins no more than {@link mostNew} chains in an hour. The events of any other new process go to a chain that
 * the client has for all of those: none is lost, and each still says which process wrote it.
 *
 * @param received - of one client: no other request of its is looked at meanwhile
 * @param now - seconds since the epoch
 */
export async function sortBySource(
  { database }: Pick<Context, 'database'>,
  received: readonly ReceivedEvent[],
  now: number,
): Promise<ReadonlyMap<string, readonly AuditEvent[]>> {
  const sources = [...new Set(received.map(({ source }) => source))]
  const shared = clientIn(sources)
  const rows = await database.query<{ instance: string }>(knownSources, [json(sources)])
  const own = new Set(rows.map(({ instance }) => instance))
  const fresh = sources.filter((source) => !own.has(source))
  if (fresh.length > 0) {
    const lately = first(await database.query<{ begun: number }>(begunLately, [Math.floor(now) - hour, `${shared}/`]))
    for (const source of fresh.slice(0, Math.max(0, mostNew - (lately?.begun ?? 0)))) own.add(source)
  }
  const sorted = new Map<string, AuditEvent[]>()
  for (const { source, event } of received) {
    const chain = own.has(source) ? source : shared
    const events = sorted.get(chain)
    if (events === undefined) sorted.set(chain, [event])
    else events.push(event)
  }
  return sorted
}

/** The first part of the name of a source. Any process has two parts more, so none is called so. */
function clientIn([source = '']: readonly string[]): string {
  return source.split('/', 1).join('')
}
