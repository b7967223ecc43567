/** Something an operator should know and a caller should not. Reported through the option `onWarning`. */
export interface Warning {
  /** What happened; the list only grows. */
  readonly code:
    | 'keys_refresh_failed'
    | 'keys_stale'
    | 'key_skipped'
    | 'audit_failed'
    | 'audit_dropped'
    | 'replay_store_failed'
    | 'replay_not_shared'
    | 'security_event_ignored'
    | 'security_event_failed'
    | 'status_list_refused'
    | 'status_list_refresh_failed'
    | 'status_list_stale'
    | 'introspection_failed'
    | 'revocations_refresh_failed'
    | 'revocations_stale'
    | 'revocations_unrecorded'
    | 'revocations_unsubscribed'
    | 'revocation_skipped'
  /** A sentence for a log. Holds no token, key or secret. */
  readonly message: string
  /** The issuer whose keys are concerned. */
  readonly issuer?: string
  /** The error behind it, when there is one. */
  readonly cause?: unknown
}

/** Receives warnings. It must not throw; what it throws is ignored. */
export type WarningListener = (warning: Warning) => void
