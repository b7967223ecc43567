import { type TrailEvent, toOcsf } from '@behalf/audit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { faultsOf } from '../../audit/ocsf-schema.js'
import { type OpenScene, onEveryGround } from './grounds.js'
import { agentSample } from './sample.js'
import { audienceOf, type Scene } from './scene.js'

onEveryGround(suite)

const trace = { trace_id: 'a'.repeat(32), span_id: 'b'.repeat(16) }
const own = { client: { id: 'assistant' }, resource: { aud: audienceOf('koa') }, txn: 'task_9', trace }
const tool = { name: 'get_billing', call_id: 'call_9' }
const run = { id: 'run_1' }

/** One call of a tool, as the SDK tells it. */
function callOfTool(): readonly ReturnType<typeof agentSample>[] {
  const bare = { decision: undefined, reason: undefined, mode: undefined, token: undefined, requested: undefined }
  const ended = { ...own, tool, run, ...bare, granted: undefined }
  return [
    agentSample({ ...ended, type: 'tool.started', duration_ms: undefined }),
    agentSample({ ...own, tool, type: 'token.requested' }),
    agentSample({ ...own, tool, type: 'token.reused' }),
    agentSample({
      ...own,
      type: 'token.requested',
      tool: undefined,
      token: undefined,
      granted: undefined,
      decision: 'deny',
      reason: { code: 'invalid_scope' },
    }),
    agentSample({ ...ended, type: 'tool.finished', decision: 'error', reason: { code: 'tool_failed' } }),
    agentSample({
      ...ended,
      type: 'audit.dropped',
      dropped: 3,
      tool: undefined,
      run: undefined,
      duration_ms: undefined,
    }),
  ]
}

function suite(open: OpenScene): void {
  let scene: Scene
  let token: string
  const events = callOfTool()

  beforeAll(async () => {
    scene = await open()
    token = await scene.direct('assistant')
    expect((await scene.post(events, token)).json).toEqual({ stored: events.length, duplicates: 0 })
  })
  afterAll(() => scene.close())

  it('are kept once, under the name of the client and of its agent', async () => {
    expect((await scene.post(events, token)).json).toEqual({ stored: 0, duplicates: events.length })
    for (const { id, type } of events) {
      expect(await scene.kept(id)).toMatchObject([
        {
          type,
          client: { id: 'assistant' },
          actor: { id: 'agent:assistant', iss: scene.server.issuer, profile: 'ai_agent' },
          observer: { client: 'assistant', service: 'assistant', instance: 'unnamed' },
          integrity: { chain: expect.stringMatching(/^api:assistant\/assistant\/unnamed\//) },
        },
      ])
    }
  })

  it.each([
    ['task', 'transaction=task_9', 5],
    ['agent', 'actor=agent:assistant&from=1', 6],
    ['client', 'client=assistant&type=token.requested', 2],
    ['API', `resource=${audienceOf('koa')}&reason=tool_failed`, 1],
    ['call of a tool', 'toolCall=call_9', 4],
    ['trace', `trace=${trace.trace_id}`, 5],
  ])('are found by their %s', async (_, query, count) => {
    const { json } = await scene.admin(`/audit/events?${query}`)
    expect(
      json.items.filter(({ observer }: { observer: { client?: string } }) => observer.client === 'assistant'),
    ).toHaveLength(count)
  })

  it('lead from the call of a tool to what the API decided', async () => {
    const koa = await scene.start('koa')
    const access = await scene.delegate('koa', 'task_9')
    expect(await koa.get('/read', access, `00-${trace.trace_id}-${trace.span_id}-01`)).toBe(200)
    await koa.sink.flush()
    const call = await scene.admin('/audit/events?toolCall=call_9&limit=1')
    const [first] = call.json.items
    const { json } = await scene.admin(`/audit/events?trace=${first.trace.trace_id}&type=access.decision`)
    expect(json.items).toMatchObject([{ decision: 'allow', observer: { client: 'koa-api' } }])
  })

  it('are valid OCSF', async () => {
    const kept = await scene.admin('/audit/events?client=assistant')
    const items: readonly TrailEvent[] = kept.json.items
    const mapped = items.map((event) => toOcsf(event))
    expect(mapped.length).toBeGreaterThan(events.length)
    expect(mapped.flatMap((event) => faultsOf(event))).toEqual([])
    const started = mapped.find(({ metadata }) => metadata.event_code === 'tool.started')
    expect(started).toMatchObject({
      class_uid: 6003,
      ai_agent: { uid: 'agent:assistant' },
      metadata: { correlation_uid: 'task_9' },
      unmapped: { tool },
    })
  })

  describe('are refused', () => {
    it.each<[string, string, object]>([
      ['client_of_another', 'in the name of another client', { client: { id: 'support' } }],
      [
        'client_of_another',
        'that tell of losses of another',
        { type: 'audit.dropped', dropped: 1, client: { id: 'support' } },
      ],
      [
        'resource_of_another',
        'that tell of losses of an API',
        { type: 'audit.dropped', dropped: 1, client: undefined },
      ],
      ['malformed', 'without a client', { client: undefined }],
      ['malformed', 'without an API', { resource: undefined }],
      ['malformed', 'of a tool without a name', { type: 'tool.started', tool: { call_id: 'call_1' } }],
      ['malformed', 'of a tool that ended without an outcome', { type: 'tool.finished', decision: undefined }],
      ['malformed', 'with a trace that is none', { trace: { trace_id: 'x', span_id: 'y' } }],
      ['malformed', 'of a type that no agent writes', { type: 'delegation.issued' }],
      ['malformed', 'with a code that is a sentence', { reason: { code: 'it failed: eyJ' } }],
      ['malformed', 'with a token in place of its digest', { token: { sha256: `e${'x'.repeat(300)}`, iss: 'x' } }],
      ['time_ahead', 'of tomorrow', { time: new Date(Date.now() + 86_400_000).toISOString() }],
    ])('as %s, those %s, and the others are kept', async (code, _, change) => {
      const [good, bad] = [agentSample(), agentSample(change)]
      expect((await scene.post([bad, good], token)).json).toMatchObject({ stored: 1, refused: [{ index: 0, code }] })
      expect([await scene.kept(bad.id), await scene.kept(good.id)]).toMatchObject([[], [{}]])
    })

    it('from an application of people, and from an agent that may not write', async () => {
      await expect(scene.direct('idle')).rejects.toThrow('invalid_scope')
      await expect(scene.direct('app')).rejects.toThrow()
    })
  })

  it('keep who they are of, what they do not know, and no more', async () => {
    const event = agentSample({ actor: { id: 'agent:other' }, subject: { id: 'alice' }, arguments: { secret: 1 } })
    await scene.post([event], token)
    const [kept] = await scene.kept(event.id)
    expect(kept).toMatchObject({ actor: { id: 'agent:assistant' } })
    expect(kept).not.toHaveProperty('subject')
    expect(kept).not.toHaveProperty('arguments')
  })
}
