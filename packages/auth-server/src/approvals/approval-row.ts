import type { Approval } from './approval.js'

/** A row of table `approvals`. */
export interface ApprovalRow {
  readonly id: string
  readonly kind: Approval['kind']
  readonly agent_id: string
  readonly subject: string | null
  readonly request: Approval['request']
  readonly status: Approval['status']
  readonly created_at: number
  readonly expires_at: number
  readonly decided_by: string | null
}

/** Its columns, in a statement. */
export const approvalColumns = 'id, kind, agent_id, subject, request, status, created_at, expires_at, decided_by'

/** @throws Error without a row: the statement before it returns one or fails */
export function toApproval(row: ApprovalRow | undefined): Approval {
  if (row === undefined) throw new Error('no approval was returned')
  return {
    id: row.id,
    kind: row.kind,
    agentId: row.agent_id,
    subject: row.subject,
    request: row.request,
    status: row.status,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    decidedBy: row.decided_by,
  }
}
