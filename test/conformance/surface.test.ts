import * as core from '@behalf/core'
import * as dpop from '@behalf/core/dpop'
import * as node from '@behalf/core/node'
import { expect, it } from 'vitest'
import { codes, errorTable, rowOf } from './error-table.js'

it('exports what it always exported, and nothing else', () => {
  expect(Object.keys(core).sort()).toEqual([
    'AccessError',
    'ConfigurationError',
    'auth0',
    'authzen',
    'cognito',
    'createMemoryReplayStore',
    'createResourceServer',
    'createRevocationList',
    'entra',
    'errorCodes',
    'introspected',
    'keycloak',
    'maxSecurityEventSize',
    'okta',
    'rfc9068',
    'toResourceServer',
  ])
  expect(Object.keys(dpop)).toEqual(['createTokenRequestProofs'])
  expect(Object.keys(node).sort()).toEqual(['clientCertificateOf', 'fromNode', 'readText'])
})

it('has the functions of a resource server', () => {
  const server = core.createResourceServer({ issuer: 'https://auth.example.com', audience: 'https://api.example.com' })
  expect(Object.keys(server).sort()).toEqual([
    'authorize',
    'close',
    'metadata',
    'protect',
    'publishMetadata',
    'ready',
    'securityEvents',
    'verify',
  ])
})

/** The whole table once more, as a caller and a maintainer know it. A line here changes only with a major version. */
const pinned = `
token_missing 401 -
credentials_malformed 400 invalid_request
credentials_multiple 400 invalid_request
token_malformed 401 invalid_token
token_type_rejected 401 invalid_token
algorithm_rejected 401 invalid_token
issuer_untrusted 401 invalid_token
key_not_found 401 invalid_token
signature_invalid 401 invalid_token
audience_mismatch 401 invalid_token
token_expired 401 invalid_token
token_not_yet_valid 401 invalid_token
token_too_old 401 invalid_token
token_lifetime_too_long 401 invalid_token
claim_missing 401 invalid_token
claim_invalid 401 invalid_token
delegation_malformed 401 invalid_token
token_revoked 401 invalid_token
token_replayed 401 invalid_token
binding_required 401 invalid_token
binding_mismatch 401 invalid_token
binding_unsupported 401 invalid_token
delegation_too_deep 400 invalid_request
dpop_proof_invalid 401 invalid_dpop_proof
dpop_proof_replayed 401 invalid_dpop_proof
dpop_nonce_required 401 use_dpop_nonce
authentication_insufficient 401 insufficient_user_authentication
scope_insufficient 403 insufficient_scope
delegation_required 403 actor_unauthorized
delegation_forbidden 403 actor_unauthorized
actor_not_allowed 403 actor_unauthorized
actor_untrusted 403 actor_unauthorized
subject_mismatch 403 -
details_insufficient 403 -
purpose_mismatch 403 -
policy_denied 403 -
keys_unavailable 503 -
replay_unavailable 503 -
revocation_unavailable 503 -
introspection_unavailable 503 -
policy_unavailable 503 -
audit_unavailable 503 -
internal_error 500 -
`
  .trim()
  .split('\n')

it('has the error table it always had', () => {
  const lines = core.errorCodes.map((code) => {
    const { status, error } = new core.AccessError(code)
    return `${code} ${status} ${error ?? '-'}`
  })
  expect(lines).toEqual(pinned)
})

it('agrees with the table the conformance suites expect', () => {
  expect(codes.map((code) => `${code} ${rowOf(code).status} ${rowOf(code).error ?? '-'}`).sort()).toEqual(
    [...pinned].sort(),
  )
  expect(Object.isFrozen(core.errorCodes)).toBe(true)
  expect(Object.keys(errorTable)).toHaveLength(core.errorCodes.length)
})

it('has constant text for every code, fit for a challenge and without anything to fill in', () => {
  for (const code of core.errorCodes) {
    const error = new core.AccessError(code)
    expect(error.description, code).toMatch(/^[A-Z][\x20-\x21\x23-\x5b\x5d-\x7e]+\.$/)
    expect(error.description, code).not.toMatch(/[%{}$]/)
    expect(error.message).toBe(error.description)
    expect(error.name).toBe('AccessError')
    expect(error.statusCode).toBe(error.status)
    expect(error.expose).toBe(error.status < 500)
    expect(error).toBeInstanceOf(Error)
  }
})

it('turns anything thrown into an AccessError, and the unknown into an internal error', () => {
  const own = new core.AccessError('token_expired')
  expect(core.AccessError.from(own)).toBe(own)
  const strangers = [
    new Error('x'),
    new TypeError('x'),
    'text',
    7,
    null,
    undefined,
    {},
    { code: 'token_expired', status: 401 },
  ]
  for (const thrown of strangers) {
    const error = core.AccessError.from(thrown)
    expect(error).toBeInstanceOf(core.AccessError)
    expect([error.code, error.status, error.expose]).toEqual(['internal_error', 500, false])
    expect(error.cause).toBe(thrown)
  }
  expect(
    core.AccessError.from(Object.assign(new Error('x'), { code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' })).code,
  ).toBe('signature_invalid')
})
