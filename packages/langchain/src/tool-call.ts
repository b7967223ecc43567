import type { ToolRunnableConfig } from '@langchain/core/tools'
import { type Run, runOf } from './on-behalf-of.js'

/** Characters of an identifier that travels: a model may write its own. */
const longest = 128

/** One call of a tool, and the run it is made in. */
export interface ToolCallContext {
  readonly tool: string
  /** The model's call; undefined where code calls the tool. */
  readonly toolCallId: string | undefined
  readonly run: Run | undefined
  /** LangChain's own, of this call alone; undefined where nobody traces. */
  readonly toolRunId: string | undefined
  /** Whose trace is the run, and whose parent is this call (W3C Trace Context). */
  readonly traceparent: string
}

export function describeCall(tool: string, config: ToolRunnableConfig): ToolCallContext {
  const [run, toolRunId] = [runOf(config), parentRunOf(config.callbacks)]
  const traceparent = traceparentOf(run, toolRunId)
  return { tool, toolCallId: config.toolCall?.id, run, toolRunId, traceparent }
}

function traceparentOf(run: Run | undefined, toolRunId: string | undefined): string {
  const [, traceId = idOf(run?.id ?? '') ?? randomHex(16), flags = '01'] =
    /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})[\da-f]{16}-([\da-f]{2})/u.exec(run?.traceparent ?? '') ?? []
  return `00-${traceId}-${idOf(toolRunId ?? '')?.slice(16) ?? randomHex(8)}-${flags}`
}

/** `baggage` (W3C Baggage) that names the run and the call to whoever follows the trace. */
export function baggageOf({ tool, toolCallId, run, toolRunId }: ToolCallContext): string {
  const named = [
    ['gen_ai.tool.name', tool],
    ['gen_ai.tool.call.id', toolCallId],
    ['langchain.run_id', run?.id],
    ['langchain.tool_run_id', toolRunId],
  ] as const
  return named.flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${encoded(value)}`])).join(',')
}

/** The digits of a UUID; undefined for another identifier. */
function idOf(uuid: string): string | undefined {
  const digits = uuid.replaceAll('-', '').toLowerCase()
  return /^(?!0{32})[\da-f]{32}$/u.test(digits) ? digits : undefined
}

function encoded(value: string): string {
  return encodeURIComponent(value.slice(0, longest).replaceAll(/\p{Cs}/gu, ''))
}

function randomHex(bytes: number): string {
  const values = crypto.getRandomValues(new Uint8Array(bytes))
  return Array.from(values, (value) => value.toString(16).padStart(2, '0')).join('')
}

/** The run that what a tool calls is a child of: the tool's own. */
function parentRunOf(callbacks: ToolRunnableConfig['callbacks']): string | undefined {
  return callbacks !== undefined && !Array.isArray(callbacks) ? callbacks.getParentRunId() : undefined
}
