import { randomBytes } from 'node:crypto'
import type { Context } from '../context.js'
import { first, json } from '../database/database.js'
import { InvalidInputError } from '../errors.js'
import type { Approval, Approvals } from './approval.js'
import { type ApprovalRow, approvalColumns, toApproval } from './approval-row.js'
import { keepConsents } from './keep-consents.js'

type Parts = Pick<Context, 'database' | 'audit' | 'now' | 'settings' | 'policy' | 'consents' | 'grants'>

/** The approvals of the server, in its database. */
export function createApprovals(parts: Parts): Approvals {
  const { database, audit, now, settings, grants } = parts
  const listeners: Parameters<Approvals['onDecided']>[0][] = []

  async function ask(item: Parameters<Approvals['ask']>[0]): Promise<Approval> {
    if ((item.kind === 'consent') !== (item.subject !== null)) {
      throw new InvalidInputError('subject: the person of a consent; null for what approvers decide')
    }
    const key = [item.kind, item.agentId, item.subject, json(item.request)]
    return database.transaction(async () => {
      const at = now()
      await database.query(
        `update approvals set status = 'expired' where status = 'pending' and expires_at <= $5 and kind = $1 and agent_id = $2
           and coalesce(subject, '') = coalesce($3, '') and md5(request::text) = md5(($4::jsonb)::text)`,
        [...key, at],
      )
      const id = `apr_${randomBytes(16).toString('base64url')}`
      const [row] = await database.query<ApprovalRow>(
        `insert into approvals (kind, agent_id, subject, request, id, status, created_at, expires_at)
         values ($1, $2, $3, $4::jsonb, $5, 'pending', $6, $7)
         on conflict (kind, agent_id, coalesce(subject, ''), md5(request::text)) where status = 'pending'
         do update set status = excluded.status returning ${approvalColumns}`,
        [...key, id, at, at + settings.lifetimes.approval],
      )
      const approval = toApproval(row)
      if (approval.id === id) {
        const type = item.kind === 'consent' ? 'consent.requested' : 'approval.requested'
        await audit.record({ type, ...described(approval), requested: requestedOf(approval) })
      }
      return approval
    })
  }

  async function decide(...[id, decision, by, sessionId]: Parameters<Approvals['decide']>): Promise<boolean> {
    return database.transaction(async () => {
      const rows = await database.query<ApprovalRow>(
        `update approvals set status = $2, decided_at = $3, decided_by = $4
         where id = $1 and status = 'pending' and expires_at > $3 and (kind <> 'consent' or subject = $4)
         returning ${approvalColumns}`,
        [id, decision, now(), by],
      )
      if (rows.length === 0) return false
      const approval = toApproval(first(rows))
      const isApproved = decision === 'approved'
      if (!(await carryOut(approval, isApproved, by, sessionId))) {
        await database.query(`update approvals set status = 'expired', decided_by = null where id = $1`, [id])
        return false
      }
      await audit.record({
        type: decisionType(approval, isApproved),
        decision: isApproved ? 'allow' : 'deny',
        ...described(approval),
        requested: requestedOf(approval),
        change: { by },
      })
      for (const listener of listeners) await listener(approval, sessionId)
      return true
    })
  }

  /** Does what was decided. False where the grant it is about was decided elsewhere: there is nothing left to do. */
  async function carryOut(
    approval: Approval,
    isApproved: boolean,
    by: string,
    sessionId: string | null,
  ): Promise<boolean> {
    const { kind, subject, request } = approval
    if (kind === 'consent' && isApproved && subject !== null) {
      await keepConsents(parts, { ...approval, subject }, sessionId)
    }
    if (kind === 'grant' && request.grantId !== undefined) {
      if ((await grants.find(request.grantId))?.status !== 'requested') return false
      await grants.decide(request.grantId, isApproved ? 'approved' : 'denied', by)
    }
    return true
  }

  async function expire(): Promise<number> {
    const rows = await database.query(
      `update approvals set status = 'expired' where id in (
         select id from approvals where status = 'pending' and expires_at <= $1 limit 500 for update skip locked
       ) returning id`,
      [now()],
    )
    return rows.length
  }

  async function find(id: string): Promise<Approval | undefined> {
    const rows = await database.query<ApprovalRow>(`select ${approvalColumns} from approvals where id = $1`, [id])
    const row = first(rows)
    return row && asOf(toApproval(row), now())
  }

  async function list(filter: Parameters<Approvals['list']>[0]): Promise<readonly Approval[]> {
    const rows = await database.query<ApprovalRow>(
      `select ${approvalColumns} from approvals
       where ($1::text is null or subject = $1) and (not $2 or subject is null)
         and ($3::text is null or $3 = case when status = 'pending' and expires_at <= $4 then 'expired' else status end)
         and ($5::text is null or agent_id = $5)
         and ($6::text is null or (created_at, id) < (select created_at, id from approvals where id = $6))
       order by created_at desc, id desc limit $7`,
      [
        filter.subject ?? null,
        filter.subject === null,
        filter.status ?? null,
        now(),
        filter.agentId ?? null,
        filter.after ?? null,
        filter.limit,
      ],
    )
    return rows.map((row) => asOf(toApproval(row), now()))
  }

  return {
    ask,
    decide,
    onDecided: (listener) => {
      listeners.push(listener)
    },
    expire,
    find,
    list,
  }
}

/** An item that ran out says so, whether or not it was marked yet. */
function asOf(approval: Approval, now: number): Approval {
  return approval.status === 'pending' && approval.expiresAt <= now ? { ...approval, status: 'expired' } : approval
}

/** A consent that is given is recorded as it is kept (`consent.granted`), permission by permission. */
function decisionType({ kind }: Approval, isApproved: boolean) {
  if (isApproved) return 'approval.granted'
  return kind === 'consent' ? 'consent.denied' : 'approval.denied'
}

function requestedOf({ request }: Approval) {
  return { scope: request.scope, ...(request.details === undefined ? {} : { details: request.details }) }
}

function described(approval: Approval) {
  const { request, subject } = approval
  return {
    ...(subject === null ? {} : { subject: { id: subject } }),
    actor: { id: approval.agentId, profile: 'ai_agent' },
    resource: { aud: request.resource },
    ...(request.transaction === undefined ? {} : { txn: request.transaction }),
    detail: {
      approval_id: approval.id,
      kind: approval.kind,
      expires_at: approval.expiresAt,
      ...(request.grantId === undefined ? {} : { grant_id: request.grantId }),
    },
  }
}
