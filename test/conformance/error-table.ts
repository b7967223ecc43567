/**
 * What each code means on the wire, written down a second time: the implementation has its own table, and the two must
 * agree. A code never changes its row.
 */
export interface ErrorRow {
  readonly status: 400 | 401 | 403 | 500 | 503
  /** The OAuth `error` value; none where the standards have none. */
  readonly error?: string
  /** The code as the caller sees it, where it must not learn the exact one. */
  readonly shown?: string
}

const invalidToken = { status: 401, error: 'invalid_token' } as const
const invalidRequest = { status: 400, error: 'invalid_request' } as const
const actor = { status: 403, error: 'actor_unauthorized', shown: 'actor_unauthorized' } as const

export const errorTable = {
  token_missing: { status: 401 },
  credentials_malformed: invalidRequest,
  credentials_multiple: invalidRequest,
  token_malformed: invalidToken,
  token_type_rejected: invalidToken,
  algorithm_rejected: invalidToken,
  issuer_untrusted: invalidToken,
  key_not_found: invalidToken,
  signature_invalid: invalidToken,
  audience_mismatch: invalidToken,
  token_expired: invalidToken,
  token_not_yet_valid: invalidToken,
  token_too_old: invalidToken,
  token_lifetime_too_long: invalidToken,
  claim_missing: invalidToken,
  claim_invalid: invalidToken,
  delegation_malformed: invalidToken,
  token_revoked: invalidToken,
  token_replayed: invalidToken,
  binding_required: invalidToken,
  binding_mismatch: invalidToken,
  binding_unsupported: invalidToken,
  delegation_too_deep: invalidRequest,
  dpop_proof_invalid: { status: 401, error: 'invalid_dpop_proof' },
  dpop_proof_replayed: { status: 401, error: 'invalid_dpop_proof' },
  dpop_nonce_required: { status: 401, error: 'use_dpop_nonce' },
  authentication_insufficient: { status: 401, error: 'insufficient_user_authentication' },
  scope_insufficient: { status: 403, error: 'insufficient_scope' },
  delegation_required: actor,
  delegation_forbidden: actor,
  actor_not_allowed: actor,
  actor_untrusted: actor,
  subject_mismatch: { status: 403 },
  details_insufficient: { status: 403 },
  purpose_mismatch: { status: 403 },
  policy_denied: { status: 403 },
  keys_unavailable: { status: 503 },
  replay_unavailable: { status: 503 },
  revocation_unavailable: { status: 503 },
  introspection_unavailable: { status: 503 },
  policy_unavailable: { status: 503 },
  audit_unavailable: { status: 503 },
  internal_error: { status: 500 },
} as const satisfies Record<string, ErrorRow>

export type Code = keyof typeof errorTable

export const codes = Object.keys(errorTable) as Code[]

export function rowOf(code: Code): ErrorRow {
  return errorTable[code]
}
