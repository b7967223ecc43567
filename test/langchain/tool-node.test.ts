import { type DelegationClient, InteractionRequiredError } from '@behalf/agent'
import { delegatedTool, type InteractionRequest, onBehalfOf, refusalOf } from '@behalf/langchain'
import { AIMessage, type ToolMessage } from '@langchain/core/messages'
import { Command, MemorySaver, MessagesAnnotation, StateGraph } from '@langchain/langgraph'
import { ToolNode } from '@langchain/langgraph/prebuilt'
import { beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { runOf } from './run.js'

/** A server that needs consent for each tool, and an API; what was done there; and the tool whose requests take longer. */
const consented = new Set<string>()
const done: string[] = []
let slow = 'pay'
const client: DelegationClient = {
  fetch: async (_url, { tool = '' }) => {
    if (tool === slow) for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate)
    if (!consented.has(tool)) {
      const consent = { kind: 'consent', uri: null, approvalId: `apr_${tool}` } as const
      throw new InteractionRequiredError('consent_required', 'The person has to agree.', consent)
    }
    done.push(tool)
    return new Response('done')
  },
  getDelegationToken: () => Promise.reject(new Error('nobody asks')),
  forget: () => {},
  close: async () => {},
}
beforeEach(() => {
  consented.clear()
  done.length = 0
})

const toolOf = (name: string) =>
  delegatedTool(async (_, { fetch }) => (await fetch('/')).text(), {
    name,
    description: 'Moves money.',
    schema: z.object({}),
    delegation: { client, resource: 'https://bank.example.com' },
  })

const names = ['pay', 'refund'] as const
const callOf = (name: string) => ({ type: 'tool_call', name, args: {}, id: `call_${name}` }) as const

interface Step {
  /** What the run waits for. */
  readonly waits: readonly string[]
  /** How each call ended, by tool: `done`, or the outcome of its refusal. */
  readonly endings: Readonly<Record<string, string>>
}

/** Two calls in one task of a graph. */
function createTalk(): { start(): Promise<Step>; resume(value: unknown): Promise<Step> } {
  const graph = new StateGraph(MessagesAnnotation)
    .addNode('tools', new ToolNode(names.map(toolOf)))
    .addEdge('__start__', 'tools')
    .compile({ checkpointer: new MemorySaver() })
  const step = async (input: Parameters<typeof graph.invoke>[0]): Promise<Step> => {
    const run = runOf(await graph.invoke(input, onBehalfOf('token', { configurable: { thread_id: 'one' } })))
    return {
      waits: run.interrupts.map(({ value }) => (value as InteractionRequest).tool), // nothing else interrupts here
      endings: Object.fromEntries([...run.tools.values()].map((message) => [message.name, endingOf(message)])),
    }
  }
  const messages = [new AIMessage({ content: '', tool_calls: names.map(callOf) })]
  return { start: () => step({ messages }), resume: (value) => step(new Command({ resume: value })) }
}

const endingOf = (message: ToolMessage): string => refusalOf(message)?.outcome ?? message.text

describe.each(names)('two calls that wait in one task, %s being the slower one', (slower) => {
  beforeEach(() => {
    slow = slower
  })

  it.each([
    ['pay', 'refund'],
    ['refund', 'pay'],
  ])('a no to %s and a yes to %s stay theirs, whichever is asked first', async (no, yes) => {
    const talk = createTalk()
    let step = await talk.start()
    expect(step.waits).toHaveLength(1)
    consented.add(yes)
    const answers = { [`call_${no}`]: false, [`call_${yes}`]: true }
    for (let turn = 0; turn < 3 && step.waits.length > 0; turn += 1) step = await talk.resume(answers)
    expect(step).toEqual({ waits: [], endings: { [no]: 'declined', [yes]: 'done' } })
    expect(new Set(done)).toEqual(new Set([yes]))
  })

  it.each(names)('an answer to another call is none to %s: it is asked again', async (name) => {
    const talk = createTalk()
    await talk.start()
    const others = await talk.resume({ call_of_another: false })
    expect(others.waits).toHaveLength(1)
    consented.add('pay').add('refund')
    expect((await talk.resume({ [`call_${name}`]: true })).endings).toEqual({ pay: 'done', refund: 'done' })
  })

  it('a no that says not to which call leads to no call that the server has no consent for', async () => {
    const talk = createTalk()
    let step = await talk.start()
    for (const answer of [false, true, true, false]) {
      if (step.waits.length > 0) step = await talk.resume(answer)
      expect(done).toEqual([])
    }
  })

  it('but what the server has consent for is done, whatever was said here', async () => {
    const talk = createTalk()
    await talk.start()
    consented.add('pay').add('refund')
    expect(await talk.resume(true)).toEqual({ waits: [], endings: { pay: 'done', refund: 'done' } })
  })
})
