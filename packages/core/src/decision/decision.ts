import { AccessError } from '../errors.js'
import type { Principal } from '../policy/principal.js'
import type { Scheme } from '../request/credentials.js'
import type { Claims } from '../token/claims.js'
import type { VerifiedToken } from '../token/verified-token.js'
import { type ChallengeSettings, formatChallenge } from './challenge.js'

/** A finished HTTP answer: an adapter copies it and adds nothing. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** The request may go on. */
export interface AllowedDecision<C = Claims> {
  readonly allowed: true
  readonly principal: Principal<C>
  readonly token: VerifiedToken
  /** Headers for the response of the handler. */
  readonly headers: Readonly<Record<string, string>>
}

/** The request ends here, with this answer. */
export interface DeniedDecision extends Answer {
  readonly allowed: false
  readonly error: AccessError
}

/** The outcome for one request and one requirement. */
export type Decision<C = Claims> = AllowedDecision<C> | DeniedDecision

const noHeaders: Readonly<Record<string, string>> = Object.freeze({})

/** What an answer needs to know of the request. */
export interface Circumstances {
  /** The scheme the caller used; undefined when it presented nothing. */
  readonly scheme?: Scheme
  /** The nonce the caller's next DPoP proof must contain. */
  readonly nonce?: string
}

export function allow<C>(principal: Principal<C>, token: VerifiedToken, { nonce }: Circumstances): AllowedDecision<C> {
  return { allowed: true, principal, token, headers: nonce === undefined ? noHeaders : { 'DPoP-Nonce': nonce } }
}

/**
 * Turns a refusal into HTTP: status, challenge and a problem document (RFC 9457). This is the only place where an
 * outcome becomes HTTP.
 */
export function deny(
  error: AccessError,
  { scheme, nonce }: Circumstances,
  challenges: ChallengeSettings,
): DeniedDecision {
  const { code, status, title, wireCode, description, parameters, retryAfter, cause } = error
  const headers: Record<string, string> = { 'Cache-Control': 'no-store', 'Content-Type': 'application/problem+json' }
  if (status < 500) headers['WWW-Authenticate'] = formatChallenge(error, scheme, challenges)
  if (nonce !== undefined) headers['DPoP-Nonce'] = nonce
  if (retryAfter !== undefined) headers['Retry-After'] = String(retryAfter)
  const problem = {
    type: `urn:behalf:error:${wireCode}`,
    title,
    status,
    code: wireCode,
    ...(error.error !== undefined && { error: error.error }),
    error_description: description,
  }
  const added = Object.entries(parameters).filter(([name]) => !Object.hasOwn(problem, name))
  const finished = new AccessError(code, {
    parameters,
    headers: Object.freeze(headers),
    cause,
    ...(retryAfter && { retryAfter }),
  })
  return {
    allowed: false,
    error: finished,
    status,
    headers: finished.headers,
    body: JSON.stringify({ ...problem, ...Object.fromEntries(added) }),
  }
}
