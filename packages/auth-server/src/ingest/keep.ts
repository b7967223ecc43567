import type { AuditEvent } from '../audit/event.js'
import { columnsOf } from '../audit/row.js'
import type { Context } from '../context.js'
import { json } from '../database/database.js'
import { sortBySource } from './chains-of-sources.js'
import { examine, idOf, type Refused } from './examine.js'
import { isSame, type ReceivedEvent } from './received-event.js'
import type { Sender } from './sender.js'

/** What became of the events of a request. */
export interface Kept {
  readonly stored: number
  /** Events that the trail had already. */
  readonly duplicates: number
  readonly refused: readonly Refused[]
}

/** Processes that one request may bring events of: each new one begins a chain. */
const maxSources = 16

/**
 * Keeps the events of a client: each once, by its id, in the chain of its source, in the order they came in. Requests of one
 * client are kept one after the other, so that a request made twice at the same time is one.
 */
export function keepEvents(context: Context, sender: Sender, batch: readonly unknown[]): Promise<Kept> {
  const { database, audit } = context
  const { clientId } = sender
  const sources = new Set<string>()
  const refused: Refused[] = []
  const accepted = new Map<string, ReceivedEvent>()
  let duplicates = 0

  for (const [index, value] of batch.entries()) {
    const examined = examine(value, sender)
    if (typeof examined === 'string') {
      refused.push({ index, id: idOf(value), code: examined })
      continue
    }
    if (sources.size < maxSources) sources.add(examined.source)
    if (!sources.has(examined.source)) refused.push({ index, id: examined.event.id, code: 'too_many_sources' })
    else decide(index, examined, accepted.get(examined.event.id)?.event)
  }

  /** @param known - an event with the same id */
  function decide(index: number, received: ReceivedEvent, known: AuditEvent | undefined): void {
    const { id } = received.event
    if (known === undefined) accepted.set(id, received)
    else if (isSame(known, received.event)) duplicates += 1
    else refused.push({ index, id, code: 'id_taken' })
  }

  return database.transaction(async () => {
    await database.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`ingest:${clientId}`])
    const known = await findEvents(context, [...accepted.values()])
    const fresh: ReceivedEvent[] = []
    for (const [id, received] of accepted) {
      const found = known.get(id)
      if (found === undefined) fresh.push(received)
      else if (isSame(found, received.event)) duplicates += 1
      else refused.push({ index: batch.findIndex((value) => idOf(value) === id), id, code: 'id_taken' })
    }
    const sorted = await sortBySource(context, fresh, sender.now)
    for (const [source, events] of sorted) await audit.append(source, events)
    if (refused.length > 0) await recordRefusals(context, clientId, refused)
    return { stored: fresh.length, duplicates, refused }
  })
}

async function findEvents(
  { database }: Pick<Context, 'database'>,
  received: readonly ReceivedEvent[],
): Promise<ReadonlyMap<string, AuditEvent>> {
  const rows = await database.query<{ event: string }>(
    'select event from audit_events where id in (select json_array_elements_text($1::json))',
    [json(received.map(({ event }) => columnsOf(event).id))],
  )
  const events = rows.map(({ event }): AuditEvent => JSON.parse(event))
  return new Map(events.map((event) => [event.id, event]))
}

/** Who tries to write what it may not is remembered in the server's own name. */
async function recordRefusals(
  { audit, settings }: Pick<Context, 'audit' | 'settings'>,
  clientId: string,
  refused: readonly Refused[],
): Promise<void> {
  const [first] = refused
  await audit.record({
    type: 'audit.refused',
    decision: 'deny',
    reason: { code: first?.code ?? 'malformed' },
    client: { id: clientId },
    resource: { aud: settings.auditResource },
    detail: { refused: refused.length, codes: [...new Set(refused.map(({ code }) => code))], first_id: first?.id },
  })
}
