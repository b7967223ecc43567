import type { AuthServer } from '@behalf/auth-server'

type Database = Pick<AuthServer['context']['database'], 'query'>

/** What is half there. */
export interface Unmatched {
  readonly tokensWithoutEvent: number
  readonly eventsWithoutToken: number
}

export const nothingHalf: Unmatched = { tokensWithoutEvent: 0, eventsWithoutToken: 0 }

/** Compares the tokens of agents in a database with its trail, both ways. A person's may have been made by a test. */
export async function unmatched(database: Database): Promise<Unmatched> {
  const isIssued = `e.type in ('access.issued', 'delegation.issued')`
  const [row] = await database.query<Unmatched>(
    `select
       (select count(*)::integer from issued_tokens t where t.kind <> 'subject' and (
         select count(*) from audit_events e where e.token_id = t.token_id and ${isIssued}) <> 1) as "tokensWithoutEvent",
       (select count(*)::integer from audit_events e where ${isIssued} and not exists (
         select from issued_tokens t where t.token_id = e.token_id)) as "eventsWithoutToken"`,
  )
  if (row === undefined) throw new Error('a query without from answers one row')
  return row
}
