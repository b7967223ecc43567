import { type DelegatedCall, DelegationError, type DelegationRequest, type DelegationToken } from '@behalf/agent'
import type { ToolRunnableConfig } from '@langchain/core/tools'
import { baseOf, type Delegation } from './delegation.js'
import { describeRefusedAnswer } from './refused-answer.js'
import { baggageOf, type ToolCallContext } from './tool-call.js'

/** What a tool may say about a request. The token is not its business. */
export type ToolFetchInit = Pick<DelegatedCall, 'method' | 'headers' | 'body' | 'signal'>

/** What a tool is called with: the configuration of LangChain, and a `fetch` that carries a token of its own. */
export interface DelegatedRuntime extends ToolRunnableConfig {
  /**
   * Calls the API with a token for this call.
   *
   * @param url - at the origin of the API; relative to it where it is no whole URL
   * @throws DelegationError when there is no token for it, or the API refuses (401, 403)
   * @throws InteractionRequiredError when a person is needed
   * @throws TypeError for a URL at another origin, and when the API cannot be reached
   */
  readonly fetch: (url: string | URL, init?: ToolFetchInit) => Promise<Response>
  /** The token instead, for a call that another library makes. */
  readonly getToken: () => Promise<DelegationToken>
  /** What joins such a call to the run: `fetch` sends it by itself (W3C Trace Context, W3C Baggage). */
  readonly traceHeaders: { readonly traceparent: string; readonly baggage: string }
}

/** @param input - the arguments of the model, as the schema lets them through */
export function createRuntime<Arguments>(
  delegation: Delegation<Arguments>,
  input: Arguments,
  config: ToolRunnableConfig,
  call: ToolCallContext,
): DelegatedRuntime {
  const base = baseOf(delegation)

  async function request(signal: AbortSignal | undefined): Promise<DelegationRequest> {
    const { resource, scope, details, tool = call.tool, singleUse, actsFor = 'person' } = delegation
    const { toolCallId, traceparent } = call
    const transaction = call.run?.transaction
    return {
      ...{ resource, tool, traceparent },
      ...(toolCallId !== undefined && { toolCallId }),
      ...(scope !== undefined && { scope }),
      ...(details !== undefined && { details: details(input) }),
      ...(transaction !== undefined && { transaction }),
      ...(singleUse !== undefined && { singleUse }),
      ...(signal !== undefined && { signal }),
      ...(actsFor === 'person' && { subjectToken: await subjectTokenOf(call) }),
    }
  }

  return {
    ...config,
    fetch: async (url, init = {}) => {
      const target = new URL(url, base)
      if (target.origin !== base.origin) throw new TypeError('The tool calls another origin than that of its API.')
      const response = await delegation.client.fetch(target, {
        ...sentOf(init, call),
        ...(await request(eitherOf(config.signal, init.signal))),
        apiUrl: base,
      })
      if (response.status !== 401 && response.status !== 403) return response
      throw await describeRefusedAnswer(response)
    },
    getToken: async () => delegation.client.getDelegationToken(await request(config.signal)),
    traceHeaders: { traceparent: call.traceparent, baggage: baggageOf(call) },
  }
}

/** What a tool may say, and no more: what it was given may be what a model wrote. */
function sentOf({ method, headers: own, body }: ToolFetchInit, call: ToolCallContext): ToolFetchInit {
  const headers = new Headers(own)
  if (!headers.has('baggage')) headers.set('baggage', baggageOf(call))
  return { ...(method !== undefined && { method }), ...(body !== undefined && { body }), headers: [...headers] }
}

/** The end of the run ends the call, whatever else does. */
function eitherOf(run: AbortSignal | undefined, own: AbortSignal | undefined): AbortSignal | undefined {
  return run === undefined || own === undefined ? (run ?? own) : AbortSignal.any([run, own])
}

/** @throws DelegationError `subject_missing`, `subject_unavailable`: the tool never acts for the agent by accident */
async function subjectTokenOf({ run }: ToolCallContext): Promise<string> {
  if (run === undefined) {
    throw new DelegationError('subject_missing', 'The run acts for nobody: give it the configuration of onBehalfOf().')
  }
  if (typeof run.subjectToken === 'string') return run.subjectToken
  try {
    return await run.subjectToken()
  } catch (error) {
    if (error instanceof DelegationError) throw error
    // biome-ignore lint/style/useErrorCause: the cause could quote a token
    throw new DelegationError('subject_unavailable', 'The token of the person could not be had.')
  }
}
