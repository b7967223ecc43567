import * as oauth from 'oauth4webapi'
import { DelegationError, InteractionRequiredError } from './errors.js'
import { aborted } from './retry.js'

/** Error codes after which a person has to do something. */
const interactions = new Set(['consent_required', 'interaction_required'])
const signIns = new Set(['login_required', 'insufficient_user_authentication'])

/** What failed at the auth server, in the words of this package. The cause is kept only where it holds no secret. */
export function failureOf(error: unknown, signal: AbortSignal | undefined): DelegationError {
  if (error instanceof DelegationError) return error
  if (signal?.aborted) return aborted(signal)
  if (error instanceof oauth.ResponseBodyError) return refusalOf(error)
  if (error instanceof oauth.WWWAuthenticateChallengeError) {
    return new DelegationError('invalid_client', 'The auth server refused the client.')
  }
  if (error instanceof oauth.OperationProcessingError) {
    return isOutage(error.cause)
      ? new DelegationError('server_unavailable', 'The auth server cannot answer now.', { isTransient: true })
      : new DelegationError('server_misbehaves', `The auth server answered what it should not: ${error.message}.`)
  }
  if (error instanceof oauth.UnsupportedOperationError) {
    return new DelegationError('server_misbehaves', 'The auth server answered with something this client cannot use.')
  }
  return new DelegationError('server_unavailable', 'The auth server cannot be reached.', {
    isTransient: true,
    cause: nameOf(error),
  })
}

function refusalOf({ error, error_description, cause, status }: oauth.ResponseBodyError): DelegationError {
  const description = error_description ?? 'The auth server refused.'
  if (interactions.has(error)) {
    const uri = textOf(cause.consent_uri)
    const approvalId = textOf(cause.approval_id)
    return new InteractionRequiredError(error, description, { kind: 'consent', uri, approvalId })
  }
  if (signIns.has(error)) {
    const acrValues = textOf(cause.acr_values)?.split(' ') ?? []
    const maxAge = typeof cause.max_age === 'number' ? cause.max_age : null
    return new InteractionRequiredError(error, description, { kind: 'sign_in', acrValues, maxAge })
  }
  return new DelegationError(error, description, { isTransient: status >= 500 || status === 429 })
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

/** A 5xx answer, or one whose body broke off or took too long. */
function isOutage(cause: unknown): boolean {
  if (cause instanceof Response) return cause.status >= 500
  return cause instanceof DOMException || cause instanceof TypeError
}

/** Name and system code of a network error; its text may quote a URL or a header. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  const { cause } = error
  return cause instanceof Error && 'code' in cause ? String(cause.code) : error.name
}
