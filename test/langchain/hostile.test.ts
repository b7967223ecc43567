import { setImmediate as turn } from 'node:timers/promises'
import { type DelegatedCall, type DelegationClient, DelegationError, InteractionRequiredError } from '@behalf/agent'
import { delegatedTool, onBehalfOf, refusalOf } from '@behalf/langchain'
import { AIMessage, ToolMessage } from '@langchain/core/messages'
import type { RunnableConfig } from '@langchain/core/runnables'
import { fakeModel } from '@langchain/core/testing'
import { Command, MemorySaver } from '@langchain/langgraph'
import { createAgent } from 'langchain'
import { beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { runOf } from './run.js'

const resource = 'https://billing.example.com'
const ada = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJlIG9mIGFkYQ'
const bob = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJib2IifQ.c2lnbmF0dXJlIG9mIGJvYg'

const calls: DelegatedCall[] = []
let answer: (call: DelegatedCall) => Response | Promise<Response>
const client: DelegationClient = {
  fetch: async (_url, call) => {
    calls.push(call)
    return answer(call)
  },
  getDelegationToken: async () => {
    throw new Error('nobody asks for it')
  },
  forget: () => {},
  close: async () => {},
}
beforeEach(() => {
  calls.length = 0
  answer = () => Response.json({ plan: 'Team' })
})

const fails = (error: Error) => (): never => {
  throw error
}
const consent = { kind: 'consent', uri: 'https://auth.example.com/approvals', approvalId: 'apr_1' } as const
const needed = new InteractionRequiredError('consent_required', 'SECRET', consent)

const readPlan = delegatedTool(async (_, { fetch }) => (await fetch('/plan')).text(), {
  name: 'read_plan',
  description: 'Reads the plan.',
  schema: z.object({}),
  delegation: { client, resource },
})
const toolCall = (args: Record<string, unknown> = {}) =>
  ({ type: 'tool_call', name: 'read_plan', args, id: 'call_1' }) as const
const says = { messages: [{ role: 'user' as const, content: 'My plan?' }] }
const model = (...names: readonly string[]) =>
  names
    .reduce((told, name, index) => told.respondWithTools([{ name, args: {}, id: `call_${index}` }]), fakeModel())
    .respond(new AIMessage('Done.'))

/** The answer to a call of a model. */
function messageOf(value: unknown): ToolMessage {
  if (!ToolMessage.isInstance(value)) throw new Error('a call of a model is answered by a message')
  return value
}

describe('what a model writes', () => {
  it('overrides nothing of a request, in a tool that passes it on as it is', async () => {
    const careless = delegatedTool(async (init, { fetch }) => (await fetch('/plan', init)).text(), {
      name: 'careless',
      description: 'Calls.',
      schema: z.looseObject({}),
      delegation: { client, resource, scope: 'billing:read' },
    })
    const written = {
      subjectToken: bob,
      resource: 'https://thief.example.com',
      apiUrl: 'https://thief.example.com',
      scope: 'everything',
      tool: 'other',
      toolCallId: 'other',
      transaction: 'other',
      traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00',
      singleUse: false,
      details: [],
      method: 'DELETE',
    }
    await careless.invoke({ ...toolCall(written), name: 'careless' }, onBehalfOf(ada, {}, { transaction: 'task-1' }))
    expect(calls).toMatchObject([
      {
        resource,
        subjectToken: ada,
        scope: 'billing:read',
        tool: 'careless',
        toolCallId: 'call_1',
        transaction: 'task-1',
      },
    ])
    expect(calls[0]).toMatchObject({ apiUrl: new URL(resource), method: 'DELETE' })
    expect(calls[0]?.traceparent).not.toBe(written.traceparent)
    for (const name of ['singleUse', 'details']) expect(calls[0]).not.toHaveProperty(name)
  })
})

describe('the end of a run', () => {
  it('ends a call that has a signal of its own; and that signal does too', async () => {
    for (const which of ['run', 'tool'] as const) {
      const ends = { run: new AbortController(), tool: new AbortController() }
      const waits = delegatedTool(async (_, { fetch }) => (await fetch('/plan', { signal: ends.tool.signal })).text(), {
        name: 'waits',
        description: 'Waits.',
        schema: z.object({}),
        delegation: { client, resource },
      })
      const aborted = new Promise<void>((resolve) => {
        answer = ({ signal }) =>
          new Promise((_resolve, reject) => {
            signal?.addEventListener('abort', () => {
              resolve()
              reject(new DelegationError('aborted', 'The request was aborted.'))
            })
            ends[which].abort()
          })
      })
      await expect(waits.invoke({}, { ...onBehalfOf(ada), signal: ends.run.signal })).rejects.toThrow(/abort/iu)
      await aborted
    }
    expect(calls).toHaveLength(2)
  })
})

describe('the token of the person', () => {
  it('that could not be had is said in a constant text, with nothing of the reason', async () => {
    const failing = onBehalfOf(() => Promise.reject(new Error(`refresh failed: ${bob}`)))
    const message = messageOf(await readPlan.invoke(toolCall(), failing))
    expect(refusalOf(message)).toMatchObject({ outcome: 'unavailable', code: 'subject_unavailable' })
    expect(JSON.stringify(message)).not.toContain('refresh')
    const known = onBehalfOf(() => Promise.reject(new DelegationError('invalid_grant', 'over')))
    expect(refusalOf(messageOf(await readPlan.invoke(toolCall(), known)))).toMatchObject({ outcome: 'ended' })
    expect(calls).toEqual([])
  })
})

describe('an API that refuses', () => {
  it.each<readonly [string, () => string | ReadableStream | null, string | undefined]>([
    ['with a word', () => '{"code":"scope_insufficient"}', 'scope_insufficient'],
    ['without an end', () => endless(), undefined],
    ['with nothing', () => null, undefined],
    ['with no document', () => 'null', undefined],
  ])('%s is done with at once', async (_what, body, reason) => {
    answer = () => new Response(body(), { status: 403 })
    const message = messageOf(await readPlan.invoke(toolCall(), onBehalfOf(ada)))
    expect(refusalOf(message)).toMatchObject({ outcome: 'refused', status: 403 })
    expect(refusalOf(message)?.reason).toBe(reason)
  })
})

describe('an approval', () => {
  const approval = { kind: 'approval', uri: null, approvalId: 'apr_7' } as const

  it('that is needed interrupts the run, which goes on when it is there', async () => {
    answer = fails(new InteractionRequiredError('invalid_scope', 'SECRET', approval))
    const agent = createAgent({ model: model('read_plan'), tools: [readPlan], checkpointer: new MemorySaver() })
    const config = () => onBehalfOf(ada, { configurable: { thread_id: 'approval' } })
    const { interrupts } = runOf(await agent.invoke(says, config()))
    expect(interrupts).toMatchObject([{ value: { type: 'behalf-interaction', interaction: approval } }])
    answer = () => new Response('Team')
    const run = runOf(await agent.invoke(new Command({ resume: true }), config()))
    expect(run.tools.get('call_0')).toMatchObject({ status: 'success', text: 'Team' })
  })

  it('is a message where nothing can be interrupted', async () => {
    answer = fails(new InteractionRequiredError('invalid_scope', 'SECRET', approval))
    const message = messageOf(await readPlan.invoke(toolCall(), onBehalfOf(ada)))
    expect(refusalOf(message)).toMatchObject({
      outcome: 'approval_needed',
      code: 'invalid_scope',
      interaction: approval,
    })
    expect(message.text).toContain('approve it first')
  })
})

describe('a tool that streams', () => {
  const stream = delegatedTool(
    async function* (_, { fetch }) {
      yield 'asking'
      const plan = await (await fetch('/plan')).text()
      yield 'asked'
      return plan
    },
    { name: 'stream_plan', description: 'Streams.', schema: z.object({}), delegation: { client, resource } },
  )
  const called = async (config: RunnableConfig = onBehalfOf(ada)) => {
    const seen: unknown[] = []
    const callbacks = [{ handleToolEvent: (chunk: unknown) => void seen.push(chunk) }]
    const message = messageOf(await stream.invoke({ ...toolCall(), name: 'stream_plan' }, { ...config, callbacks }))
    return { message, seen }
  }

  it('says what it does, and answers', async () => {
    const { message, seen } = await called()
    expect([message.text, seen]).toEqual(['{"plan":"Team"}', ['asking', 'asked']])
  })

  it('is refused like any other, and tries again when a person has acted', async () => {
    answer = fails(new DelegationError('invalid_scope', 'SECRET'))
    const refused = await called()
    expect([refusalOf(refused.message)?.outcome, refused.seen]).toEqual(['refused', ['asking']])
    answer = () => {
      if (calls.length === 2) throw needed
      return new Response('Team')
    }
    const again = await called({ ...onBehalfOf(ada), interrupt: () => true } as RunnableConfig)
    expect([again.message.text, again.seen]).toEqual(['Team', ['asking', 'asking', 'asked']])
  })
})

describe('an agent within an agent', () => {
  const ask = (config?: RunnableConfig) =>
    delegatedTool(
      async () => {
        const agent = createAgent({ model: model('read_plan'), tools: [readPlan] })
        return runOf(await agent.invoke(says, config)).answer
      },
      { name: 'ask_expert', description: 'Asks.', schema: z.object({}), delegation: { client, resource } },
    )

  it('acts for the person of the run that it was started in', async () => {
    const agent = createAgent({ model: model('ask_expert'), tools: [ask()] })
    await agent.invoke(says, onBehalfOf(ada, { configurable: { thread_id: 'outer' } }))
    expect(calls).toMatchObject([{ subjectToken: ada, tool: 'read_plan', transaction: 'thread:outer' }])
  })

  it('acts for another person where it is told to, and the outer run goes on for its own', async () => {
    const agent = createAgent({ model: model('ask_expert', 'read_plan'), tools: [ask(onBehalfOf(bob)), readPlan] })
    await agent.invoke(says, onBehalfOf(ada))
    expect(calls.map(({ subjectToken }) => subjectToken)).toEqual([bob, ada])
  })
})

describe('a run that is streamed', () => {
  it('acts for its person, beside one that acts for another', async () => {
    const agent = (name: string) => createAgent({ model: model(name, name), tools: [readPlan] })
    const run = async (token: string): Promise<number> => {
      let chunks = 0
      for await (const _ of await agent('read_plan').stream(says, { ...onBehalfOf(token), streamMode: 'updates' })) {
        chunks += 1
        await turn()
      }
      return chunks
    }
    expect(await Promise.all([run(ada), run(bob)])).toEqual([5, 5])
    const tokens = calls.map(({ subjectToken }) => subjectToken)
    expect([tokens.filter((token) => token === ada).length, tokens.length]).toEqual([2, 4])
  })
})

describe('a run that is resumed from what was kept, by an agent that knows nothing else', () => {
  const thread = { configurable: { thread_id: 'kept' } }

  /** As another process reads it: what was kept, as text, and nothing that was in memory. */
  function revive(saver: MemorySaver): MemorySaver {
    const kept = JSON.stringify([saver.storage, saver.writes], (_name, value: unknown) =>
      value instanceof Uint8Array ? { bytes: Buffer.from(value).toString('base64') } : value,
    )
    const text = kept.replaceAll(/"bytes":"([^"]*)"/gu, (_all, bytes: string) =>
      Buffer.from(bytes, 'base64').toString(),
    )
    expect(text).toContain('My plan?')
    for (const part of ada.split('.')) expect(text).not.toContain(part)
    // what was written above
    const [storage, writes] = JSON.parse(kept, (_name, value: { readonly bytes?: string } | null) =>
      typeof value?.bytes === 'string' ? new Uint8Array(Buffer.from(value.bytes, 'base64')) : value,
    ) as [MemorySaver['storage'], MemorySaver['writes']]
    return Object.assign(new MemorySaver(), { storage, writes })
  }

  const interrupted = async (): Promise<MemorySaver> => {
    const saver = new MemorySaver()
    answer = fails(needed)
    const agent = createAgent({ model: model('read_plan'), tools: [readPlan], checkpointer: saver })
    expect(runOf(await agent.invoke(says, onBehalfOf(ada, thread))).interrupts).toHaveLength(1)
    answer = () => new Response('Team')
    calls.length = 0
    return revive(saver)
  }
  const resume = async (checkpointer: MemorySaver, config: RunnableConfig) => {
    const agent = createAgent({ model: fakeModel().respond(new AIMessage('Done.')), tools: [readPlan], checkpointer })
    return runOf(await agent.invoke(new Command({ resume: true }), config))
  }

  it('goes on for the person it is given', async () => {
    const run = await resume(await interrupted(), onBehalfOf(ada, thread))
    expect(run.tools.get('call_0')).toMatchObject({ status: 'success', text: 'Team' })
    expect(calls).toMatchObject([{ subjectToken: ada, transaction: 'thread:kept' }])
  })

  it('acts for nobody where it is given none', async () => {
    const run = await resume(await interrupted(), thread)
    const message = run.tools.get('call_0')
    expect(message && refusalOf(message)).toMatchObject({ outcome: 'ended', code: 'subject_missing' })
    expect(calls).toEqual([])
  })
})

