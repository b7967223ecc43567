import type { Grant } from './grant.js'

/** A row of table `grants`. */
export interface GrantRow {
  readonly id: string
  readonly agent_id: string
  readonly subject: string | null
  readonly resource: string
  readonly scope: readonly string[]
  readonly transaction: string | null
  readonly justification: string
  readonly status: Grant['status']
  readonly duration: number
  readonly max_uses: number | null
  readonly uses: number
  readonly decided_by: string | null
  readonly not_before: number | null
  readonly expires_at: number | null
}

/** Its columns, in a statement. */
export const grantColumns =
  'id, agent_id, subject, resource, scope, transaction, justification, status, duration, max_uses, uses, decided_by, not_before, expires_at'

/** @throws Error without a row: the statement before it returns one or fails */
export function toGrant(row: GrantRow | undefined): Grant {
  if (row === undefined) throw new Error('no grant was returned')
  return {
    id: row.id,
    agentId: row.agent_id,
    subject: row.subject,
    resource: row.resource,
    scope: row.scope,
    justification: row.justification,
    status: row.status,
    duration: row.duration,
    maxUses: row.max_uses,
    uses: row.uses,
    transaction: row.transaction,
    notBefore: row.not_before,
    expiresAt: row.expires_at,
    decidedBy: row.decided_by,
  }
}
