import type { DelegationClient } from '@behalf/agent'
import type { AuthServer } from '@behalf/auth-server'
import type { DecisionEvent } from '@behalf/core'
import { createScriptedModel, createSupportAgent, createTools, type ScriptedCall } from '@behalf/example-agent'
import { type Apis, createStage, type Person } from '@behalf/example-stage'
import { onBehalfOf } from '@behalf/langchain'
import type { RunnableConfig } from '@langchain/core/runnables'
import { Command, MemorySaver } from '@langchain/langgraph'
import { decodeJwt, type JWTPayload } from 'jose'
import { vi } from 'vitest'
import { type Run, runOf } from './run.js'

export const ada = 'user_8f2c1d'
export const bob = 'user_41b7aa'

/** A request that the agent's process sent. */
export interface SentRequest {
  readonly url: string
  readonly method: string
  readonly headers: Headers
  readonly body: string
}

export interface Conversation {
  readonly model: ReturnType<typeof createScriptedModel>
  say(text: string, config?: RunnableConfig): Promise<Run>
  resume(value: unknown): Promise<Run>
  /** Everything that was kept, as text. */
  checkpoints(): string
}

/** The example on its stage, with everything it sends written down. */
export interface Scene {
  readonly issuer: string
  readonly context: AuthServer['context']
  readonly apis: Apis
  readonly client: DelegationClient
  readonly sent: SentRequest[]
  /** Done before each request is sent. */
  before: (request: SentRequest) => Promise<void>
  /** Someone talks to the agent, whose model calls these tools, list after list. */
  talk(subject: string, thread: string, steps: readonly (readonly ScriptedCall[])[]): Promise<Conversation>
  /** Requests that APIs got, with the claims of their tokens. */
  calls(): readonly (SentRequest & { readonly claims: JWTPayload })[]
  /** The token of a person, from their sign-in at the agent's application. */
  tokenOf(subject: string): Promise<string>
  /** Signs them in anew. */
  signIn(subject: string): Promise<string>
  /** The decision of an API about a call, as soon as it is in the trail. */
  decisionOf(traceId: string): Promise<DecisionEvent>
  close(): Promise<void>
}

export async function createScene(): Promise<Scene> {
  const sent: SentRequest[] = []
  const send: typeof fetch = async (input, init = {}) => {
    const request = {
      url: input instanceof Request ? input.url : String(input),
      method: init.method ?? 'GET',
      headers: new Headers(init.headers),
      body: init.body instanceof URLSearchParams || typeof init.body === 'string' ? String(init.body) : '',
    }
    await scene.before(request)
    sent.push(request)
    return fetch(input, init)
  }
  const { authority, apis, support, people, close } = await createStage({ send })
  const { issuer, context } = authority
  const tools = createTools(apis, support.client)
  const personOf = (subject: string): Person => (subject === ada ? people.ada : people.bob)

  const scene: Scene = {
    issuer,
    context,
    apis,
    client: support.client,
    sent,
    tokenOf: (subject) => support.subjectToken(personOf(subject)),
    signIn: (subject) => support.subjectToken(personOf(subject), 0),
    decisionOf: (traceId) =>
      vi.waitUntil(async () => {
        const { events } = await context.audit.search({ trace: traceId, type: 'access.decision' }, { limit: 1 })
        return events.at(0) as DecisionEvent | undefined // as the API wrote it
      }),
    close,
    before: async () => {},
    talk: async (subject, thread, steps) => {
      const model = createScriptedModel(steps)
      const saver = new MemorySaver()
      const agent = createSupportAgent(model, tools, saver)
      const token = await scene.tokenOf(subject)
      const configure = (config: RunnableConfig = {}) =>
        onBehalfOf(token, { ...config, configurable: { thread_id: thread } })
      return {
        model,
        say: async (text, config) =>
          runOf(await agent.invoke({ messages: [{ role: 'user', content: text }] }, configure(config))),
        checkpoints: () => JSON.stringify([saver.storage, saver.writes], textOf),
        resume: async (value) => runOf(await agent.invoke(new Command({ resume: value }), configure())),
      }
    },
    calls: () =>
      sent
        .filter(({ url }) => !url.startsWith(issuer))
        .map((request) => {
          const [, token = ''] = request.headers.get('authorization')?.split(' ') ?? []
          return { ...request, claims: decodeJwt(token) }
        }),
  }
  return scene
}

function textOf(_name: string, value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString() : value
}

export const call = (id: string, name: string, args: ScriptedCall['args'] = {}): ScriptedCall => ({ id, name, args })
