import type { AgentAuditSink, AgentEvent } from '@behalf/agent'
import { type AgentActivity, type HttpSink, httpSink, toOcsf } from '@behalf/audit'
import { afterEach, describe, expect, it } from 'vitest'
import { faultsOf } from './ocsf-schema.js'
import { decision, startTrail, type Trail, type TrailAnswer } from './trail.js'

const open: (() => Promise<void>)[] = []

afterEach(async () => {
  await Promise.all(open.splice(0).map((close) => close()))
})

async function scene(answer?: TrailAnswer, maxEvents = 3): Promise<{ readonly trail: Trail; readonly sink: HttpSink }> {
  const trail = await startTrail(answer)
  const sink = httpSink({ url: trail.url, token: 'token', interval: 0, closeTimeout: 300, maxEvents })
  open.push(
    () => sink.close(),
    () => trail.close(),
  )
  return { trail, sink }
}

let count = 0

/** What the SDK writes when a tool begins. */
function started(change: Partial<AgentEvent> = {}): AgentEvent {
  count += 1
  return {
    schema: 'delegation-audit/1',
    id: `01900000-0000-7000-9000-${String(count).padStart(12, '0')}`,
    time: '2026-11-21T22:30:00.123Z',
    type: 'tool.started',
    client: { id: 'support-app' },
    resource: { aud: 'https://billing.example.com' },
    tool: { name: 'get_bill', call_id: 'call_1' },
    ...change,
  } as AgentEvent // which every change here leaves it
}

describe('the events of an agent', () => {
  it('travel as those of an API do, from the sink that the SDK is given', async () => {
    const { trail, sink } = await scene()
    const given: AgentAuditSink = sink
    const event = started()
    await given.record(event)
    expect([...trail.kept.values()]).toEqual([{ ...event, observer: { instance: expect.any(String) } }])
  })

  it('that are lost are told in the name of the client, and those of an API apart', async () => {
    let isDown = true
    const { trail, sink } = await scene(() => ({ status: isDown ? 503 : 200 }))
    const results = Promise.allSettled([
      ...Array.from({ length: 5 }, () => sink.record(started())),
      ...Array.from({ length: 3 }, () => sink.record(decision())),
    ])
    expect(sink.lost).toBe(5)
    isDown = false
    await results
    await sink.flush()
    const reports = [...trail.kept.values()].flatMap((event) => (event.type === 'audit.dropped' ? [event] : []))
    expect(reports).toMatchObject([
      { dropped: 2, client: { id: 'support-app' }, resource: { aud: 'https://billing.example.com' } },
      { dropped: 3, resource: { aud: 'https://billing.example.com' } },
    ])
    expect(reports[1]).not.toHaveProperty('client')
  })

  it.each<[string, AgentActivity & object]>([
    ['a tool that begins', started()],
    [
      'a tool that failed',
      started({ type: 'tool.finished', decision: 'error', reason: { code: 'tool_failed' }, duration_ms: 1.5 }),
    ],
    [
      'a token',
      started({
        type: 'token.requested',
        decision: 'allow',
        reason: { code: 'allowed' },
        mode: 'delegated',
        token: { sha256: 'x', iss: 'https://auth.example.com', iat: 1.0001234, exp: 1e300 },
        requested: { scope: ['billing:read'] },
        granted: { scope: ['billing:read'] },
        duration_ms: 12,
      }),
    ],
  ])('are valid OCSF: %s', (_, event) => {
    const mapped = toOcsf(event)
    expect(faultsOf(mapped)).toEqual([])
    expect(mapped).toMatchObject({
      class_uid: 6003,
      type_uid: 600399,
      api: { operation: event.type, service: { uid: 'https://billing.example.com' } },
      actor: { app_uid: 'support-app' },
      unmapped: { tool: { name: 'get_bill', call_id: 'call_1' } },
    })
  })
})
