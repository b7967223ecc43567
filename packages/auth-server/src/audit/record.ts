/** Something that took part in an event. */
export interface RecordedParty {
  readonly id: string
  readonly iss?: string
  readonly profile?: string
}

/** Every kind of event the server records. */
export type RecordType =
  | 'delegation.requested'
  | 'delegation.issued'
  | 'delegation.denied'
  | 'access.issued'
  | 'access.denied'
  | 'escalation.denied'
  | 'agent.locked'
  | 'client.rejected'
  | 'login.succeeded'
  | 'login.failed'
  | 'consent.requested'
  | 'consent.granted'
  | 'consent.denied'
  | 'consent.used'
  | 'consent.withdrawn'
  | 'approval.requested'
  | 'approval.granted'
  | 'approval.denied'
  | 'jit.requested'
  | 'jit.approved'
  | 'jit.denied'
  | 'jit.used'
  | 'jit.expired'
  | 'jit.revoked'
  | 'agent.registered'
  | 'agent.changed'
  | 'agent.suspended'
  | 'agent.retired'
  | 'role.changed'
  | 'rule.changed'
  | 'policy.changed'
  | 'client.registered'
  | 'client.changed'
  | 'client.key_rotated'
  | 'account.registered'
  | 'account.changed'
  | 'signing_key.rotated'
  | 'token.introspected'
  | 'token.revoked'
  | 'set.requested'
  | 'set.sent'
  | 'set.failed'
  | 'audit.chain_started'
  | 'audit.dropped'
  | 'audit.refused'

/** What a step of the server tells the trail. Times, ids and the chain are the trail's own. Never a token, proof or secret. */
export interface AuditRecord {
  readonly type: RecordType
  readonly decision?: 'allow' | 'deny' | 'error'
  /** `code` is stable; `policy` names the row that decided, as `rule-id@version`; `oauth_error` is what the caller got. */
  readonly reason?: { readonly code: string; readonly policy?: string; readonly oauth_error?: string }
  readonly subject?: RecordedParty
  readonly actor?: RecordedParty
  readonly chain?: readonly RecordedParty[]
  readonly client?: { readonly id: string }
  readonly mode?: 'delegated' | 'direct'
  readonly token?: {
    readonly jti: string
    readonly iat?: number
    readonly exp?: number
    readonly bound?: 'dpop' | 'mtls'
    readonly grant_id?: string
    readonly parent_jti?: string
  }
  readonly requested?: { readonly scope?: readonly string[]; readonly details?: readonly unknown[] }
  readonly granted?: { readonly scope?: readonly string[]; readonly details?: readonly unknown[] }
  readonly resource?: { readonly aud: string; readonly id?: string }
  readonly txn?: string
  /** From `traceparent` of the request (W3C Trace Context). */
  readonly trace?: { readonly trace_id: string; readonly span_id: string }
  readonly tool?: { readonly name: string; readonly call_id?: string }
  readonly purpose?: string
  readonly assurance?: { readonly acr?: string; readonly auth_time?: number }
  /** Who changed what, for changes made by people and admin clients. */
  readonly change?: { readonly by: string; readonly before?: unknown; readonly after?: unknown }
  /** Anything else worth keeping, plain JSON. */
  readonly detail?: Readonly<Record<string, unknown>>
}
