import { DelegationError, InteractionRequiredError, type ToolFacts } from '@behalf/agent'
import type { ToolMessage } from '@langchain/core/messages'
import { type DynamicStructuredTool, type ToolRunnableConfig, type ToolSchemaBase, tool } from '@langchain/core/tools'
import type { InferInteropZodInput, InferInteropZodOutput, InteropZodObject } from '@langchain/core/utils/types'
import { createRuntime, type DelegatedRuntime } from './delegated-runtime.js'
import { baseOf, type Delegation } from './delegation.js'
import { waitForPerson } from './interruption.js'
import { createRefusal, createRefusalMessage, refusalOf } from './refusal.js'
import { describeCall, type ToolCallContext } from './tool-call.js'

/** What a call ended with. */
interface Ending {
  readonly answer: unknown
  /** What the model is told of instead of an answer. */
  readonly failure: unknown
}

/** How often a person's answer may lead to another try: whoever answers at once, and is no person, ends here. */
const mostTries = 16

/** What a tool with this schema is called with. */
export type ToolArguments<Schema> = Schema extends InteropZodObject
  ? InferInteropZodOutput<Schema>
  : Record<string, unknown>

/** What a model writes for a tool with this schema. */
export type ToolInput<Schema> = Schema extends InteropZodObject ? InferInteropZodInput<Schema> : Record<string, unknown>

/** The fields of LangChain's `tool()`, and what the tokens are for. */
export interface DelegatedToolFields<Schema extends ToolSchemaBase, Name extends string>
  extends Omit<Parameters<typeof tool>[1], 'name' | 'schema'> {
  readonly name: Name
  /** What the model may say. A person or a token has no place in it: both come from the run. */
  readonly schema: Schema
  readonly delegation: Delegation<ToolArguments<Schema>>
}

/**
 * LangChain's `tool()` for a function that calls an API: it gets a `fetch` that carries a token for this call, in the name of the
 * person of the run ({@link onBehalfOf}). When a person has to act first, the run is interrupted, and what is before the call in
 * the function runs again; where it cannot be, and when the call is refused, the model is told a constant text
 * ({@link refusalOf} says why). Called by code, and not by a model, it throws instead.
 *
 * @throws DelegationError `configuration`
 */
export function delegatedTool<Schema extends ToolSchemaBase, Name extends string, Output>(
  fn: (input: ToolArguments<Schema>, runtime: DelegatedRuntime) => Output | Promise<Output>,
  fields: DelegatedToolFields<Schema, Name>,
): DynamicStructuredTool<
  Schema,
  ToolArguments<Schema>,
  ToolInput<Schema>,
  Awaited<Output> | ToolMessage,
  unknown,
  Name
> {
  const { delegation, ...rest } = fields
  baseOf(delegation)

  /** Tries until there is an answer for the model. Yields what a tool that streams yields. */
  async function* attempts(
    input: ToolArguments<Schema>,
    config: ToolRunnableConfig,
    call: ToolCallContext,
  ): AsyncGenerator<unknown, Ending> {
    for (let tries = 1; ; tries += 1) {
      try {
        const output: unknown = await fn(input, createRuntime(delegation, input, config, call))
        return { answer: isGenerator(output) ? yield* output : output, failure: undefined }
      } catch (error) {
        const message = refuse(error, tries < mostTries ? config : {}, call)
        if (message !== undefined) return endWith(message, error, fields.responseFormat)
      }
    }
  }

  async function* recorded(input: ToolArguments<Schema>, config: ToolRunnableConfig): AsyncGenerator<unknown, unknown> {
    const call = describeCall(fields.name, config)
    const end = delegation.client.recordTool?.(factsOf(delegation, call))
    let failure: unknown = interrupted // by whoever reads no further
    try {
      const ending = yield* attempts(input, config, call)
      failure = ending.failure
      return ending.answer
    } catch (error) {
      failure = isSignal(error) ? interrupted : error
      throw error
    } finally {
      end?.(failure)
    }
  }

  async function run(input: ToolArguments<Schema>, config: ToolRunnableConfig): Promise<unknown> {
    const steps = recorded(input, config)
    const first = await steps.next()
    return first.done ? first.value : goOn(first.value, steps)
  }

  // LangChain's own types are overloads, one for each kind of schema; a schema that is an object is what they have in common
  return tool(run as Parameters<typeof tool>[0], rest as Parameters<typeof tool>[1]) as unknown as ReturnType<
    typeof delegatedTool<Schema, Name, Output>
  >
}

/**
 * What the model is told; undefined when a person has acted and the call is to be made again.
 *
 * @throws whatever is no refusal, and every error where no model called
 */
function refuse(error: unknown, config: ToolRunnableConfig, call: ToolCallContext): ToolMessage | undefined {
  if (!(error instanceof DelegationError) || error.code === 'aborted') throw error
  const answer = error instanceof InteractionRequiredError ? waitForPerson(config, call, error) : 'impossible'
  if (answer === 'try_again') return undefined
  if (call.toolCallId === undefined) throw error
  return createRefusalMessage(createRefusal(call, error, answer === 'declined'), call.toolCallId)
}

function endWith(message: ToolMessage, error: unknown, format: string | undefined): Ending {
  return {
    answer: format === 'content_and_artifact' ? [message, undefined] : message,
    failure: refusalOf(message)?.outcome === 'declined' ? declined : error,
  }
}

const declined = new DelegationError('declined', 'The person did not agree.')
const interrupted = new DelegationError('interrupted', 'The run was interrupted.')

/** What LangGraph throws to end a run for now. */
function isSignal(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'is_bubble_up' in error && error.is_bubble_up === true
}

function factsOf({ resource, tool }: Pick<Delegation, 'resource' | 'tool'>, call: ToolCallContext): ToolFacts {
  const { run, toolCallId, traceparent } = call
  return { resource, tool: tool ?? call.tool, toolCallId, runId: run?.id, transaction: run?.transaction, traceparent }
}

function isGenerator(output: unknown): output is AsyncGenerator<unknown, unknown> {
  return typeof output === 'object' && output !== null && 'next' in output && typeof output.next === 'function'
}

async function* goOn(first: unknown, steps: AsyncGenerator<unknown, unknown>): AsyncGenerator<unknown, unknown> {
  yield first
  return yield* steps
}
