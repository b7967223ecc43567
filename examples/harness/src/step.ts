import { isDeepStrictEqual } from 'node:util'
import { type Answer, type Call, type Caller, send } from './call.js'
import type { Service } from './service.js'
import type { AuditTrail, RecordedEvent } from './trail.js'

/** What must come back, and what the audit event must say. */
export interface Expectation {
  readonly status: number
  /** The `code` on the wire. Default: none, for a call that is let through. */
  readonly code?: string
  /** The code in the audit event, where it says more than the wire. Default: that of the wire, or `allowed`. */
  readonly audit?: string
  /** Members the body must hold. */
  readonly body?: Readonly<Record<string, unknown>>
}

/** One call, and what must come of it. */
export interface Step {
  readonly call: Call
  readonly expect: Expectation
}

export interface Result {
  readonly answer: Answer
  readonly recorded: RecordedEvent
  /** What differs from what was expected, in words; empty when all fits. */
  readonly mismatches: readonly string[]
}

/** Makes the call of a step and compares the answer and the audit event it left. */
export async function play(
  { call, expect }: Step,
  service: Service,
  caller: Caller,
  trail: AuditTrail,
): Promise<Result> {
  const answer = await send(service.url, call, caller)
  const recorded = await trail.of(answer.traceId)
  return { answer, recorded, mismatches: mismatches(expect, answer, recorded) }
}

function mismatches(expect: Expectation, answer: Answer, { event }: RecordedEvent): string[] {
  const audited = expect.audit ?? expect.code ?? 'allowed'
  const verdict = audited === 'allowed' ? 'allow' : expect.status < 500 ? 'deny' : 'error'
  const compared: [what: string, actual: unknown, expected: unknown][] = [
    ['status', answer.status, expect.status],
    ['code', answer.code, expect.code],
    ['challenge', needsChallenge(answer) ? answer.headers.has('www-authenticate') : true, true],
    ['audited verdict', event.decision, verdict],
    ['audited code', event.reason.code, audited],
    ...Object.entries(expect.body ?? {}).map(([member, value]): [string, unknown, unknown] => [
      `body.${member}`,
      memberOf(answer.body, member),
      value,
    ]),
  ]
  return compared
    .filter(([, actual, expected]) => !isDeepStrictEqual(actual, expected))
    .map(([what, actual, expected]) => `${what} is ${JSON.stringify(actual)}, expected ${JSON.stringify(expected)}`)
}

/** RFC 6750 section 3: what a client reads to know how to go on. */
function needsChallenge({ status }: Answer): boolean {
  return status === 401 || status === 403
}

function memberOf(body: unknown, member: string): unknown {
  return typeof body === 'object' && body !== null ? new Map(Object.entries(body)).get(member) : undefined
}
