import type { AccessError } from '../errors.js'
import type { CheckedRequirement } from '../policy/requirement.js'
import type { ResourceRequest } from '../request/request.js'
import type { VerifiedToken } from '../token/verified-token.js'
import type { AuthenticToken } from '../token/verifier.js'
import type { DecisionEvent } from './event.js'
import { cutList, cutText, formatTime } from './text.js'
import { describeRefused, describeToken, type TokenPart } from './token-part.js'
import { createUuid } from './uuid.js'

/** Who is known by the time of the decision. */
export interface KnownParties {
  /** Set when the signature held. */
  readonly authentic?: AuthenticToken
  /** Set when everything about the token held. */
  readonly caller?: { readonly token: VerifiedToken; described?: TokenPart }
  /** Checks that could not be made and were waived. */
  readonly unchecked?: readonly 'replay'[]
}

/** One decision to describe. */
export interface Outcome {
  readonly request: ResourceRequest
  readonly evidence: KnownParties
  /** SHA-256 of the presented token, cut; undefined when none was presented. */
  readonly fingerprint: string | undefined
  /** What the route demands; undefined when the request was refused before that was asked. */
  readonly requirement: Pick<CheckedRequirement<never>, 'scopes' | 'anyScope'> | undefined
  /** Undefined when the request is allowed. */
  readonly error: AccessError | undefined
  /** Milliseconds. */
  readonly duration: number
}

const requests = new WeakMap<NonNullable<Outcome['requirement']>, NonNullable<DecisionEvent['requested']>>()

/**
 * Describes a decision as an audit event.
 *
 * @param now seconds since the epoch
 */
export function describeDecision(outcome: Outcome, audience: string, now: number): DecisionEvent {
  const { request, requirement, error, duration } = outcome
  const milliseconds = now * 1000
  const known = describeEvidence(outcome)
  return {
    schema: 'delegation-audit/1',
    id: createUuid(milliseconds),
    time: formatTime(milliseconds),
    type: 'access.decision',
    decision: error === undefined ? 'allow' : error.status >= 500 ? 'error' : 'deny',
    reason: error === undefined ? allowed : { code: error.code, oauth_error: error.error },
    subject: known.subject,
    actor: known.actor,
    chain: known.chain,
    chain_depth: known.chain_depth,
    chain_complete: known.chain_complete,
    client: known.client,
    mode: known.mode,
    token: known.token,
    requested: requirement && describeRequirement(requirement),
    granted: known.granted,
    resource: { aud: cutText(audience), route: request.route && cutText(request.route) },
    request: { method: cutText(request.method) },
    trace: parseTraceparent(request.headers.get('traceparent')),
    txn: known.txn,
    tool: known.tool,
    purpose: known.purpose,
    assurance: known.assurance,
    unchecked: outcome.evidence.unchecked,
    duration_ms: duration,
  }
}

const allowed = Object.freeze({ code: 'allowed' } as const)
const nothingKnown: TokenPart = Object.freeze({})

function describeEvidence({ evidence, fingerprint }: Outcome): TokenPart {
  if (fingerprint === undefined) return nothingKnown
  const { authentic, caller } = evidence
  if (caller === undefined) {
    return authentic === undefined ? { token: { sha256: fingerprint } } : describeRefused(authentic, fingerprint)
  }
  caller.described ??= describeToken(caller.token, fingerprint)
  return caller.described
}

/** What a route asks for: the same for all its requests. */
function describeRequirement(requirement: NonNullable<Outcome['requirement']>): DecisionEvent['requested'] {
  const known = requests.get(requirement)
  if (known !== undefined) return known
  const { scopes, anyScope } = requirement
  const requested = {
    scope: scopes.length > 0 ? cutList(scopes) : undefined,
    any_scope: anyScope.length > 0 ? cutList(anyScope) : undefined,
  }
  requests.set(requirement, requested)
  return requested
}

/** W3C Trace Context: version, trace, parent, flags. An identifier of zeros is no identifier. */
function parseTraceparent(value: string | null): DecisionEvent['trace'] {
  if (value === null || value.length > 128) return undefined
  const [, traceId, spanId] =
    /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-[\da-f]{2}(?:-|$)/.exec(value) ?? []
  return traceId !== undefined && spanId !== undefined ? { trace_id: traceId, span_id: spanId } : undefined
}
