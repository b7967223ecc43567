import { createHash } from 'node:crypto'
import { type Adapter, type AdapterFactory, type AdapterPayload, errors } from 'oidc-provider'
import type { Context } from '../context.js'
import { type Database, first, json } from '../database/database.js'
import { acceptedToken } from '../introspection/accepted-token.js'
import { describeToken } from '../introspection/stored-token.js'
import { toEngineClient } from './engine-client.js'

/** What the protocol engine keeps, in the database. A code, a refresh token or a cookie is found by its digest alone. */
export function createAdapters(context: Context): AdapterFactory {
  return (model) => {
    if (model === 'Client') return { ...entities(context, model), ...clients(context) }
    if (model === 'AccessToken') return { ...entities(context, model), ...accessTokens(context) }
    return entities(context, model)
  }
}

interface EntityRow {
  readonly content: AdapterPayload
  readonly consumed_at: number | null
}

function entities(context: Context, model: string): Adapter {
  const { database, now } = context
  const select = 'select content, consumed_at from protocol_entities where model = $1'

  /** Identifiers are secrets of the caller: they are put back from what the caller sent. */
  function restore(row: EntityRow | undefined, id?: string): AdapterPayload | undefined {
    if (row === undefined) return undefined
    const consumed = row.consumed_at === null ? {} : { consumed: row.consumed_at }
    return { ...row.content, ...(id === undefined ? {} : { jti: id }), ...consumed }
  }

  return {
    upsert: async (id, content, expiresIn) => {
      const { jti: _secret, ...kept } = content
      // an id that another entity refers to (a session by uid) has to be known again without the cookie
      const stored = model === 'Session' || model === 'Grant' || model === 'Interaction' ? content : kept
      await database.query(
        `insert into protocol_entities (model, id, content, grant_id, uid, user_code, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (model, id) do update set content = excluded.content, grant_id = excluded.grant_id,
           uid = excluded.uid, user_code = excluded.user_code, expires_at = excluded.expires_at`,
        [
          model,
          digest(id),
          json(stored),
          content.grantId ?? null,
          content.uid ?? null,
          content.userCode ?? null,
          typeof expiresIn === 'number' ? now() + expiresIn : null,
        ],
      )
    },
    find: async (id) =>
      restore(first(await database.query<EntityRow>(`${select} and id = $2`, [model, digest(id)])), id),
    findByUid: async (uid) => restore(first(await database.query<EntityRow>(`${select} and uid = $2`, [model, uid]))),
    findByUserCode: async (code) =>
      restore(first(await database.query<EntityRow>(`${select} and user_code = $2`, [model, code]))),
    consume: async (id) => {
      const grantId = await familyOf(database, model, id)
      if (grantId !== undefined) await holdFamily(database, grantId)
      const taken = await database.query(
        'update protocol_entities set consumed_at = $3 where model = $1 and id = $2 and consumed_at is null returning 1 as taken',
        [model, digest(id), now()],
      )
      if (taken.length > 0) return
      // another request was faster: this one is a reuse like one that comes late
      if (grantId !== undefined) await endFamily(context, grantId)
      throw new errors.InvalidGrant(`${model} already consumed`)
    },
    destroy: async (id) => {
      await database.query('delete from protocol_entities where model = $1 and id = $2', [model, digest(id)])
    },
    revokeByGrantId: async (grantId) => {
      await holdFamily(database, grantId)
      await database.query('delete from protocol_entities where model = $1 and grant_id = $2', [model, grantId])
    },
  }
}

/** Ends everything of the sign-in that a code or refresh token is of (RFC 9700 section 4.14.2), the newest token too. */
async function endFamily(context: Context, grantId: string): Promise<void> {
  await accessTokens(context).revokeByGrantId?.(grantId)
  await context.database.query(`delete from protocol_entities where grant_id = $1 or (model = 'Grant' and id = $2)`, [
    grantId,
    digest(grantId),
  ])
}

/** The engine's grant that a code or refresh token is of. */
async function familyOf(database: Database, model: string, id: string): Promise<string | undefined> {
  const rows = await database.query<{ grant_id: string | null }>(
    'select grant_id from protocol_entities where model = $1 and id = $2',
    [model, digest(id)],
  )
  return first(rows)?.grant_id ?? undefined
}

/**
 * Requests that use up or end what is of one family do so one after the other. The lock comes before any row of it: an update that
 * comes too late keeps its row locked all the same, and two such requests would wait for each other.
 */
async function holdFamily(database: Database, grantId: string): Promise<void> {
  await database.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [grantId])
}

function clients({ clients }: Context): Partial<Adapter> {
  return {
    find: async (id) => {
      const client = await clients.find(id)
      return client?.status === 'active' ? toEngineClient(client) : undefined
    },
    upsert: async () => {
      throw new Error('clients are changed through the admin API')
    },
  }
}

/** Access tokens are JWTs, known to the engine by a handle that is made once their signature was verified: see introspection/. */
function accessTokens({ revocations, database }: Context): Partial<Adapter> {
  return {
    find: async (handle) => {
      const record = acceptedToken(handle)
      return record && describeToken(record)
    },
    destroy: async (id) => {
      await revocations.withdraw({ kind: 'token', value: id, reason: 'revoked by the client', by: 'client' })
    },
    revokeByGrantId: async (grantId) => {
      await holdFamily(database, grantId)
      const rows = await database.query<{ token_id: string }>(
        'select token_id from issued_tokens where protocol_grant_id = $1 and revoked_at is null',
        [grantId],
      )
      for (const { token_id } of rows) {
        await revocations.withdraw({ kind: 'token', value: token_id, reason: 'grant ended', by: 'engine' })
      }
    },
  }
}

/** What stands for an identifier in the database. */
export function digest(id: string): string {
  return createHash('sha256').update(id).digest('base64url')
}
