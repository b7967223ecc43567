import {
  type DelegatedCall,
  type DelegationClient,
  DelegationError,
  type DelegationRequest,
  InteractionRequiredError,
} from '@behalf/agent'
import { delegatedTool, onBehalfOf, refusalOf } from '@behalf/langchain'
import { AIMessage, ToolMessage } from '@langchain/core/messages'
import type { RunnableConfig } from '@langchain/core/runnables'
import { fakeModel } from '@langchain/core/testing'
import { createAgent } from 'langchain'
import { beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { runOf } from './run.js'

const resource = 'https://billing.example.com'
const token = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ1c2VyXzhmMmMxZCJ9.c2lnbmF0dXJl'
const runId = '0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d'
const consent = { kind: 'consent', uri: 'https://auth.example.com/approvals', approvalId: 'apr_1' } as const

/** A client that answers as it is told, and writes down what it is asked. */
const calls: { readonly url: string; readonly call: DelegatedCall }[] = []
let answer: () => Response | Promise<Response>
const client: DelegationClient = {
  fetch: async (url, call) => {
    calls.push({ url: String(url), call })
    return answer()
  },
  getDelegationToken: async (request: DelegationRequest) => {
    calls.push({ url: '', call: request })
    return { accessToken: 'secret', tokenType: 'Bearer', resource, scope: [], expiresAt: 0 }
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

const readPlan = delegatedTool(async (_, { fetch }) => (await fetch('/plan')).text(), {
  name: 'read_plan',
  description: 'Reads the plan.',
  schema: z.object({}),
  delegation: { client, resource },
})

const toolCall = (args: Record<string, unknown> = {}, id = 'call_1') =>
  ({ type: 'tool_call', name: 'read_plan', args, id }) as const

async function called(config: RunnableConfig = onBehalfOf(token)): Promise<ToolMessage> {
  const message: unknown = await readPlan.invoke(toolCall(), config)
  if (!ToolMessage.isInstance(message)) throw new Error('a call of a model is answered by a message')
  return message
}

describe('what is asked for', () => {
  it('is a token for the person of the run, this tool and this API', async () => {
    expect((await called(onBehalfOf(token, { configurable: { thread_id: 'ticket-1' } }))).text).toBe('{"plan":"Team"}')
    expect(calls).toMatchObject([
      {
        url: 'https://billing.example.com/plan',
        call: { resource, tool: 'read_plan', subjectToken: token, transaction: 'thread:ticket-1' },
      },
    ])
    expect(Object.keys(calls[0]?.call ?? {}).toSorted()).toEqual([
      'apiUrl',
      'headers',
      'resource',
      'subjectToken',
      'tool',
      'toolCallId',
      'traceparent',
      'transaction',
    ])
  })

  it('is what the delegation says, with the record from the arguments', async () => {
    const refund = delegatedTool(async (_, { getToken }) => (await getToken()).tokenType, {
      name: 'refund',
      description: 'Refunds.',
      schema: z.object({ charge: z.string() }),
      delegation: {
        client,
        resource: 'urn:example:refunds',
        url: 'https://refunds.example.com',
        tool: 'refund_charge',
        scope: ['refunds:write'],
        singleUse: true,
        details: ({ charge }) => [{ type: 'refund', identifier: charge }],
      },
    })
    expect(await refund.invoke({ charge: 'ch_1' }, onBehalfOf(token, {}, { transaction: 'task-1' }))).toBe('Bearer')
    expect(calls.map(({ call }) => call)).toEqual([
      {
        resource: 'urn:example:refunds',
        tool: 'refund_charge',
        scope: ['refunds:write'],
        singleUse: true,
        details: [{ type: 'refund', identifier: 'ch_1' }],
        transaction: 'task-1',
        subjectToken: token,
        traceparent: expect.any(String),
      },
    ])
  })

  it('is a token of the agent where the tool says so, also in the run of a person', async () => {
    const own = delegatedTool(async (_, { fetch }) => (await fetch('/status')).text(), {
      name: 'status',
      description: 'Status.',
      schema: z.object({}),
      delegation: { client, resource, actsFor: 'agent' },
    })
    await own.invoke({}, onBehalfOf(token))
    await own.invoke({})
    await called()
    expect(calls.map(({ call }) => 'subjectToken' in call)).toEqual([false, false, true])
  })

  it('works for a schema in JSON too', async () => {
    const find = delegatedTool(async ({ id }, { fetch }) => (await fetch(`/plans/${String(id)}`)).text(), {
      name: 'find_plan',
      description: 'Finds a plan.',
      schema: { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] },
      delegation: { client, resource },
    })
    expect(await find.invoke({ id: 'team' }, onBehalfOf(token))).toBe('{"plan":"Team"}')
    await expect(find.invoke({}, onBehalfOf(token))).rejects.toThrow('schema')
    expect(calls.map(({ url }) => url)).toEqual(['https://billing.example.com/plans/team'])
  })

  it('goes to the origin of the API alone', async () => {
    const open = delegatedTool(async ({ url }, { fetch }) => (await fetch(url)).text(), {
      name: 'open',
      description: 'Opens.',
      schema: z.object({ url: z.string() }),
      delegation: { client, resource, url: 'https://billing.internal:8443/v1/' },
    })
    for (const url of [
      'https://evil.example.com/',
      '//evil.example.com/',
      'https://billing.internal/',
      'http://billing.internal:8443/',
    ]) {
      await expect(open.invoke({ url }, onBehalfOf(token))).rejects.toThrow('another origin')
    }
    expect(calls).toEqual([])
    await open.invoke({ url: 'plan' }, onBehalfOf(token))
    expect(calls.map(({ url }) => url)).toEqual(['https://billing.internal:8443/v1/plan'])
  })

  it('needs to know where the API is', () => {
    const fields = { name: 'x', description: 'X.', schema: z.object({}) }
    const create = (url?: string) =>
      delegatedTool(async () => '', {
        ...fields,
        delegation: { client, resource: 'urn:example:api', ...(url && { url }) },
      })
    expect(() => create()).toThrow(expect.objectContaining({ code: 'configuration' }))
    expect(() => create('billing')).toThrow(expect.objectContaining({ code: 'configuration' }))
    expect(create('https://billing.example.com').name).toBe('x')
  })
})

describe('a call that is not made', () => {
  const error = (code: string, isTransient = false) => new DelegationError(code, 'SECRET', { isTransient })
  it.each([
    ['refused', 'invalid_scope', 'not allowed'],
    ['refused', 'access_denied', 'not allowed'],
    ['refused', 'invalid_target', 'not allowed'],
    ['refused', 'a_code_of_tomorrow', 'not allowed'],
    ['ended', 'invalid_grant', 'has ended'],
    ['ended', 'invalid_request', 'has ended'],
    ['unavailable', 'server_unavailable', 'out of order'],
    ['unavailable', 'key_unavailable', 'out of order'],
  ] as const)('is %s after %s: the model is told so in a constant text', async (outcome, code, words) => {
    answer = fails(error(code))
    const message = await called()
    expect(message).toMatchObject({ status: 'error', tool_call_id: 'call_1', name: 'read_plan' })
    expect(message.text).toContain(words)
    expect(message.text).not.toContain('SECRET')
    expect(refusalOf(message)).toEqual({ type: 'behalf-refusal', outcome, tool: 'read_plan', code })
    expect(calls).toHaveLength(1)
  })

  it('is unavailable where a moment may help', async () => {
    answer = fails(error('temporarily_unavailable', true))
    expect(refusalOf(await called())).toMatchObject({ outcome: 'unavailable' })
  })

  it.each([
    [
      403,
      { code: 'scope_insufficient', title: 'SECRET' },
      { outcome: 'refused', status: 403, reason: 'scope_insufficient' },
    ],
    [403, { code: 'SECRET words for the model' }, { outcome: 'refused', status: 403 }],
    [403, 'SECRET', { outcome: 'refused', status: 403 }],
    [401, { code: 'token_revoked' }, { outcome: 'ended', status: 401, reason: 'token_revoked' }],
  ])('is refused by an API with %i %j', async (status, body, refusal) => {
    answer = () => Response.json(body, { status })
    const message = await called()
    const code = status === 403 ? 'access_refused' : 'token_refused'
    expect(refusalOf(message)).toEqual({ type: 'behalf-refusal', tool: 'read_plan', code, ...refusal })
    expect(message.text).not.toContain('SECRET')
    expect(calls).toHaveLength(1)
  })

  it.each([200, 404, 409, 500, 503])('is not: %i is an answer the tool reads', async (status) => {
    answer = () => new Response('what the API says', { status })
    expect(await called()).toMatchObject({ status: 'success', text: 'what the API says' })
  })

  it('rejects where code called the tool, with the error itself', async () => {
    answer = fails(error('invalid_scope'))
    await expect(readPlan.invoke({}, onBehalfOf(token))).rejects.toMatchObject({
      name: 'DelegationError',
      code: 'invalid_scope',
    })
    answer = () => new Response(null, { status: 403 })
    await expect(readPlan.invoke({}, onBehalfOf(token))).rejects.toMatchObject({ code: 'access_refused' })
    await expect(readPlan.invoke({})).rejects.toMatchObject({ code: 'subject_missing' })
  })

  it('leaves what is no refusal alone: a fault of the tool, the network, an end from outside', async () => {
    for (const thrown of [new RangeError('a fault'), new TypeError('fetch failed'), error('aborted')]) {
      answer = fails(thrown)
      await expect(called()).rejects.toBe(thrown)
    }
  })

  it('fits a tool that answers with an artifact', async () => {
    const both = delegatedTool(async (_, { fetch }) => ['done', (await fetch('/plan')).status], {
      name: 'both',
      description: 'Both.',
      schema: z.object({}),
      responseFormat: 'content_and_artifact',
      delegation: { client, resource },
    })
    expect(await both.invoke(toolCall(), onBehalfOf(token))).toMatchObject({ text: 'done', artifact: 200 })
    answer = fails(error('invalid_scope'))
    expect(await both.invoke(toolCall(), onBehalfOf(token))).toMatchObject({
      status: 'error',
      artifact: { code: 'invalid_scope' },
    })
  })
})

describe('a person who is needed', () => {
  const needed = new InteractionRequiredError('consent_required', 'SECRET', consent)
  const signIn = new InteractionRequiredError('login_required', 'SECRET', {
    kind: 'sign_in',
    acrValues: ['2fa'],
    maxAge: 60,
  })

  it.each([
    ['consent_needed', needed, 'has to agree'],
    ['sign_in_needed', signIn, 'has to sign in again'],
  ])('is a message outside of a graph: %s', async (outcome, thrown, words) => {
    answer = fails(thrown)
    const message = await called()
    expect(message.text).toContain(words)
    expect(message.text).not.toMatch(/SECRET|apr_1|http/u)
    expect(refusalOf(message)).toMatchObject({ outcome, interaction: thrown.interaction })
  })

  it.each([
    ['agreed, once they have acted', true, { status: 'success' }, 2],
    ['declined', false, { status: 'error', artifact: { outcome: 'declined' } }, 1],
    ['answered at once for ever, and never acted', true, { artifact: { outcome: 'consent_needed' } }, 16],
  ])('is asked by an interrupt, and has %s', async (_, resumed, result, tries) => {
    const asked: unknown[] = []
    answer = () => (tries === 2 && calls.length === 2 ? new Response('done') : fails(needed)())
    const interrupt = (value: unknown): unknown => {
      asked.push(value)
      return resumed
    }
    expect(await called({ ...onBehalfOf(token), interrupt } as RunnableConfig)).toMatchObject(result)
    expect(asked[0]).toEqual({
      type: 'behalf-interaction',
      tool: 'read_plan',
      toolCallId: 'call_1',
      interaction: consent,
    })
    expect(calls).toHaveLength(tries)
  })

  it('is a message in an agent that keeps nothing to go on with, which then ends', async () => {
    answer = fails(needed)
    const model = fakeModel()
      .respondWithTools([{ name: 'read_plan', args: {}, id: 'call_1' }])
      .respond(new AIMessage('It waits.'))
    const agent = createAgent({ model, tools: [readPlan] })
    const run = runOf(await agent.invoke({ messages: [{ role: 'user', content: 'My plan?' }] }, onBehalfOf(token)))
    expect(run.answer).toBe('It waits.')
    const message = run.tools.get('call_1')
    expect(message && refusalOf(message)).toMatchObject({ outcome: 'consent_needed', interaction: consent })
    expect(calls).toHaveLength(1)
  })
})

describe('the configuration of a run', () => {
  it('keeps what it is given, and has a run id', () => {
    const given = { runId, tags: ['a'], configurable: { thread_id: '1', language: 'en' } }
    const config = onBehalfOf(token, given)
    expect(config).toMatchObject(given)
    expect(given.configurable).toEqual({ thread_id: '1', language: 'en' })
    expect(onBehalfOf(token).runId).toMatch(/^[\da-f-]{36}$/u)
  })

  it('is refused without a token, and for a transaction that no server takes', () => {
    expect(() => onBehalfOf('')).toThrow(expect.objectContaining({ code: 'subject_missing' }))
    expect(() => onBehalfOf(token, {}, { transaction: 'two words' })).toThrow(
      expect.objectContaining({ code: 'configuration' }),
    )
    expect(onBehalfOf(token, {}, { transaction: 'task-1' }).runId).toBeDefined()
  })

  it.each([
    ['the thread', { configurable: { thread_id: 'a-1' } }, {}, 'thread:a-1'],
    ['the run where there is no thread', { runId }, {}, `run:${runId}`],
    [
      'the run where the thread is no name of a task',
      { runId, configurable: { thread_id: 'two words' } },
      {},
      `run:${runId}`,
    ],
    ['the one that is named', { configurable: { thread_id: 'a-1' } }, { transaction: 'task-1' }, 'task-1'],
    ['that of the person where it says null', { configurable: { thread_id: 'a-1' } }, { transaction: null }, undefined],
  ])('belongs to a task: %s', async (_, config, options, transaction) => {
    await called(onBehalfOf(token, config, options))
    expect(calls[0]?.call.transaction).toBe(transaction)
  })

  it('asks a function for the token of each call', async () => {
    let count = 0
    const config = onBehalfOf(async () => {
      count += 1
      return `token-${count}`
    })
    await called(config)
    await called(config)
    expect(calls.map(({ call }) => call.subjectToken)).toEqual(['token-1', 'token-2'])
  })

  it('acts for nobody when it is copied out of the process', async () => {
    const config = onBehalfOf(token)
    expect(refusalOf(await called({ ...config, configurable: structuredClone(config.configurable) }))).toMatchObject({
      outcome: 'ended',
      code: 'subject_missing',
    })
    expect(calls).toEqual([])
    expect((await called({ ...config })).status).toBe('success')
  })

  it('stands beside a context that has a schema', async () => {
    const model = fakeModel()
      .respondWithTools([{ name: 'read_plan', args: {}, id: 'call_1' }])
      .respond(new AIMessage('Team.'))
    const agent = createAgent({ model, tools: [readPlan], contextSchema: z.object({ tenant: z.string() }) })
    const messages = [{ role: 'user' as const, content: 'My plan?' }]
    await agent.invoke({ messages }, { ...onBehalfOf(token), context: { tenant: 'acme' } })
    expect(calls).toMatchObject([{ call: { subjectToken: token } }])
  })

  it('hides the token from callbacks, which see what else is configured', async () => {
    const seen: unknown[] = []
    const run = async (config: RunnableConfig) => {
      seen.length = 0
      const model = fakeModel()
        .respondWithTools([{ name: 'read_plan', args: {}, id: 'call_1' }])
        .respond(new AIMessage('Team.'))
      const record = (...args: unknown[]): void => void seen.push(args)
      const callbacks = [{ handleChainStart: record, handleToolStart: record, handleToolEnd: record }]
      await createAgent({ model, tools: [readPlan] }).invoke(
        { messages: [{ role: 'user', content: 'My plan?' }] },
        { ...config, callbacks },
      )
      return JSON.stringify(seen)
    }
    expect(await run(onBehalfOf(token, { metadata: { language: 'en' } }))).toContain('"language":"en"')
    expect(JSON.stringify(seen)).not.toContain(token)
    expect(calls).toMatchObject([{ call: { subjectToken: token } }])
    expect(await run({ metadata: { token } })).toContain(token)
  })
})

describe('what travels with a call', () => {
  const headersOf = (index = 0) => new Headers(calls[index]?.call.headers)

  it('is a trace whose id is the run, and the names of tool and call', async () => {
    await called(onBehalfOf(token, { runId }))
    expect(calls[0]?.call.traceparent).toMatch(new RegExp(`^00-${runId.replaceAll('-', '')}-[\\da-f]{16}-01$`, 'u'))
    expect(headersOf().get('baggage')).toBe(
      `gen_ai.tool.name=read_plan,gen_ai.tool.call.id=call_1,langchain.run_id=${runId}`,
    )
  })

  it('goes on with a trace that was begun before', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00'
    await called(onBehalfOf(token, {}, { traceparent }))
    expect(calls[0]?.call.traceparent).toMatch(
      /^00-4bf92f3577b34da6a3ce929d0e0e4736-(?!00f067aa0ba902b7)[\da-f]{16}-00$/u,
    )
  })

  it('is cut and escaped where a model wrote it', async () => {
    await readPlan.invoke(toolCall({}, `a,b=c\r\n\ud800${'x'.repeat(500)}`), onBehalfOf(token))
    const [, id = ''] = /tool\.call\.id=([^,]*)/u.exec(headersOf().get('baggage') ?? '') ?? []
    expect(decodeURIComponent(id)).toBe(`a,b=c\r\n${'x'.repeat(120)}`)
  })

  it('leaves headers of the tool as they are', async () => {
    const post = delegatedTool(
      async (_, { fetch }) =>
        (
          await fetch('/x', {
            method: 'POST',
            body: '{}',
            headers: { 'content-type': 'application/json', baggage: 'own=1' },
          })
        ).text(),
      { name: 'post', description: 'Posts.', schema: z.object({}), delegation: { client, resource } },
    )
    await post.invoke({}, onBehalfOf(token))
    expect(calls[0]?.call).toMatchObject({ method: 'POST', body: '{}' })
    expect(Object.fromEntries(headersOf())).toEqual({
      baggage: 'own=1',
      'content-type': 'application/json',
    })
  })
})
