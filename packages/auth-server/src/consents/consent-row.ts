import type { Consent } from './consent.js'

/** A row of table `consents`. */
export interface ConsentRow {
  readonly id: string
  readonly subject: string
  readonly agent_id: string
  readonly permission: string
  readonly resource: string
  readonly details_digest: string
  readonly mode: Consent['mode']
  readonly transaction: string | null
  readonly status: Consent['status']
  readonly session_id: string | null
  readonly created_at: number
  readonly expires_at: number | null
}

/** Its columns, in a statement. */
export const consentColumns =
  'id, subject, agent_id, permission, resource, details_digest, mode, transaction, status, session_id, created_at, expires_at'

/** @throws Error without a row: the statement before it returns one or fails */
export function toConsent(row: ConsentRow | undefined): Consent {
  if (row === undefined) throw new Error('no consent was returned')
  return {
    id: row.id,
    subject: row.subject,
    agentId: row.agent_id,
    permission: row.permission,
    resource: row.resource,
    detailsDigest: row.details_digest,
    mode: row.mode,
    transaction: row.transaction,
    status: row.status,
    sessionId: row.session_id,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  }
}
