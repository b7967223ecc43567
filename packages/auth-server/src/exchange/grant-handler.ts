import { isDeepStrictEqual } from 'node:util'
import type { TokenEndpointGrantContext } from 'oidc-provider'
import { type Approval, mostWaiting } from '../approvals/approval.js'
import type { Context } from '../context.js'
import { outlineDemand } from './demand.js'
import type { Findings } from './findings.js'
import { type Parameters, readParameters } from './parameters.js'
import type { Possession } from './possession.js'
import { Refusal } from './refusal.js'
import { readTrace } from './trace.js'

/** A request for a token, from a client that the engine authenticated. */
export interface GrantRequest {
  readonly clientId: string
  readonly parameters: Parameters
  /** The `DPoP` header, repeated ones joined with a comma. */
  readonly proof: string | undefined
}

/** What the token endpoint answers. */
export type GrantAnswer = Readonly<Record<string, unknown>>

/** One grant type: what the engine calls. */
export interface GrantType {
  readonly grantType: string
  readonly handler: (ctx: TokenEndpointGrantContext) => Promise<void>
  readonly parameters: readonly string[]
  /** Parameters that may come more than once. */
  readonly repeatable: readonly string[]
}

/** What a grant type does. */
export interface GrantSteps {
  readonly grantType: string
  readonly parameters: readonly string[]
  readonly possession: Possession
  /** Issues a token, or throws a {@link Refusal}. What becomes known is put into `findings` for the trail. */
  issue(request: GrantRequest, findings: Findings): Promise<GrantAnswer>
}

/** Where people decide what waits for them. */
const inbox = '/approvals'

/** Makes a grant type of the engine from its steps: translates request and answer, and records every refusal. */
export function createGrantType(context: Context, { possession, ...steps }: GrantSteps): GrantType {
  const { audit, agents, approvals, settings } = context

  /** The item that waits for a person; undefined where so many of the agent wait that nobody would read another one. */
  async function open(ask: NonNullable<Refusal['options']['ask']>): Promise<Approval | undefined> {
    const { agentId, subject, request } = ask
    const waiting = await approvals.list({ agentId, subject, status: 'pending', limit: mostWaiting })
    if (waiting.length < mostWaiting) return approvals.ask(ask)
    return waiting.find((item) => item.kind === ask.kind && isDeepStrictEqual(item.request, request))
  }

  async function refuse(refusal: Refusal, findings: Findings): Promise<GrantAnswer> {
    const { error, code, message, options } = refusal
    const item = options.ask && (await open(options.ask))
    await audit.record({
      ...findings,
      type: typeOf(refusal, findings),
      ...(item?.kind === 'consent' ? {} : { decision: 'deny' as const }),
      reason: { code, oauth_error: error, ...(options.policy === undefined ? {} : { policy: options.policy }) },
      ...(item === undefined ? {} : { detail: { approval_id: item.id } }),
    })
    const isCounted = options.isEscalation === true && options.isOfPerson !== true
    if (isCounted && findings.actor !== undefined) await agents.countRefusal(findings.actor.id)
    return {
      error,
      error_description: printable(message),
      ...(options.maxAge !== undefined && { max_age: options.maxAge }),
      ...(item && { approval_id: item.id }),
      ...(options.ask?.kind === 'consent' && { consent_uri: `${settings.issuer}${inbox}` }),
    }
  }

  return {
    grantType: steps.grantType,
    parameters: [...steps.parameters, 'resource', 'audience'],
    repeatable: ['resource', 'audience'],
    handler: async (ctx) => {
      const trace = readTrace(ctx.req.headers.traceparent)
      const findings: Findings = { client: { id: ctx.oidc.client.clientId }, ...(trace && { trace }) }
      const nonce = await possession.nonce()
      if (nonce !== undefined) ctx.set('DPoP-Nonce', nonce)
      try {
        const request = readRequest(ctx)
        Object.assign(findings, outlineDemand(request.parameters))
        ctx.body = await steps.issue(request, findings)
      } catch (error) {
        if (!(error instanceof Refusal)) throw error
        ctx.status = 400
        ctx.state.isRecorded = true // so that the refusal is not recorded once more
        ctx.body = await refuse(error, findings)
      }
    },
  }
}

/** The form itself is read: the engine puts a resource of its own where it misses one. */
function readRequest({ oidc, req }: TokenEndpointGrantContext): GrantRequest {
  const { dpop } = req.headers
  return {
    clientId: oidc.client.clientId,
    parameters: readParameters(oidc.body),
    proof: Array.isArray(dpop) ? dpop.join(', ') : dpop,
  }
}

/** A request that waits for the person is asked for, not denied. */
function typeOf({ options, error }: Refusal, { mode }: Findings) {
  if (options.isEscalation === true) return 'escalation.denied'
  if (mode === 'direct') return 'access.denied'
  return error === 'consent_required' ? 'delegation.requested' : 'delegation.denied'
}

/** The characters of `error_description` (RFC 6749 section 5.2). */
function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/gu, '?')
}
