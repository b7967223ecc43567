import type { Context } from '../context.js'

/**
 * Counts a refused escalation: those of the last `window` seconds, to the second. With the last of `limit` the agent is
 * locked for `duration` seconds and the count begins anew. One statement, so that processes never count past each other.
 *
 * @returns whether this one locks the agent
 */
export async function countRefusal(
  { database, settings, now, audit }: Pick<Context, 'database' | 'settings' | 'now' | 'audit'>,
  id: string,
): Promise<boolean> {
  const { limit, window, duration } = settings.escalation
  const time = now()
  return database.transaction(async () => {
    const rows = await database.query<{ locked_until: number | null }>(
      `update agents set
         refusals = case when ${recent} + 1 >= $4::int then '[]'::jsonb
           else jsonb_path_query_array(refusals, '$[*] ? (@ > $since)', jsonb_build_object('since', $3::bigint))
             || to_jsonb($2::bigint) end,
         locked_until = case when ${recent} + 1 >= $4::int then $5::bigint else null end
       where id = $1 and (locked_until is null or locked_until <= $2)
       returning locked_until`,
      [id, time, time - window, limit, time + duration],
    )
    const lockedUntil = rows[0]?.locked_until
    if (lockedUntil === undefined || lockedUntil === null) return false
    await audit.record({
      type: 'agent.locked',
      decision: 'deny',
      reason: { code: 'repeated_escalation' },
      actor: { id, iss: settings.issuer, profile: 'ai_agent' },
      detail: { locked_until: lockedUntil, refusals: limit, window },
    })
    return true
  })
}

const recent = `jsonb_array_length(
  jsonb_path_query_array(refusals, '$[*] ? (@ > $since)', jsonb_build_object('since', $3::bigint)))`
