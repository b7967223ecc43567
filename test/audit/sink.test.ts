import { inspect } from 'node:util'
import { type HttpSink, type HttpSinkOptions, httpSink } from '@behalf/audit'
import { ConfigurationError, createResourceServer, type Warning } from '@behalf/core'
import { createTestIssuer } from '@behalf/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { decision, decisions, startTrail, type Trail, type TrailAnswer } from './trail.js'

const secret = 'a-very-secret-token'
const open: (() => Promise<void>)[] = []

afterEach(async () => {
  await Promise.all(open.splice(0).map((close) => close()))
})

async function scene(
  answer?: TrailAnswer,
  options: Partial<HttpSinkOptions> = {},
): Promise<{ readonly trail: Trail; readonly sink: HttpSink; readonly warnings: Warning[] }> {
  const trail = await startTrail(answer)
  const warnings: Warning[] = []
  const sink = httpSink({
    url: trail.url,
    token: secret,
    service: 'billing-api',
    instance: 'pod-7',
    interval: 0,
    closeTimeout: 300,
    onWarning: (warning) => warnings.push(warning),
    ...options,
  })
  open.push(
    () => sink.close(),
    () => trail.close(),
  )
  return { trail, sink, warnings }
}

describe('a sink', () => {
  it('delivers events in order, in batches, with its credentials and its name', async () => {
    const { trail, sink } = await scene(undefined, { batchEvents: 10 })
    const events = decisions(25)
    await Promise.all(events.map((event) => sink.record(event)))
    expect([...trail.kept.keys()]).toEqual(events.map(({ id }) => id))
    expect(trail.requests.map(({ length }) => length)).toEqual([10, 10, 5])
    expect(new Set(trail.authorizations)).toEqual(new Set([`Bearer ${secret}`]))
    expect([...trail.kept.values()][0]).toEqual({
      ...events[0],
      observer: { service: 'billing-api', instance: 'pod-7' },
    })
    expect([sink.pending, sink.lost]).toEqual([0, 0])
  })

  it('keeps a request within its bytes', async () => {
    const { trail, sink } = await scene(undefined, { batchBytes: 8_192 })
    await Promise.all(decisions(100).map((event) => sink.record({ ...event, purpose: 'x'.repeat(500) })))
    expect(trail.kept.size).toBe(100)
    for (const events of trail.requests) {
      expect(events.map((event) => JSON.stringify(event)).join('\n').length).toBeLessThan(8_192)
    }
  })

  it('makes a request again until it is answered, with the same ids', async () => {
    const { trail, sink, warnings } = await scene((_, __, count) => ({ status: count < 3 ? 503 : 200 }))
    const event = decision()
    await sink.record(event)
    expect(trail.requests.map((events) => events.map(({ id }) => id))).toEqual([[event.id], [event.id], [event.id]])
    expect(warnings.map(({ code }) => code)).toEqual(['audit_failed'])
    expect(sink.lost).toBe(0)
  })

  it.each([429, 503])('waits as long as a %d says', async (status) => {
    const { trail, sink } = await scene((_, __, count) =>
      count === 1 ? { status, headers: { 'retry-after': '1' } } : { status: 200 },
    )
    const before = performance.now()
    await sink.record(decision())
    expect(trail.requests).toHaveLength(2)
    expect(performance.now() - before).toBeGreaterThan(900) // never sooner; how much later is the machine's
  })

  it.each(['Thu, 01 Jan 1970 00:00:00 GMT', 'soon', ''])(
    'waits no longer for a time that is over or none: %j',
    async (after) => {
      const { trail, sink } = await scene((_, __, count) =>
        count === 1 ? { status: 503, headers: { 'retry-after': after } } : { status: 200 },
      )
      await sink.record(decision())
      expect(trail.requests).toHaveLength(2)
    },
  )

  it('says in its own word why, where the trail has none', async () => {
    const { sink } = await scene(() => ({ status: 422, body: { refused: [{ index: 0, code: 'No Word' }] } }))
    await expect(sink.record(decision())).rejects.toThrow('(refused)')
  })

  it('asks for another token when the one it has is refused', async () => {
    const renewals: boolean[] = []
    const { sink } = await scene(
      (_, { headers }) => ({ status: headers.authorization === 'Bearer second' ? 200 : 401 }),
      {
        token: ({ renew }) => {
          renewals.push(renew)
          return renew ? 'second' : 'first'
        },
      },
    )
    await sink.record(decision())
    expect(renewals).toEqual([false, true])
  })

  it('follows no redirect with its token', async () => {
    const elsewhere = await startTrail()
    open.push(() => elsewhere.close())
    const { trail, sink } = await scene((_, __, count) =>
      count === 1 ? { status: 307, headers: { location: elsewhere.url } } : { status: 200 },
    )
    await sink.record(decision())
    expect([trail.requests.length, elsewhere.requests.length]).toEqual([2, 0])
  })

  it('finds the one event that the trail cannot take, and delivers the others', async () => {
    const events = decisions(8)
    const poison = events[5]?.id
    const { trail, sink, warnings } = await scene((batch) => ({
      status: batch.some(({ id }) => id === poison) ? 400 : 200,
    }))
    const results = await Promise.allSettled(events.map((event) => sink.record(event)))
    expect(results.map(({ status }) => status)).toEqual(
      events.map(({ id }) => (id === poison ? 'rejected' : 'fulfilled')),
    )
    expect(trail.kept.has(String(poison))).toBe(false)
    expect(warnings.map(({ code }) => code)).toEqual(['audit_dropped'])
    expect(sink.lost).toBe(1)
  })

  it('rejects what the trail refuses by name, and nothing else', async () => {
    const { sink } = await scene((events) => ({
      status: 422,
      body: { refused: [{ id: events.at(-1)?.id, code: 'resource_of_another' }] },
    }))
    const results = await Promise.allSettled(decisions(1).map((event) => sink.record(event)))
    expect(String(results.map((each) => (each.status === 'rejected' ? each.reason : 'kept'))[0])).toContain(
      'resource_of_another',
    )
  })

  it('takes no event for kept that the trail refused without saying its id', async () => {
    const { sink } = await scene(() => ({ status: 422, body: { refused: [{ index: 0, code: 'malformed' }] } }))
    await expect(sink.record(decision())).rejects.toThrow('malformed')
    expect(sink.lost).toBe(1)
  })

  it.each([
    ['a page of somebody else', { status: 200, body: 'please sign in' }],
    ['an answer without content', { status: 204 }],
    ['one that stored nothing', { status: 200, body: { stored: 0 } }],
    ['one that leaves an event out', { status: 200, body: { stored: 2 } }],
    ['counts that are none', { status: 200, body: { stored: '3', duplicates: null, refused: 7 } }],
    ['a refusal of nothing', { status: 422, body: { stored: 2, refused: [] } }],
  ])('takes no event for kept after %s, and sends it again', async (_, odd) => {
    const { trail, sink, warnings } = await scene((_events, _request, count) => (count === 1 ? odd : { status: 200 }))
    const events = decisions(3)
    await Promise.all(events.map((event) => sink.record(event)))
    expect(trail.requests.length).toBeGreaterThan(1)
    const [first = [], ...later] = trail.requests
    expect(new Set(later.flat().map(({ id }) => id))).toEqual(new Set(events.map(({ id }) => id)))
    expect(first.length).toBeGreaterThan(0)
    expect(warnings[0]?.message).toMatch(/answered what no trail does|status 204/)
    expect(sink.lost).toBe(0)
  })

  it('takes for kept what the trail had already', async () => {
    const { trail, sink } = await scene((events) => ({ status: 200, body: { stored: 0, duplicates: events.length } }))
    await Promise.all(decisions(3).map((event) => sink.record(event)))
    expect([trail.requests.length > 0, sink.lost]).toEqual([true, 0])
  })

  it('writes out what waits on close, and takes nothing after', async () => {
    const { trail, sink } = await scene(undefined, { interval: 60_000 })
    void sink.record(decision())
    await vi.waitFor(() => expect(trail.kept.size).toBe(1))
    const waiting = decisions(3).map((event) => sink.record(event))
    await sink.close()
    await Promise.all(waiting)
    expect(trail.kept.size).toBe(4)
    await expect(sink.record(decision())).rejects.toThrow('closed')
  })

  it('ends within its time when the trail hangs, and says what is lost', async () => {
    const { sink, warnings } = await scene(() => 'hang')
    const recorded = decisions(3).map((event) => sink.record(event))
    await sink.close()
    for (const each of await Promise.allSettled(recorded)) expect(each.status).toBe('rejected')
    expect(sink.lost).toBe(3)
    expect(warnings.at(-1)?.message).toContain('3 audit events')
  })
})

