import type { BaseChatModel } from '@langchain/core/language_models/chat_models'
import { AIMessage, type BaseMessage, HumanMessage, ToolMessage } from '@langchain/core/messages'
import { fakeModel } from '@langchain/core/testing'
import { initChatModel } from 'langchain'

/** A tool the scripted model calls. */
export interface ScriptedCall {
  readonly name: string
  readonly args: Record<string, unknown>
  readonly id: string
}

/** The calls of a turn: those of a list at once, list after list. Then the model repeats what the tools said. */
export type Steps = readonly (readonly ScriptedCall[])[]

/** A model, and how it is told what to do in the next turn. */
export interface DirectedModel {
  readonly model: BaseChatModel
  /** A real model does not heed it: it makes up its own mind. */
  plan(steps: Steps): void
}

/** The model that BEHALF_MODEL names, such as `openai:gpt-5` (its package and its key are yours to install); else a scripted one. */
export async function chooseModel(): Promise<DirectedModel> {
  const { BEHALF_MODEL: name = '' } = process.env
  if (name === '') {
    const model = fakeModel()
    return { model, plan: (steps) => planTurn(model, steps) }
  }
  const model: unknown = await initChatModel(name)
  return { model: model as BaseChatModel, plan() {} } // which it stands for
}

/** A model for a conversation of one turn. Needs no network. */
export function createScriptedModel(steps: Steps): ReturnType<typeof fakeModel> {
  const model = fakeModel()
  planTurn(model, steps)
  return model
}

function planTurn(model: ReturnType<typeof fakeModel>, steps: Steps): void {
  for (const calls of steps) {
    const message = { content: '', tool_calls: calls.map((call) => ({ ...call, type: 'tool_call' as const })) }
    model.respond(() => new AIMessage(message))
  }
  model.respond((messages) => new AIMessage(answerOf(messages)))
}

/** What the tools said since the person spoke last. */
function answerOf(messages: readonly BaseMessage[]): string {
  const asked = messages.findLastIndex((message) => HumanMessage.isInstance(message))
  const said = messages.slice(asked).filter((message) => ToolMessage.isInstance(message))
  return `This is what I have: ${said.map(({ text }) => text).join(' ')}`
}
