import { httpSink } from '@behalf/audit'
import type { Warning } from '@behalf/core'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { decision, decisions, startTrail, type Trail } from './trail.js'

let trail: Trail

afterEach(() => trail.close())

describe('a sink that is closed while it waits', () => {
  it.each([
    ['as long as the trail asked', { 'retry-after': '300' }],
    ['after a failure', {}],
  ])('%s tries again at once, and delivers', async (_, headers) => {
    trail = await startTrail((_events, _request, count) => ({ status: count === 1 ? 503 : 200, headers }))
    const sink = httpSink({ url: trail.url, token: 'token', interval: 0 })
    const recorded = sink.record(decision())
    await vi.waitFor(() => expect(trail.requests).toHaveLength(1))
    await sink.close()
    await recorded
    expect([trail.kept.size, sink.pending, sink.lost]).toEqual([1, 0, 0])
  })

  it('gives up in time when the trail stays away, and everybody who waits is told', async () => {
    trail = await startTrail(() => ({ status: 429, headers: { 'retry-after': '300' } }))
    const warnings: Warning[] = []
    const sink = httpSink({
      ...{ url: trail.url, token: 'token', interval: 0, closeTimeout: 50 },
      onWarning: (warning) => warnings.push(warning),
    })
    const recorded = decisions(3).map((event) => sink.record(event))
    await vi.waitFor(() => expect(trail.requests.length).toBeGreaterThan(0))
    await Promise.all([sink.close(), sink.close()])
    expect((await Promise.allSettled(recorded)).map(({ status }) => status)).toEqual([
      'rejected',
      'rejected',
      'rejected',
    ])
    expect([sink.pending, sink.lost]).toEqual([0, 3])
    expect(warnings.at(-1)?.message).toContain('3 audit events are lost')
  })

  it('harms nobody who does not look at what it answers', async () => {
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    trail = await startTrail(() => 'hang')
    const sink = httpSink({ url: trail.url, token: 'token', interval: 0, closeTimeout: 0, maxEvents: 2 })
    for (const event of decisions(5)) void sink.record(event)
    await sink.close()
    void sink.record(decision())
    await new Promise(setImmediate)
    process.off('unhandledRejection', unhandled)
    expect(unhandled).not.toHaveBeenCalled()
    expect(sink.lost).toBe(5)
  })
})