describe('a call of a tool', () => {
  it('is one span, however many requests it makes', async () => {
    const twice = delegatedTool(async (_, { fetch }) => `${(await fetch('/a')).status}${(await fetch('/b')).status}`, {
      name: 'twice',
      description: 'Twice.',
      schema: z.object({}),
      delegation: { client, resource },
    })
    await twice.invoke({}, onBehalfOf(ada, { runId: 'no-uuid' }))
    await twice.invoke({}, onBehalfOf(ada, { runId: 'no-uuid' }))
    expect(new Set(calls.map(({ traceparent }) => traceparent)).size).toBe(2)
    expect(calls[0]?.traceparent).toBe(calls[1]?.traceparent)
  })

  it('has the headers for a call that another library makes', async () => {
    const other = delegatedTool(
      async (_, { fetch, traceHeaders }) => {
        await fetch('/plan')
        return JSON.stringify(traceHeaders)
      },
      { name: 'other', description: 'Other.', schema: z.object({}), delegation: { client, resource } },
    )
    const { traceparent, baggage } = JSON.parse(
      messageOf(await other.invoke({ ...toolCall(), name: 'other' }, onBehalfOf(ada))).text,
    )
    expect([traceparent, baggage]).toEqual([calls[0]?.traceparent, new Headers(calls[0]?.headers).get('baggage')])
  })

  it.each([`00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, 'ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'])(
    'has a trace of its own where it was given none that is one: %s',
    async (traceparent) => {
      const runId = '0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d'
      await readPlan.invoke({}, onBehalfOf(ada, { runId }, { traceparent }))
      expect(calls[0]?.traceparent).toContain(`00-${runId.replaceAll('-', '')}-`)
    },
  )
})

/** A body that goes on for as long as somebody reads it. */
function endless(): ReadableStream {
  return new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65_536)) })
}
