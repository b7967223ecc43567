import { DelegationError, InteractionRequiredError } from '@behalf/agent'
import type { ToolMessage } from '@langchain/core/messages'
import { type DynamicStructuredTool, type ToolRunnableConfig, type ToolSchemaBase, tool } from '@langchain/core/tools'
import type { InferInteropZodInput, InferInteropZodOutput, InteropZodObject } from '@langchain/core/utils/types'
import { createRuntime, type DelegatedRuntime } from './delegated-runtime.js'
import { baseOf, type Delegation } from './delegation.js'
import { waitForPerson } from './interruption.js'
import { createRefusal, createRefusalMessage } from './refusal.js'
import { describeCall, type ToolCallContext } from './tool-call.js'

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

  async function run(input: ToolArguments<Schema>, config: ToolRunnableConfig): Promise<unknown> {
    const call = describeCall(fields.name, config)
    for (let tries = 1; ; tries += 1) {
      try {
        return await fn(input, createRuntime(delegation, input, config, call))
      } catch (error) {
        const message = refuse(error, tries < mostTries ? config : {}, call)
        if (message === undefined) continue
        return fields.responseFormat === 'content_and_artifact' ? [message, undefined] : message
      }
    }
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
