import type { Database } from '../database/database.js'
import { json } from '../database/database.js'

/** What is left to know of a token that ended. */
export interface EndedToken {
  readonly tokenId: string
  readonly subject: string
  readonly agentId: string | null
  readonly clientId: string
  readonly resource: string
  readonly transaction: string | null
  readonly sessionId: string | null
  readonly grantId: string | null
  /** `act.sub` of every link of its chain. */
  readonly actors: readonly string[]
  readonly expiresAt: number
}

interface EndedRow {
  readonly token_id: string
  readonly subject: string
  readonly agent_id: string | null
  readonly client_id: string
  readonly resource: string
  readonly transaction: string | null
  readonly session_id: string | null
  readonly grant_id: string | null
  readonly claims: { readonly act?: unknown }
  readonly expires_at: number
}

/** Seconds after its end for which an API may still take a token: the largest clock tolerance there is. */
export const clockTolerance = 300

const columns =
  'token_id, subject, agent_id, client_id, resource, transaction, session_id, grant_id, claims, expires_at'

/**
 * Marks the tokens a condition names as revoked, and every token that was exchanged for one of them. A statement a
 * generation: each sees what was committed before it, and whoever exchanges a token holds its row until then.
 *
 * @param condition - SQL on issued_tokens, with `value` as `$1`
 * @returns those that were in force
 */
export async function endTokens(
  database: Database,
  condition: string,
  value: string,
  now: number,
): Promise<readonly EndedToken[]> {
  const ended: EndedToken[] = []
  let where = condition
  let parameter = value
  for (;;) {
    const rows = await database.query<EndedRow>(
      `update issued_tokens set revoked_at = $2
       where (${where}) and revoked_at is null and expires_at > $3 returning ${columns}`,
      [parameter, now, now - clockTolerance],
    )
    ended.push(...rows.map(read))
    // through those that ended before, too: their descendants may not have
    const generation = await database.query<{ token_id: string }>(
      `select token_id from issued_tokens where (${where}) and expires_at > $2`,
      [parameter, now - clockTolerance],
    )
    if (generation.length === 0) return ended
    where = 'parent_id in (select jsonb_array_elements_text($1::jsonb))'
    parameter = json(generation.map(({ token_id }) => token_id))
  }
}

function read(row: EndedRow): EndedToken {
  return {
    tokenId: row.token_id,
    subject: row.subject,
    agentId: row.agent_id,
    clientId: row.client_id,
    resource: row.resource,
    transaction: row.transaction,
    sessionId: row.session_id,
    grantId: row.grant_id,
    actors: actorsOf(row.claims.act),
    expiresAt: row.expires_at,
  }
}

function actorsOf(act: unknown): readonly string[] {
  const actors: string[] = []
  let link = act
  while (typeof link === 'object' && link !== null && 'sub' in link) {
    actors.push(String(link.sub))
    link = 'act' in link ? link.act : undefined
  }
  return actors
}
