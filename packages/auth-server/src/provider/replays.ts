import type { Context } from '../context.js'
import { json } from '../database/database.js'
import { digest } from './adapter.js'

/**
 * What the engine asks whether a client assertion or a proof is new: it counts once, also when two processes get it at the same
 * time. One statement, where the engine would look first and write then.
 */
export function createReplayDetection({
  database,
}: Pick<Context, 'database'>): (issuer: string, id: string, expiresAt: number) => Promise<boolean> {
  return async (issuer, id, expiresAt) => {
    const kept = await database.query(
      `insert into protocol_entities (model, id, content, expires_at) values ('ReplayDetection', $1, $2, $3)
       on conflict (model, id) do nothing returning 1 as kept`,
      [digest(digest(issuer + id)), json({ kind: 'ReplayDetection' }), Math.ceil(expiresAt)],
    )
    return kept.length > 0
  }
}
