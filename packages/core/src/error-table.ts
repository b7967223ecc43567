/** Why a request was refused. The list is closed and a code never changes its meaning. */
export type ErrorCode =
  | 'token_missing'
  | 'credentials_malformed'
  | 'credentials_multiple'
  | 'token_malformed'
  | 'token_type_rejected'
  | 'algorithm_rejected'
  | 'issuer_untrusted'
  | 'key_not_found'
  | 'signature_invalid'
  | 'audience_mismatch'
  | 'token_expired'
  | 'token_not_yet_valid'
  | 'token_too_old'
  | 'token_lifetime_too_long'
  | 'claim_missing'
  | 'claim_invalid'
  | 'delegation_malformed'
  | 'token_revoked'
  | 'token_replayed'
  | 'binding_required'
  | 'binding_mismatch'
  | 'binding_unsupported'
  | 'delegation_too_deep'
  | 'dpop_proof_invalid'
  | 'dpop_proof_replayed'
  | 'dpop_nonce_required'
  | 'authentication_insufficient'
  | 'scope_insufficient'
  | 'delegation_required'
  | 'delegation_forbidden'
  | 'actor_not_allowed'
  | 'actor_untrusted'
  | 'subject_mismatch'
  | 'details_insufficient'
  | 'purpose_mismatch'
  | 'policy_denied'
  | 'keys_unavailable'
  | 'replay_unavailable'
  | 'revocation_unavailable'
  | 'introspection_unavailable'
  | 'policy_unavailable'
  | 'audit_unavailable'
  | 'internal_error'

/** One row of the error table: what the wire says for a code. */
export interface ErrorRow {
  readonly status: number
  /** The OAuth `error` value, when the standards have one for this outcome. */
  readonly error?: string
  /** The code the caller sees when it must not learn the exact one (audit events always hold the exact one). */
  readonly wireCode?: string
  readonly title: string
  /** Constant text: nothing of a token, key or proof ever enters it. */
  readonly description: string
}

const invalidRequest = { status: 400, error: 'invalid_request', title: 'Invalid request' } as const
const invalidToken = { status: 401, error: 'invalid_token', title: 'Invalid token' } as const
const forbidden = { status: 403, title: 'Forbidden' } as const
const unavailable = { status: 503, title: 'Service unavailable' } as const
const actorUnauthorized = {
  status: 403,
  error: 'actor_unauthorized',
  wireCode: 'actor_unauthorized',
  title: 'Actor not authorized',
  description: 'The actor is not authorized for this request.',
} as const

export const errorTable: Readonly<Record<ErrorCode, ErrorRow>> = {
  token_missing: { status: 401, title: 'Token missing', description: 'This resource needs an access token.' },
  credentials_malformed: { ...invalidRequest, description: 'The Authorization header is malformed.' },
  credentials_multiple: { ...invalidRequest, description: 'The request carries more than one credential.' },
  token_malformed: { ...invalidToken, description: 'The access token is malformed.' },
  token_type_rejected: { ...invalidToken, description: 'The token is not an access token this resource accepts.' },
  algorithm_rejected: { ...invalidToken, description: 'The signature algorithm of the token is not accepted.' },
  issuer_untrusted: { ...invalidToken, description: 'The issuer of the token is not trusted.' },
  key_not_found: { ...invalidToken, description: 'The issuer has no key that fits the token.' },
  signature_invalid: { ...invalidToken, description: 'The signature of the token is invalid.' },
  audience_mismatch: { ...invalidToken, description: 'The token is not meant for this resource.' },
  token_expired: { ...invalidToken, description: 'The token has expired.' },
  token_not_yet_valid: { ...invalidToken, description: 'The token is not valid yet.' },
  token_too_old: { ...invalidToken, description: 'The token was issued too long ago.' },
  token_lifetime_too_long: { ...invalidToken, description: 'The lifetime of the token is longer than accepted.' },
  claim_missing: { ...invalidToken, description: 'The token lacks a required claim.' },
  claim_invalid: { ...invalidToken, description: 'A claim of the token is invalid.' },
  delegation_malformed: { ...invalidToken, description: 'The delegation chain of the token is malformed.' },
  token_revoked: { ...invalidToken, description: 'The token has been revoked.' },
  token_replayed: { ...invalidToken, description: 'The token has been used before.' },
  binding_required: { ...invalidToken, description: 'The token is bound to a key and needs a proof of possession.' },
  binding_mismatch: { ...invalidToken, description: 'The proof of possession does not fit the token.' },
  binding_unsupported: { ...invalidToken, description: 'The token is bound in a way this resource does not support.' },
  delegation_too_deep: { ...invalidRequest, description: 'The delegation chain is longer than accepted.' },
  dpop_proof_invalid: {
    status: 401,
    error: 'invalid_dpop_proof',
    title: 'Invalid DPoP proof',
    description: 'The DPoP proof is invalid.',
  },
  dpop_proof_replayed: {
    status: 401,
    error: 'invalid_dpop_proof',
    title: 'Invalid DPoP proof',
    description: 'The DPoP proof has been used before.',
  },
  dpop_nonce_required: {
    status: 401,
    error: 'use_dpop_nonce',
    title: 'DPoP nonce required',
    description: 'The DPoP proof must contain the nonce of this resource.',
  },
  authentication_insufficient: {
    status: 401,
    error: 'insufficient_user_authentication',
    title: 'Insufficient user authentication',
    description: 'This resource needs a stronger or more recent user authentication.',
  },
  scope_insufficient: {
    status: 403,
    error: 'insufficient_scope',
    title: 'Insufficient scope',
    description: 'The token lacks a scope this resource needs.',
  },
  delegation_required: actorUnauthorized,
  delegation_forbidden: actorUnauthorized,
  actor_not_allowed: actorUnauthorized,
  actor_untrusted: actorUnauthorized,
  subject_mismatch: { ...forbidden, description: 'The resource belongs to another subject.' },
  details_insufficient: {
    ...forbidden,
    description: 'The authorization details of the token do not cover this request.',
  },
  purpose_mismatch: { ...forbidden, description: 'The token was issued for another purpose.' },
  policy_denied: { ...forbidden, description: 'The policy of this resource denies the request.' },
  keys_unavailable: { ...unavailable, description: 'The keys to verify the token are not available.' },
  replay_unavailable: { ...unavailable, description: 'Single use cannot be checked at the moment.' },
  revocation_unavailable: { ...unavailable, description: 'Revocation cannot be checked at the moment.' },
  introspection_unavailable: { ...unavailable, description: 'The token cannot be introspected at the moment.' },
  policy_unavailable: { ...unavailable, description: 'The policy of this resource cannot be asked at the moment.' },
  audit_unavailable: { ...unavailable, description: 'The decision cannot be recorded at the moment.' },
  internal_error: { status: 500, title: 'Internal error', description: 'The request could not be decided.' },
}
