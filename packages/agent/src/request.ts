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
  /** The model's call of the tool: goes into events alone. */
  readonly toolCallId?: string
  /** Trace of the call (W3C Trace Context): sent to the auth server and to the API, and part of events. */
  readonly traceparent?: string
  /** Ends the wait. */
  readonly signal?: AbortSignal
}

/**
 * A request as it is now: what its caller changes later changes nothing. A subject token that turned out to be nothing is refused,
 * for without one the agent would act for itself.
 *
 * @throws DelegationError `invalid_request`
 */
export function readRequest(request: DelegationRequest): DelegationRequest {
  const { resource, subjectToken, tool, details, transaction, singleUse, toolCallId, traceparent, signal } = request
  if ('subjectToken' in request && (typeof subjectToken !== 'string' || subjectToken === '')) {
    throw new DelegationError(
      'invalid_request',
      'subjectToken is given but empty; leave it out to act for the agent itself.',
    )
  }
  return {
    ...{ resource, scope: scopesOf(request), tool, transaction, singleUse, toolCallId, traceparent, signal },
    ...(subjectToken !== undefined && { subjectToken }),
    ...(details !== undefined && { details: JSON.parse(canonical(details)) as readonly AuthorizationDetail[] }), // a copy
  }
}

/** The scopes of a request, sorted, each once. */
export function scopesOf({ scope = [] }: DelegationRequest): readonly string[] {
  const names = typeof scope === 'string' ? [scope] : scope
  return [...new Set(names.flatMap((name) => name.split(' ')).filter((name) => name !== ''))].sort()
}

/** Text that is equal for equal values, in whatever order their members were written. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_name, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}
