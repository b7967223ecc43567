import { type BaseMessage, ToolMessage } from '@langchain/core/messages'

/** A run of the agent, as far as tests look at it. */
export interface Run {
  readonly messages: readonly BaseMessage[]
  readonly answer: string
  /** What tools answered, by the id of the call. */
  readonly tools: ReadonlyMap<string, ToolMessage>
  readonly interrupts: readonly { readonly id?: string; readonly value?: unknown }[]
}

export function runOf(state: { readonly messages: readonly BaseMessage[]; readonly __interrupt__?: unknown }): Run {
  const { messages, __interrupt__: interrupts } = state
  return {
    messages,
    answer: messages.at(-1)?.text ?? '',
    tools: new Map(
      messages.filter((message) => ToolMessage.isInstance(message)).map((message) => [message.tool_call_id, message]),
    ),
    interrupts: Array.isArray(interrupts) ? interrupts : [],
  }
}
