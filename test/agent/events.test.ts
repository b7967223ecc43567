import { createHash } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import type { AgentAuditSink, AgentEvent, AgentWarning, DelegationClientOptions, TokenEvent } from '@behalf/agent'
import { SignJWT } from 'jose'
import { describe, expect, test, vi } from 'vitest'
import { billing, createStub, issued, json, type StubOptions, serverUrl } from './stub.js'

const subjectToken = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJlIG9mIGFkYQ'
const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
const trace = { trace_id: '4bf92f3577b34da6a3ce929d0e0e4736', span_id: '00f067aa0ba902b7' }
const ask = { resource: billing, scope: 'billing:read', subjectToken }

/** A stub whose client writes its events down. */
function createRecorded(given: StubOptions = {}, options: Partial<DelegationClientOptions> = {}) {
  const events: AgentEvent[] = []
  const warnings: AgentWarning[] = []
  const stub = createStub({
    ...given,
    options: {
      audit: (event) => void events.push(event),
      onWarning: (warning) => void warnings.push(warning),
      ...given.options,
      ...options,
    },
  })
  return { ...stub, events, warnings }
}

const outcomes = (events: readonly AgentEvent[]): readonly unknown[] =>
  events.map((event) => [event.type, 'reason' in event ? event.reason.code : undefined])

const tokenJwt = await new SignJWT({ jti: 'token-1', iat: 1_700_000_000, exp: 1_700_000_060, sub: 'ada' })
  .setProtectedHeader({ alg: 'HS256' })
  .sign(new Uint8Array(32))

