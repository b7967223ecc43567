import { chooseModel, createSupportAgent, createTools, type ScriptedCall } from '@behalf/example-agent'
import type { Person, Stage } from '@behalf/example-stage'
import { type InteractionRequest, onBehalfOf } from '@behalf/langchain'
import { BaseCallbackHandler } from '@langchain/core/callbacks/base'
import { type BaseMessage, HumanMessage } from '@langchain/core/messages'
import { Command } from '@langchain/langgraph'
import { note } from './note.js'

/** The task that all of this belongs to: the audit events of every party carry it. */
export const task = 'ticket-4711'

/** What a model calls, one after the other. Ignored by a real model, which makes up its own mind. */
export type Script = readonly Omit<ScriptedCall, 'id'>[]

export interface Turn {
  /** What happens when the model calls a tool, before the tool does anything. */
  readonly meanwhile?: Readonly<Record<string, () => Promise<unknown>>>
  /** What the person says when the agent asks for their consent. Default: they agree, in their inbox. */
  readonly consent?: 'agrees' | 'declines'
}

/** The support desk: where a person talks to the agent. */
export interface Desk {
  says(text: string, script: Script, turn?: Turn): Promise<void>
}

interface Run {
  readonly messages: readonly BaseMessage[]
  readonly __interrupt__?: readonly { readonly value?: unknown }[]
}

/** Opens the desk: from here on, one conversation. Its agent is LangChain's, with checkpoints, so that a run can wait. */
export async function openDesk({ support, apis }: Stage, person: Person): Promise<Desk> {
  const { model, plan } = await chooseModel()
  const agent = createSupportAgent(model, createTools(apis, support.client))
  let turns = 0

  return {
    async says(text, script, { meanwhile = {}, consent = 'agrees' } = {}) {
      turns += 1
      const turn = turns
      plan(script.map((call, index) => [{ ...call, id: `call_${turn}_${index + 1}` }]))
      const begun = new Set<string>()
      let token = await support.subjectToken(person)

      /** Told of every tool, before it does anything, and again when a run goes on. */
      const onTool = BaseCallbackHandler.fromMethods({
        async handleToolStart(_tool, input, _runId, _parentRunId, _tags, _metadata, name = '') {
          if (begun.has(`${name} ${input}`)) return
          begun.add(`${name} ${input}`)
          await meanwhile[name]?.()
          note('tool', `${name} ${input}`)
        },
      })
      onTool.awaitHandlers = true

      /** Runs to the end, or to where the person has to do something first. */
      async function go(input: { messages: BaseMessage[] } | Command): Promise<Run> {
        const config = { configurable: { thread_id: task }, callbacks: [onTool] }
        return agent.invoke(input, onBehalfOf(token, config, { transaction: task }))
      }

      /** Does what the agent waits for. */
      async function act({ interaction }: InteractionRequest): Promise<boolean> {
        if (interaction.kind === 'sign_in') {
          const { maxAge } = interaction
          token = await support.subjectToken(person, maxAge ?? 0)
          note(person.name, `signs in again: the last time is more than ${maxAge} seconds ago`)
          return true
        }
        if (consent === 'declines') {
          note(person.name, 'is asked for consent, and says no')
          return false
        }
        await person.approve(interaction.approvalId ?? '')
        note(person.name, `finds in the inbox what the agent wants to do, and agrees`)
        return true
      }

      note(person.name, text)
      let run = await go({ messages: [new HumanMessage(text)] })
      for (let waits = waitingFor(run); waits !== undefined; waits = waitingFor(run)) {
        run = await go(new Command({ resume: await act(waits) }))
      }
      note('agent', run.messages.at(-1)?.text ?? '')
    },
  }
}

function waitingFor({ __interrupt__: [first] = [] }: Run): InteractionRequest | undefined {
  return first?.value as InteractionRequest | undefined // a tool of ours is all that interrupts
}
