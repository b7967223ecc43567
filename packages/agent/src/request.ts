import { DelegationError } from './errors.js'

/** One entry of `authorization_details` (RFC 9396): what exactly is asked for. */
export interface AuthorizationDetail {
  readonly type: string
  readonly [member: string]: unknown
}

/** What a token is needed for. */
export interface DelegationRequest {
  /** Resource indicator of the one API it is for (RFC 8707). */
  readonly resource: string
  /** Scopes, no more than this call needs. Default: what the server's catalogue gives `tool`. */
  readonly scope?: string | readonly string[]
  /** The token of the person the agent acts for. Left out, the agent acts for itself (client credentials); empty is an error. */
  readonly subjectToken?: string
  /** Name of the tool that calls, from the server's catalogue. */
  readonly tool?: string
  /** One record only, one action only (RFC 9396). */
  readonly details?: readonly AuthorizationDetail[]
  /** The task this call belongs to: joins its audit events. Default: that of the subject token, or a new one. */
  readonly transaction?: string
  /** Never reuse the token: for APIs that accept one once. Default false. */
  readonly singleUse?: boolean
  /** Ends the wait. */
  readonly signal?: AbortSignal
}

/**
 * Refuses a subject token that turned out to be nothing: without one the agent would act for itself.
 *
 * @throws DelegationError `invalid_request`
 */
export function requireSubject(request: DelegationRequest): void {
  if (!Object.hasOwn(request, 'subjectToken')) return
  const { subjectToken } = request
  if (typeof subjectToken === 'string' && subjectToken !== '') return
  throw new DelegationError(
    'invalid_request',
    'subjectToken is given but empty; leave it out to act for the agent itself.',
  )
}

/** The scopes of a request, sorted, each once. */
export function scopesOf({ scope = [] }: DelegationRequest): readonly string[] {
  const names = typeof scope === 'string' ? scope.split(' ') : scope
  return [...new Set(names.filter((name) => name !== ''))].sort()
}

/** Text that is equal for equal values, in whatever order their members were written. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_name, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}