describe('a token that is asked for', () => {
  test('is an event that says what for, and what came of it', async () => {
    const { client, events, clock } = createRecorded({
      issue: (request) => issued(request, { access_token: tokenJwt }),
    })
    const call = { ...ask, tool: 'get_plan', toolCallId: 'call_1', transaction: 'task-1', traceparent }
    await client.getDelegationToken(call)
    await client.close()
    expect(events).toEqual([
      {
        schema: 'delegation-audit/1',
        id: expect.stringMatching(/^018bcfe5-6800-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/u),
        time: new Date(clock.now).toISOString(),
        type: 'token.requested',
        decision: 'allow',
        reason: { code: 'allowed' },
        client: { id: 'support-app' },
        mode: 'delegated',
        token: {
          sha256: createHash('sha256').update(tokenJwt).digest().subarray(0, 16).toString('base64url'),
          iss: serverUrl,
          jti: 'token-1',
          iat: 1_700_000_000,
          exp: 1_700_000_060,
        },
        requested: { scope: ['billing:read'] },
        granted: { scope: ['billing:read'] },
        resource: { aud: billing },
        tool: { name: 'get_plan', call_id: 'call_1' },
        txn: 'task-1',
        trace,
        duration_ms: expect.any(Number),
      },
    ])
  })

  test('says less where less is known', async () => {
    const { client, events, clock } = createRecorded({
      issue: (request) => issued(request, { token_type: 'DPoP', scope: undefined }),
      options: { dpop: true },
    })
    await client.getDelegationToken({ resource: billing })
    await client.close()
    const [event] = events as readonly TokenEvent[]
    expect(event).toMatchObject({ mode: 'direct', requested: {}, granted: { scope: [] } })
    expect(event?.token).toEqual({
      sha256: expect.any(String),
      iss: serverUrl,
      exp: clock.now / 1000 + 60,
      bound: 'dpop',
    })
    for (const name of ['tool', 'txn', 'trace']) expect(event).not.toHaveProperty(name)
  })

  test('is another event each time it is used again, and when a hundred wait for one', async () => {
    const { client, events } = createRecorded()
    await Promise.all(Array.from({ length: 100 }, () => client.getDelegationToken(ask)))
    await client.getDelegationToken({ ...ask, singleUse: true })
    await client.close()
    const count = (type: string) => events.filter((event) => event.type === type).length
    expect([count('token.requested'), count('token.reused')]).toEqual([2, 99])
    const tokens = events.map((event) => ('token' in event ? event.token?.sha256 : undefined))
    expect(new Set(tokens).size).toBe(1) // the stub's tokens say what for, and are alike
    expect(new Set(events.map(({ id }) => id)).size).toBe(101)
  })

  test('is asked for anew when an API refuses it', async () => {
    const { client, events } = createRecorded({
      issue: (request, count) => issued(request, { access_token: `token-${count}` }),
      api: (_, count) =>
        count === 1
          ? new Response('', { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } })
          : json({}),
    })
    await client.fetch('/plan', ask)
    await client.close()
    expect(outcomes(events)).toEqual([
      ['token.requested', 'allowed'],
      ['token.requested', 'allowed'],
    ])
  })

  test.each<readonly [string, string, StubOptions]>([
    ['invalid_scope', 'deny', { issue: () => json({ error: 'invalid_scope' }, 400) }],
    ['consent_required', 'deny', { issue: () => json({ error: 'consent_required' }, 400) }],
    ['invalid_client', 'deny', { issue: () => json({ error: 'invalid_client' }, 401) }],
    ['slow_down', 'error', { issue: () => json({ error: 'slow_down' }, 429, { 'retry-after': '9' }) }],
    ['server_unavailable', 'error', { issue: () => json({}, 503, { 'retry-after': '9' }) }],
    ['server_misbehaves', 'error', { issue: () => json({}) }],
    ['key_unavailable', 'error', { options: { key: () => Promise.reject(new Error('SECRET')) } }],
  ])('and not had is an event too: %s', async (code, decision, options) => {
    const { client, events } = createRecorded(options)
    await expect(client.getDelegationToken(ask)).rejects.toMatchObject({ code })
    await client.close()
    expect(events).toMatchObject([{ type: 'token.requested', decision, reason: { code } }])
    expect(events[0]).not.toHaveProperty('token')
    expect(events[0]).not.toHaveProperty('granted')
  })

  test('so is the memory of a refusal, and a caller that gave up', async () => {
    const { client, events } = createRecorded({ issue: () => json({ error: 'invalid_scope' }, 400) })
    for (const signal of [undefined, undefined, AbortSignal.abort()])
      await client.getDelegationToken({ ...ask, ...(signal && { signal }) }).catch(() => {})
    await client.close()
    expect(outcomes(events)).toEqual([
      ['token.requested', 'invalid_scope'],
      ['token.reused', 'invalid_scope'],
      ['token.requested', 'aborted'],
    ])
  })
})

describe('a trace', () => {
  test('goes to the auth server, to the API and into the event', async () => {
    const { client, events, tokenRequests, apiRequests } = createRecorded()
    await client.fetch('/plan', { ...ask, traceparent })
    await client.fetch('/plan', { ...ask, headers: { traceparent } })
    await client.close()
    expect(tokenRequests.map(({ headers }) => headers.get('traceparent'))).toEqual([traceparent])
    expect(apiRequests.map(({ headers }) => headers.get('traceparent'))).toEqual([traceparent, traceparent])
    expect(events.map((event) => event.trace)).toEqual([trace, trace])
  })

  test.each(['garbage', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, `${traceparent}${'-'.repeat(100)}`, 'a\nb'])(
    'that is none goes nowhere: %j',
    async (none) => {
      const { client, events, tokenRequests, apiRequests } = createRecorded()
      await client.fetch('/plan', { ...ask, traceparent: none })
      await client.close()
      expect(tokenRequests[0]?.headers.get('traceparent')).toBeNull()
      expect(apiRequests[0]?.headers.get('traceparent')).toBeNull()
      expect(events[0]).not.toHaveProperty('trace')
    },
  )
})

