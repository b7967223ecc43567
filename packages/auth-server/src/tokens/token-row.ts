import type { JWTPayload } from 'jose'
import type { IssuedToken, TokenKind } from './issued-token.js'

/** A row of `issued_tokens`. */
export interface TokenRow {
  readonly token_id: string
  readonly parent_id: string | null
  readonly kind: TokenKind
  readonly subject: string
  readonly agent_id: string | null
  readonly client_id: string
  readonly resource: string
  readonly scope: readonly string[]
  readonly transaction: string | null
  readonly session_id: string | null
  readonly grant_id: string | null
  readonly protocol_grant_id: string | null
  readonly consents: readonly string[]
  readonly claims: JWTPayload
  readonly issued_at: number
  readonly expires_at: number
  readonly revoked_at: number | null
}

/** What a {@link TokenRow} is read with. */
export const tokenColumns = `token_id, parent_id, kind, subject, agent_id, client_id, resource, scope, transaction,
  session_id, grant_id, protocol_grant_id, consents, claims, issued_at, expires_at, revoked_at`

export function toIssuedToken(row: TokenRow): IssuedToken {
  return {
    tokenId: row.token_id,
    parentId: row.parent_id,
    kind: row.kind,
    subject: row.subject,
    agentId: row.agent_id,
    clientId: row.client_id,
    resource: row.resource,
    scope: row.scope,
    transaction: row.transaction,
    sessionId: row.session_id,
    grantId: row.grant_id,
    protocolGrantId: row.protocol_grant_id,
    consents: row.consents,
    claims: row.claims,
    issuedAt: row.issued_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
  }
}
