import type { BaseChatModel } from '@langchain/core/language_models/chat_models'
import { AIMessage, type BaseMessage, ToolMessage } from '@langchain/core/messages'
import { fakeModel } from '@langchain/core/testing'
import { initChatModel } from 'langchain'

/** A tool the scripted model calls. */
export interface ScriptedCall {
  readonly name: string
  readonly args: Record<string, unknown>
  readonly id: string
}

/** A model that calls these tools, those of a list at once and list after list, and then repeats what they said. Needs no network. */
export function createScriptedModel(steps: readonly (readonly ScriptedCall[])[]): ReturnType<typeof fakeModel> {
  const model = fakeModel()
  for (const calls of steps) model.respondWithTools(calls.map((call) => ({ ...call })))
  return model.respond((messages) => new AIMessage(answerOf(messages)))
}

/** The model that BEHALF_MODEL names, such as `openai:gpt-5` (its package and its key are yours to install); else the script. */
export async function chooseModel(steps: readonly (readonly ScriptedCall[])[]): Promise<BaseChatModel> {
  const { BEHALF_MODEL: name = '' } = process.env
  if (name === '') return createScriptedModel(steps)
  const model: unknown = await initChatModel(name)
  return model as BaseChatModel // which it stands for
}

function answerOf(messages: readonly BaseMessage[]): string {
  const said = messages.filter((message) => ToolMessage.isInstance(message)).map(({ text }) => text)
  return `This is what I have: ${said.join(' ')}`
}