describe('an event', () => {
  test('holds no token, and no key to anything', async () => {
    const { client, events } = createRecorded({ issue: (request) => issued(request, { access_token: tokenJwt }) })
    await client.fetch('/plan', { ...ask, body: 'SECRET', method: 'POST' })
    await client.close()
    expect(events).toHaveLength(1)
    const text = JSON.stringify(events)
    for (const part of ['SECRET', ...subjectToken.split('.'), ...tokenJwt.split('.')]) expect(text).not.toContain(part)
  })

  test('is small, and clean, whatever it is told', async () => {
    const long = `a\u0000b\u202e\u001b[31m\ud800"\\${'x'.repeat(5_000)}`
    const { client, events } = createRecorded({
      issue: (request) => issued(request, { access_token: tokenJwt }),
      options: { clientId: long },
    })
    const scope = Array.from({ length: 500 }, (_, index) => `scope-${index}-${'x'.repeat(100)}`)
    await client.getDelegationToken({
      ...{ resource: billing, scope, subjectToken, tool: long, toolCallId: long, transaction: long },
    })
    client.recordTool?.({ resource: long, tool: long, toolCallId: long, runId: long, transaction: long })()
    await client.close()
    expect(events).toHaveLength(3)
    for (const event of events) {
      const text = JSON.stringify(event)
      expect(Buffer.byteLength(text)).toBeLessThan(4_096)
      expect(text).toContain('a<U+0000>b<U+202E><U+001B>[31m<U+D800>')
      expect(text).not.toMatch(/\\u|\p{Cc}|\p{Cf}|\p{Cs}/u)
    }
  })

  test('names the auth server as its tokens do', async () => {
    const issuer = 'https://auth.example.com/tenant'
    const { client, events } = createRecorded({
      options: { serverUrl: issuer },
      discover: () => json({ issuer, token_endpoint: `${serverUrl}/token` }),
    })
    await client.getDelegationToken(ask)
    await client.close()
    expect(events).toMatchObject([{ token: { iss: issuer } }])
  })
})

describe('a tool', () => {
  const facts = {
    resource: billing,
    tool: 'get_plan',
    toolCallId: 'call_1',
    runId: 'run-1',
    transaction: 'task-1',
    traceparent,
  }

  test('begins and ends, by two events', async () => {
    const { client, events } = createRecorded()
    client.recordTool?.(facts)()
    await client.close()
    const common = {
      schema: 'delegation-audit/1',
      id: expect.any(String),
      time: expect.any(String),
      client: { id: 'support-app' },
      resource: { aud: billing },
      tool: { name: 'get_plan', call_id: 'call_1' },
      run: { id: 'run-1' },
      txn: 'task-1',
      trace,
    }
    expect(events).toEqual([
      { ...common, type: 'tool.started' },
      {
        ...common,
        type: 'tool.finished',
        decision: 'allow',
        reason: { code: 'allowed' },
        duration_ms: expect.any(Number),
      },
    ])
  })

  test('ends with what went wrong', async () => {
    const { client, events } = createRecorded()
    const { DelegationError } = await import('@behalf/agent')
    const record = client.recordTool
    record?.(facts)(new DelegationError('access_refused', 'SECRET'))
    record?.(facts)(new RangeError('SECRET'))
    record?.(facts)(new DelegationError('a code of SECRET', 'SECRET'))
    await client.close()
    expect(events.filter(({ type }) => type === 'tool.finished')).toMatchObject([
      { decision: 'deny', reason: { code: 'access_refused' } },
      { decision: 'error', reason: { code: 'tool_failed' } },
      { decision: 'deny', reason: { code: 'other' } },
    ])
    expect(JSON.stringify(events)).not.toContain('SECRET')
  })

  test('is not recorded where nothing is', () => {
    expect(createStub().client.recordTool).toBeUndefined()
  })
})

