import type { ReplayStore } from '@behalf/core'
import type { Context } from '../context.js'
import { json } from '../database/database.js'

/** What the proofs at the admin API are kept as, beside what the protocol engine keeps. */
const model = 'AdminProof'

/** Remembers DPoP proofs in the database, so that one counts once on all processes. */
export function createProofStore({ database, now }: Pick<Context, 'database' | 'now'>): ReplayStore {
  return {
    async reserve(key, expiresAt) {
      if (expiresAt <= now()) throw new Error('the key has expired already')
      const kept = await database.query(
        `insert into protocol_entities (model, id, content, expires_at) values ($1, $2, $3, $4)
         on conflict (model, id) do update set expires_at = excluded.expires_at
           where protocol_entities.expires_at <= $5
         returning 1 as kept`,
        [model, key, json({}), Math.ceil(expiresAt), Math.floor(now())],
      )
      return kept.length > 0
    },
  }
}
