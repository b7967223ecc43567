import * as oauth from 'oauth4webapi'
import { OversizedError } from './bounded.js'
import { DelegationError, InteractionRequiredError } from './errors.js'
import { isSafe } from './plain-http.js'
import { isQuote } from './quote.js'
import type { DelegationRequest } from './request.js'
import { aborted } from './retry.js'

/** Error codes after which a person has to do something. */
const interactions = new Set(['consent_required', 'interaction_required'])
const signIns = new Set(['login_required', 'insufficient_user_authentication'])

/**
 * What failed at the auth server, in the words of this package. The cause is kept only where it holds no secret.
 *
 * @param secrets - tokens, assertions and proofs that were sent: what the server says is kept where it quotes none of them
 */
export function failureOf(error: unknown, { signal }: DelegationRequest, secrets: readonly string[]): DelegationError {
  if (error instanceof DelegationError) return error
  if (signal?.aborted) return aborted(signal)
  if (error instanceof oauth.ResponseBodyError) return refusalOf(error, secrets)
  if (error instanceof oauth.WWWAuthenticateChallengeError) {
    return new DelegationError('invalid_client', 'The auth server refused the client.')
  }
  if (error instanceof oauth.OperationProcessingError) {
    const { cause } = error
    return isOutage(cause)
      ? new DelegationError('server_unavailable', 'The auth server cannot answer now.', {
          isTransient: true,
          retryAfter: cause instanceof Response ? retryAfterOf(cause) : undefined,
        })
      : new DelegationError('server_misbehaves', `The auth server answered what it should not: ${error.message}.`)
  }
  if (error instanceof oauth.UnsupportedOperationError || error instanceof OversizedError) {
    return new DelegationError('server_misbehaves', 'The auth server answered with something this client cannot use.')
  }
  return new DelegationError('server_unavailable', 'The auth server cannot be reached.', {
    isTransient: true,
    cause: nameOf(error),
  })
}

function refusalOf(
  { error, error_description: words, cause, status, response }: oauth.ResponseBodyError,
  secrets: readonly string[],
): DelegationError {
  if (!isCode(error) || isQuote(error, secrets)) {
    return new DelegationError('server_misbehaves', 'The auth server refused with something that is no error code.')
  }
  const description = isPlain(words) && !isQuote(words, secrets) ? words : 'The auth server refused.'
  const uri = addressOf(cause.consent_uri, secrets)
  const approvalId = idOf(cause.approval_id, secrets)
  if (interactions.has(error)) {
    return new InteractionRequiredError(error, description, { kind: 'consent', uri, approvalId })
  }
  if (signIns.has(error)) {
    const { acr_values, max_age } = cause
    return new InteractionRequiredError(error, description, signInOf(acr_values, max_age, secrets))
  }
  if (approvalId !== null) {
    return new InteractionRequiredError(error, description, { kind: 'approval', uri, approvalId })
  }
  const isTransient = status >= 500 || status === 429
  return new DelegationError(error, description, {
    isTransient,
    retryAfter: isTransient ? retryAfterOf(response) : undefined,
  })
}

/** What a server or an API says of the sign-in it wants (RFC 9470), as far as it makes sense and quotes no secret. */
export function signInOf(
  acrValues: unknown,
  maxAge: unknown,
  secrets: readonly string[],
): InteractionRequiredError['interaction'] {
  const seconds = typeof maxAge === 'string' && /^\d{1,10}$/u.test(maxAge) ? Number(maxAge) : maxAge
  return {
    kind: 'sign_in',
    acrValues:
      typeof acrValues === 'string' && !isQuote(acrValues, secrets)
        ? acrValues.split(' ').filter(isWord).slice(0, 10)
        : [],
    maxAge: typeof seconds === 'number' && seconds >= 0 ? seconds : null,
  }
}

/** Codes that are this package's own to use. */
const ownCodes = new Set([
  'aborted',
  'api_unavailable',
  'configuration',
  'key_unavailable',
  'server_misbehaves',
  'server_not_accepted',
  'server_unavailable',
])

function isCode(error: string): boolean {
  return /^[a-z][a-z0-9_]{0,63}$/u.test(error) && !ownCodes.has(error)
}

/** A long run of characters that no word is made of. */
const tokenLike = /(?=[\w-]*[A-Z])(?=[\w-]*[a-z])[\w-]{20}|(?=[\w-]*\d)[\w-]{24}/u

/** A sentence as RFC 6749 section 5.2 has it, without anything that may be a token or a part of one. */
function isPlain(text: unknown): text is string {
  return typeof text === 'string' && /^[\x20\x21\x23-\x5b\x5d-\x7e]{1,200}$/u.test(text) && !tokenLike.test(text)
}

function addressOf(value: unknown, secrets: readonly string[]): string | null {
  if (typeof value !== 'string' || value.length > 2_000 || !URL.canParse(value)) return null
  return isSafe(new URL(value)) && !isQuote(value, secrets) ? value : null
}

function idOf(value: unknown, secrets: readonly string[]): string | null {
  return typeof value === 'string' && isWord(value) && !isQuote(value, secrets) ? value : null
}

function isWord(text: string): boolean {
  return /^[\x21-\x7e]{1,128}$/u.test(text)
}

/** Milliseconds (RFC 9110 section 10.2.3); a date is not looked at, for whose clock is right? */
function retryAfterOf({ headers }: Response): number | undefined {
  const seconds = headers.get('retry-after') ?? ''
  return /^\d{1,9}$/u.test(seconds) ? Number(seconds) * 1_000 : undefined
}

/** A 5xx answer, or one whose body broke off or took too long. */
function isOutage(cause: unknown): boolean {
  if (cause instanceof Response) return cause.status >= 500 || cause.status === 429
  return cause instanceof DOMException || cause instanceof TypeError
}

/** Name and system code of a network error; its text may quote a URL or a header. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  const { cause } = error
  return cause instanceof Error && 'code' in cause ? String(cause.code) : error.name
}
