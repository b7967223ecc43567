import type { Interaction, InteractionRequiredError } from '@behalf/agent'
import type { ToolRunnableConfig } from '@langchain/core/tools'
import type { ToolCallContext } from './tool-call.js'

/**
 * The value of the interrupt: what to show to the person. Resume with `true` once they have acted, with `false` if they will not;
 * or with such an answer for each call, `{ [toolCallId]: true }`. That is never taken for the answer to another call, as a single
 * one can be where several calls wait in one task of the graph.
 */
export interface InteractionRequest {
  readonly type: 'behalf-interaction'
  readonly tool: string
  readonly toolCallId: string | undefined
  readonly interaction: Interaction
}

type Answer = 'try_again' | 'declined' | 'impossible'

/**
 * Ends the run here until a person has acted (LangGraph's interrupt); in the run that is resumed it answers.
 *
 * @throws LangGraph's own signal, which ends the run
 */
export function waitForPerson(
  config: ToolRunnableConfig,
  { tool, toolCallId }: ToolCallContext,
  { interaction }: InteractionRequiredError,
): Answer {
  const interrupt = interruptOf(config)
  if (interrupt === undefined) return 'impossible'
  const request: InteractionRequest = { type: 'behalf-interaction', tool, toolCallId, interaction }
  try {
    return isNo(interrupt(request), toolCallId) ? 'declined' : 'try_again'
  } catch (error) {
    if (isWithoutCheckpoints(error)) return 'impossible'
    throw error
  }
}

/** Whether the person will not: an answer about other calls says nothing of this one, so it is asked again. */
function isNo(answer: unknown, toolCallId: string | undefined): boolean {
  if (typeof answer !== 'object' || answer === null) return answer === false
  return Object.entries(answer).some(([id, own]) => id === toolCallId && own === false)
}

/** LangGraph hands its `interrupt` to whatever it runs. */
function interruptOf(config: ToolRunnableConfig): ((value: unknown) => unknown) | undefined {
  const interrupt = 'interrupt' in config ? config.interrupt : undefined
  // a function in this place is LangGraph's own
  return typeof interrupt === 'function' ? (interrupt as (value: unknown) => unknown) : undefined
}

/** A graph that keeps no checkpoint cannot go on later. */
function isWithoutCheckpoints(error: unknown): boolean {
  return error instanceof Error && 'lc_error_code' in error && error.lc_error_code === 'MISSING_CHECKPOINTER'
}