describe('a sink', () => {
  test.each<readonly [string, AgentAuditSink]>([
    [
      'throws',
      {
        record: () => {
          throw new Error('full')
        },
      },
    ],
    ['rejects', { record: () => Promise.reject(new Error('full')) }],
  ])('that %s harms nobody, and is told of once, until it works again', async (_what, broken) => {
    let isBroken = true
    const kept: AgentEvent[] = []
    const audit: AgentAuditSink = {
      record: (event) => {
        if (isBroken) return broken.record(event)
        kept.push(event)
        return Promise.resolve()
      },
    }
    const { client, warnings } = createRecorded({}, { audit })
    const settle = async (): Promise<void> => {
      for (let count = 0; count < 3; count += 1) await client.getDelegationToken(ask)
      await delivered()
    }
    await settle()
    expect(warnings).toEqual([
      { code: 'audit_failed', message: 'the audit sink failed: events are lost', cause: new Error('full') },
    ])
    isBroken = false
    await settle()
    isBroken = true
    await settle()
    expect(warnings).toHaveLength(2)
    expect(kept).toHaveLength(3)
    await client.close()
  })

  test('that never answers delays nobody, and holds no more than a thousand events', async () => {
    const held: AgentEvent[] = []
    const audit = {
      record: (event: AgentEvent): Promise<void> => {
        held.push(event)
        return new Promise(() => {})
      },
    }
    const { client, warnings } = createRecorded({}, { audit })
    for (let count = 0; count < 1_100; count += 1) await client.getDelegationToken(ask)
    await delivered()
    await client.getDelegationToken(ask)
    await delivered()
    expect(held).toHaveLength(1_000)
    expect(warnings).toEqual([{ code: 'audit_dropped', message: 'the audit sink is too slow: events are lost' }])
  })

  test('is flushed and closed, once, and told nothing after', async () => {
    const told: string[] = []
    const audit = {
      record: (event: AgentEvent) => void told.push(event.type),
      flush: () => void told.push('flush'),
      close: async () => void told.push('close'),
    }
    const { client, warnings } = createRecorded({}, { audit })
    await client.getDelegationToken(ask)
    await Promise.all([client.close(), client.close()])
    await client.getDelegationToken(ask)
    expect(told).toEqual(['token.requested', 'flush', 'close'])
    expect(warnings).toEqual([{ code: 'audit_dropped', message: 'the audit sink is closed: events are lost' }])
  })

  test('that fails at the end, or a listener that does, is nobody else’s trouble', async () => {
    const audit = { record: () => {}, close: () => Promise.reject(new Error('broken')) }
    const { client, warnings } = createRecorded({}, { audit })
    await client.close()
    expect(warnings).toMatchObject([{ code: 'audit_failed', cause: new Error('broken') }])
    const onWarning = (): never => {
      throw new Error('broken too')
    }
    await createRecorded({}, { audit, onWarning }).client.close()
    await createStub().client.close()
  })

  test('that never closes holds nobody up', async () => {
    const audit = { record: () => {}, close: (): Promise<void> => new Promise(() => {}) }
    const { client, warnings } = createRecorded({}, { audit })
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const closed = client.close()
      await vi.advanceTimersByTimeAsync(5_000)
      await closed
    } finally {
      vi.useRealTimers()
    }
    expect(warnings).toMatchObject([{ code: 'audit_failed', message: expect.stringContaining('at the end') }])
  })

  test('is called after its caller went on, in order', async () => {
    const order: string[] = []
    const audit = (event: AgentEvent): void => void order.push(event.type)
    const { client } = createRecorded({}, { audit })
    const end = client.recordTool?.({ resource: billing, tool: 'x' })
    order.push('the caller goes on')
    await client.getDelegationToken(ask)
    end?.()
    await client.close()
    expect(order).toEqual(['the caller goes on', 'tool.started', 'token.requested', 'tool.finished'])
  })
})

/** Waits until what was recorded has reached the sink. */
async function delivered(): Promise<void> {
  for (let turns = 0; turns < 50; turns += 1) {
    await turn()
    await new Promise((resolve) => setTimeout(resolve, 0))
  }
}
