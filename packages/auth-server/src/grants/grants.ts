import { randomBytes } from 'node:crypto'
import type { Context } from '../context.js'
import { first, json } from '../database/database.js'
import { ConflictError, NotFoundError } from '../errors.js'
import type { Grant, Grants } from './grant.js'
import { readGrantRequest } from './grant-request.js'
import { type GrantRow, grantColumns, toGrant } from './grant-row.js'

/** The just-in-time grants of the server, in its database. */
export function createGrants({ database, audit, now }: Pick<Context, 'database' | 'audit' | 'now'>): Grants {
  async function request(...[asked, by]: Parameters<Grants['request']>): Promise<Grant> {
    const grant = readGrantRequest(asked)
    const content = [
      grant.agentId,
      grant.subject,
      grant.resource,
      json(grant.scope),
      grant.justification,
      grant.duration,
      grant.maxUses,
      grant.transaction,
    ]
    return database.transaction(async () => {
      // One at a time asks for the same: who repeats a request while it waits is given the one that waits.
      await database.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [json(content)])
      const waiting = await database.query<GrantRow>(
        `select ${grantColumns} from grants
         where agent_id = $1 and subject is not distinct from $2 and resource = $3 and scope = $4::jsonb
           and justification = $5 and duration = $6 and max_uses is not distinct from $7::integer
           and transaction is not distinct from $8 and status = 'requested' limit 1`,
        content,
      )
      if (waiting.length > 0) return toGrant(first(waiting))
      const [row] = await database.query<GrantRow>(
        `insert into grants (agent_id, subject, resource, scope, justification, duration, max_uses, transaction, id, status,
           requested_at)
         values ($1, $2, $3, $4::jsonb, $5, $6, $7, $8, $9, 'requested', $10) returning ${grantColumns}`,
        [...content, `grt_${randomBytes(16).toString('base64url')}`, now()],
      )
      const requested = toGrant(row)
      await audit.record({
        type: 'jit.requested',
        ...described(requested),
        requested: { scope: requested.scope },
        ...(by === undefined ? {} : { change: { by } }),
      })
      return requested
    })
  }

  async function decide(id: string, decision: 'approved' | 'denied', by: string): Promise<Grant> {
    return database.transaction(async () => {
      const at = now()
      const rows = await database.query<GrantRow>(
        `update grants set status = $2, decided_at = $3, decided_by = $4,
           not_before = case when $2 = 'approved' then $3::bigint end,
           expires_at = case when $2 = 'approved' then $3::bigint + duration end
         where id = $1 and status = 'requested' returning ${grantColumns}`,
        [id, decision, at, by],
      )
      if (rows.length === 0) {
        const grant = await find(id)
        if (grant === undefined) throw new NotFoundError('there is no such grant')
        throw new ConflictError(`the grant is ${grant.status}`)
      }
      const decided = toGrant(first(rows))
      const isApproved = decision === 'approved'
      await audit.record({
        type: isApproved ? 'jit.approved' : 'jit.denied',
        decision: isApproved ? 'allow' : 'deny',
        ...described(decided),
        ...(isApproved ? { granted: { scope: decided.scope } } : {}),
        change: { by },
      })
      return decided
    })
  }

  async function use(need: Parameters<Grants['use']>[0]): Promise<Grant | undefined> {
    return database.transaction(async () => {
      const rows = await database.query<GrantRow>(
        `update grants set uses = uses + 1 where id = (
           select id from grants
           where agent_id = $1 and subject is not distinct from $2 and resource = $3 and scope @> $4::jsonb
             and status = 'approved' and not_before <= $5 and expires_at > $5
             and (max_uses is null or uses < max_uses) and (transaction is null or transaction = $6)
           order by expires_at, id limit 1 for update
         ) returning ${grantColumns}`,
        [need.agentId, need.subject, need.resource, json(need.scope), now(), need.transaction],
      )
      if (rows.length === 0) return undefined
      const grant = toGrant(first(rows))
      await audit.record({
        type: 'jit.used',
        decision: 'allow',
        ...described(grant),
        ...(need.transaction === null ? {} : { txn: need.transaction }),
        granted: { scope: need.scope },
      })
      return grant
    })
  }

  async function expire(): Promise<number> {
    return database.transaction(async () => {
      const rows = await database.query<GrantRow>(
        `update grants set status = 'expired' where id in (
           select id from grants where status = 'approved' and expires_at <= $1 limit 500 for update skip locked
         ) returning ${grantColumns}`,
        [now()],
      )
      for (const grant of rows.map(toGrant)) await audit.record({ type: 'jit.expired', ...described(grant) })
      return rows.length
    })
  }

  async function find(id: string): Promise<Grant | undefined> {
    const rows = await database.query<GrantRow>(`select ${grantColumns} from grants where id = $1`, [id])
    const row = first(rows)
    return row && toGrant(row)
  }

  async function list(filter: Parameters<Grants['list']>[0]): Promise<readonly Grant[]> {
    const rows = await database.query<GrantRow>(
      `select ${grantColumns} from grants
       where ($1::text is null or agent_id = $1) and ($2::text is null or status = $2)
         and ($3::text is null or (requested_at, id) < (select requested_at, id from grants where id = $3))
       order by requested_at desc, id desc limit $4`,
      [filter.agentId ?? null, filter.status ?? null, filter.after ?? null, filter.limit],
    )
    return rows.map(toGrant)
  }

  return { request, decide, use, expire, find, list }
}

function described(grant: Grant) {
  return {
    ...(grant.subject === null ? {} : { subject: { id: grant.subject } }),
    actor: { id: grant.agentId, profile: 'ai_agent' },
    mode: grant.subject === null ? ('direct' as const) : ('delegated' as const),
    resource: { aud: grant.resource },
    ...(grant.transaction === null ? {} : { txn: grant.transaction }),
    detail: {
      grant_id: grant.id,
      justification: grant.justification,
      uses: grant.uses,
      max_uses: grant.maxUses,
      expires_at: grant.expiresAt,
    },
  }
}