describe('events that find no room', () => {
  it('are counted, said once, and told to the trail once it is back', async () => {
    let isDown = true
    const { trail, sink, warnings } = await scene(() => ({ status: isDown ? 503 : 200 }), { maxEvents: 5 })
    const results = Promise.allSettled(decisions(12).map((event) => sink.record(event)))
    expect(sink.lost).toBe(7)
    isDown = false
    expect((await results).filter(({ status }) => status === 'fulfilled')).toHaveLength(5)
    await sink.flush()
    expect(reportsOf(trail)).toEqual([7])
    expect(trail.kept.size).toBe(6)
    expect(warnings.filter(({ code }) => code === 'audit_dropped')).toHaveLength(1)
  })

  it('are told once, whoever counts them', async () => {
    let isDown = true
    const { trail, sink } = await scene(() => ({ status: isDown ? 503 : 200 }), { maxEvents: 5 })
    const { server, call } = await api({ sink })
    for (let index = 0; index < 12; index += 1) {
      await call()
      await new Promise(setImmediate) // the caller learns of each loss, and tells of it at the next
    }
    await vi.waitFor(() => expect(sink.lost).toBe(7))
    isDown = false
    await vi.waitFor(() => expect(reportsOf(trail)).toEqual([7]))
    await call()
    await server.close()
    expect(reportsOf(trail)).toEqual([7])
    expect([...trail.kept.values()].filter(({ type }) => type === 'access.decision')).toHaveLength(6)
  })

  it('are not told again at once when the trail refuses to be told', async () => {
    const { trail, sink } = await scene(
      (events) => {
        const refused = events
          .filter(({ type }) => type === 'audit.dropped')
          .map(({ id }) => ({ id, code: 'malformed' }))
        return refused.length === 0 ? { status: 200 } : { status: 422, body: { refused } }
      },
      { maxEvents: 2 },
    )
    const recorded = await Promise.allSettled(decisions(3).map((event) => sink.record(event)))
    expect(recorded.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected'])
    for (const event of decisions(20)) await sink.record(event)
    await sink.flush()
    const told = trail.requests.filter((events) => events.some(({ type }) => type === 'audit.dropped'))
    expect(told).toHaveLength(1)
    expect(trail.requests.length).toBeGreaterThan(10)
  })

  it('are bound by bytes too', async () => {
    const { sink } = await scene(() => 'hang', { maxBytes: 8_192 })
    for (const event of decisions(1_000)) void sink.record(event)
    expect(sink.pending * JSON.stringify(decision()).length).toBeLessThan(8_192)
    expect(sink.pending + sink.lost).toBe(1_000)
  })
})

describe('a decision that must be recorded', () => {
  it('waits until the trail has its event', async () => {
    const { trail, sink } = await scene()
    const { server, call } = await api({ sink, required: true })
    const { status } = await call()
    expect([status, trail.kept.size]).toEqual([401, 1])
    await server.close()
  })

  it('is refused when the trail is down, and made again when it is back', async () => {
    let isDown = true
    const { sink } = await scene(() => ({ status: isDown ? 503 : 200 }))
    const { server, call } = await api({ sink, required: true, timeout: 50 })
    expect((await call()).status).toBe(503)
    isDown = false
    await sink.flush()
    expect((await call()).status).toBe(401)
    await server.close()
  })
})

describe('what goes wrong', () => {
  it.each<[string, Partial<HttpSinkOptions>]>([
    ['url', { url: 'http://trail.example.com/audit/events' }],
    ['url', { url: `https://user:${secret}@trail.example.com/` }],
    ['token', { token: '' }],
    ['maxEvents', { maxEvents: 0 }],
    ['service', { service: 'two words' }],
    ['unknown', Object.fromEntries([['unknown', 1]])],
    ['onWarning', Object.fromEntries([['onWarning', 'log']])],
    ['fetch', Object.fromEntries([['fetch', 1]])],
  ])('%s is refused at once', (option, wrong) => {
    const options = { url: 'https://trail.example.com/audit/events', token: secret, ...wrong }
    expect(() => httpSink(options)).toThrow(ConfigurationError)
    expect(() => httpSink(options)).toThrow(option)
    expect(() => httpSink(options)).not.toThrow(secret)
  })

  it('shows no token, whatever fails', async () => {
    const leak = () => {
      throw new Error(`cannot use ${secret}`, { cause: secret })
    }
    const seen: unknown[] = []
    for (const options of [{ token: leak }, { fetch: leak }] as const) {
      const { sink, warnings } = await scene(undefined, { closeTimeout: 50, ...options })
      const [result] = await Promise.allSettled([sink.record(decision()), sink.close()])
      seen.push(result, warnings, sink)
    }
    expect(inspect(seen, { depth: 10, showHidden: true })).not.toContain(secret)
  })
})

function reportsOf(trail: Trail): readonly number[] {
  return [...trail.kept.values()].flatMap((event) => (event.type === 'audit.dropped' ? [event.dropped] : []))
}

/** An API that decides about a request without a token. */
async function api(audit: { readonly sink: HttpSink; readonly required?: boolean; readonly timeout?: number }) {
  const issuer = await createTestIssuer({ listen: false })
  open.push(() => issuer.close())
  const server = createResourceServer({
    issuer: issuer.trusted(),
    audience: 'https://billing.example.com',
    audit,
    onWarning: () => {},
  })
  return {
    server,
    call: async () => {
      const decided = await server.authorize(new Request('https://billing.example.com/'), { scope: 'billing:read' })
      return { status: decided.allowed ? 200 : decided.status }
    },
  }
}
