import { stat } from 'node:fs/promises'
import { ConfigurationError } from '@behalf/core'
import { createTestClock, replayStoreCases } from '@behalf/testing'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createExpiryQueue } from '../../packages/core/dist/binding/expiry-queue.js'
import {
  createMemoryReplayStore,
  createReplayGuard,
  type ReplayStore,
} from '../../packages/core/dist/binding/replay.js'
import { refusal } from './scene.js'

describe('the replay store in memory', () => {
  const suiteClock = createTestClock()
  const cases = replayStoreCases(() => createMemoryReplayStore({ now: suiteClock.now }), {
    now: suiteClock.now,
    wait: suiteClock.advance,
  })
  test.each(cases)('$name', ({ run }) => run())

  const create = (maxEntries?: number) => {
    const clock = createTestClock()
    clock.set(1000)
    return {
      clock,
      store: createMemoryReplayStore({ now: clock.now, ...(maxEntries !== undefined && { maxEntries }) }),
    }
  }

  test('follows the system clock by default', async () => {
    const store = createMemoryReplayStore()
    expect(await store.reserve('a', Date.now() / 1000 + 60)).toBe(true)
    expect(await store.reserve('a', Date.now() / 1000 + 60)).toBe(false)
    await expect(store.reserve('b', Date.now() / 1000 - 1)).rejects.toThrow('expired already')
  })

  test('forgets a key at its second and not before', async () => {
    const { clock, store } = create()
    await store.reserve('a', 1060)
    clock.set(1059.999)
    expect(await store.reserve('a', 1120)).toBe(false)
    clock.set(1060)
    expect(await store.reserve('a', 1120)).toBe(true)
    expect(await store.reserve('a', 1120)).toBe(false)
  })

  test('rejects when it is full of live keys rather than forget one', async () => {
    const { clock, store } = create(3)
    for (const [key, expiresAt] of [
      ['a', 1030],
      ['b', 1010],
      ['c', 1020],
    ] as const)
      expect(await store.reserve(key, expiresAt)).toBe(true)
    await expect(store.reserve('d', 1100)).rejects.toThrow('full')
    expect(await store.reserve('a', 1100)).toBe(false)
    clock.set(1010)
    expect(await store.reserve('d', 1100)).toBe(true)
    await expect(store.reserve('e', 1100)).rejects.toThrow('full')
    expect(await store.reserve('c', 1100)).toBe(false)
    clock.set(1020)
    expect(await store.reserve('c', 1100)).toBe(true)
  })

  test('makes room for a thousand keys that expired while nobody came', async () => {
    const { clock, store } = create(1000)
    for (let i = 0; i < 1000; i++) await store.reserve(`old ${i}`, 1000 + 1 + (i % 60))
    clock.set(1061)
    for (let i = 0; i < 1000; i++) expect(await store.reserve(`new ${i}`, 1200)).toBe(true)
    await expect(store.reserve('one more', 1200)).rejects.toThrow('full')
  })

  test('reserves an expired key anew, and holds it to its new time', async () => {
    const { clock, store } = create(100)
    for (let i = 0; i < 50; i++) await store.reserve(`old ${i}`, 1010 + i / 100)
    clock.set(1011)
    // more have expired than one call drops
    expect(await store.reserve('old 49', 1100)).toBe(true)
    for (let i = 0; i < 40; i++) expect(await store.reserve(`new ${i}`, 1100)).toBe(true)
    expect(await store.reserve('old 49', 1100)).toBe(false)
  })

  test('takes one burst after the other', async () => {
    const { clock, store } = create(100_001)
    const grow = async () => {
      for (let i = 0; i < 100_000; i++) await store.reserve(`dpop:${i.toString().padStart(43, '0')}`, clock.now() + 75)
    }
    await grow()
    clock.advance(75)
    await grow() // each call drops more than it adds
    await expect(store.reserve('another', clock.now() + 1)).resolves.toBe(true)
  })

  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, '10'])('cannot hold %s keys', (maxEntries) => {
    // @ts-expect-error a text among them
    expect(() => createMemoryReplayStore({ maxEntries })).toThrow(ConfigurationError)
    createMemoryReplayStore({ maxEntries: 1 })
  })
})

describe('the order of expiry', () => {
  test('is that of time, whatever the order of coming', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.integer({ min: 0, max: 50 }), fc.constant(undefined))), (steps) => {
        const queue = createExpiryQueue<{ readonly expiresAt: number }>()
        const model: number[] = []
        for (const step of steps) {
          if (step !== undefined) {
            queue.add({ expiresAt: step })
            model.push(step)
            model.sort((a, b) => a - b)
          } else {
            const expected = model[0] !== undefined && model[0] <= 25 ? model.shift() : undefined
            expect(queue.takeExpired(25)?.expiresAt).toBe(expected)
          }
        }
        while (model.length > 0) expect(queue.takeExpired(50)?.expiresAt).toBe(model.shift())
        expect(queue.takeExpired(50)).toBeUndefined()
      }),
    )
  })
})

describe('the replay guard', () => {
  const create = (store: ReplayStore, settings: { readonly allow?: boolean; readonly timeout?: number } = {}) => {
    const clock = createTestClock()
    clock.set(1000)
    const failures: unknown[] = []
    const guard = createReplayGuard({
      store,
      timeout: settings.timeout ?? 50,
      allowWhenUnavailable: settings.allow ?? false,
      now: clock.now,
      onFailure: (cause) => failures.push(cause),
    })
    return { guard, clock, failures }
  }
  /** A store that does what it is told, and counts. */
  const obedient = () => {
    const state = { calls: 0, answer: (): Promise<unknown> => Promise.resolve(true) }
    const store: ReplayStore = {
      reserve() {
        state.calls += 1
        return state.answer() as Promise<boolean>
      },
    }
    return { state, store }
  }
  const broken = () => Promise.reject(new Error('connection refused'))

  test('says whether a use is the first', async () => {
    const { guard } = create(createMemoryReplayStore({ now: () => 1000 }))
    expect(await guard.claim('a', 1060)).toBe('first')
    expect(await guard.claim('a', 1060)).toBe('replayed')
    expect(await guard.claim('b', 1060)).toBe('first')
  })

  test('admits one of 50 simultaneous uses', async () => {
    const { guard } = create(createMemoryReplayStore({ now: () => 1000 }))
    const uses = await Promise.all(Array.from({ length: 50 }, () => guard.claim('a', 1060)))
    expect(uses.filter((use) => use === 'first')).toHaveLength(1)
    expect(uses.filter((use) => use === 'replayed')).toHaveLength(49)
  })

  test('hands key and expiry on as they are', async () => {
    const seen: unknown[] = []
    const { guard } = create({ reserve: async (...all) => seen.push(all) > 0 })
    await guard.claim('dpop:x', 1060.5)
    expect(seen).toEqual([['dpop:x', 1060.5]])
  })

  test.each<[string, () => Promise<unknown>]>([
    ['rejects', broken],
    [
      'throws',
      () => {
        throw new Error('not connected')
      },
    ],
    ['never answers', () => new Promise(() => {})],
    ['answers OK', async () => 'OK'],
    ['answers null', async () => null],
    ['answers 1', async () => 1],
    ['answers nothing', async () => undefined],
  ])('refuses when the store %s', async (_name, answer) => {
    const { store, state } = obedient()
    const { guard } = create(store)
    expect(await guard.claim('a', 1060)).toBe('first')
    state.answer = answer
    const error = await refusal(guard.claim('a', 1060))
    expect(error).toMatchObject({ code: 'replay_unavailable', status: 503, retryAfter: 1, expose: false })
    expect(error.cause).toBeInstanceOf(Error)
  })

  test('takes a plain answer of a store that is not asynchronous', async () => {
    // @ts-expect-error the interface demands a promise
    const { guard } = create({ reserve: () => true })
    expect(await guard.claim('a', 1060)).toBe('first')
  })

  test('keeps its time limit', async () => {
    const { guard } = create({ reserve: () => new Promise(() => {}) }, { timeout: 100 })
    const started = performance.now()
    const error = await refusal(guard.claim('a', 1060))
    expect(performance.now() - started).toBeGreaterThan(90)
    expect(performance.now() - started).toBeLessThan(1000)
    expect(String(error.cause)).toContain('no answer within 100 ms')
  })

  test('hears an answer that came in time while the process was busy', async () => {
    const { guard } = create({ reserve: () => stat(import.meta.filename).then(() => true) }, { timeout: 20 })
    await stat(import.meta.filename) // goes on where the event loop hears of answers, with the timers ahead of the next one
    const claim = guard.claim('a', 1060)
    const busyUntil = performance.now() + 100
    while (performance.now() < busyUntil);
    await expect(claim).resolves.toBe('first')
  })

  test('does not mind an answer that comes too late', async () => {
    const late: ((error: Error) => void)[] = []
    const { guard, clock } = create({ reserve: () => new Promise((_resolve, reject) => late.push(reject)) })
    await refusal(guard.claim('a', 1060))
    for (const reject of late) reject(new Error('too late'))
    clock.advance(1)
    await refusal(guard.claim('a', 1060))
    expect(late).toHaveLength(2)
  })

  test('leaves a failing store alone for a second, and recovers by itself', async () => {
    const { store, state } = obedient()
    const { guard, clock, failures } = create(store)
    state.answer = broken
    await refusal(guard.claim('a', 1060))
    for (let i = 0; i < 100; i++) expect((await refusal(guard.claim(`b${i}`, 1060))).code).toBe('replay_unavailable')
    expect(state.calls).toBe(1)

    clock.advance(0.999)
    await refusal(guard.claim('c', 1060))
    expect(state.calls).toBe(1)
    clock.advance(0.001)
    await refusal(guard.claim('d', 1060))
    expect(state.calls).toBe(2)
    await refusal(guard.claim('e', 1060))
    expect(state.calls).toBe(2)

    state.answer = () => Promise.resolve(true)
    clock.advance(1)
    expect(await guard.claim('f', 1060)).toBe('first')
    expect(await guard.claim('g', 1060)).toBe('first')
    expect(state.calls).toBe(4)
    expect(failures).toHaveLength(1)

    state.answer = broken
    await refusal(guard.claim('h', 1060))
    expect(failures).toHaveLength(2)
  })

  test('lets one call at a time try a store that failed', async () => {
    const { store, state } = obedient()
    const { guard, clock } = create(store)
    state.answer = broken
    await refusal(guard.claim('a', 1060))
    clock.advance(1)
    const answers: ((isFirst: boolean) => void)[] = []
    state.answer = () => new Promise((resolve) => answers.push(resolve))
    const probe = guard.claim('b', 1060)
    for (let i = 0; i < 100; i++) await refusal(guard.claim(`c${i}`, 1060))
    expect(answers).toHaveLength(1)
    answers[0]?.(false)
    expect(await probe).toBe('replayed')
    state.answer = () => Promise.resolve(true)
    expect(await guard.claim('d', 1060)).toBe('first')
  })

  test('tries again after a probe that failed', async () => {
    const { store, state } = obedient()
    const { guard, clock } = create(store)
    state.answer = () => new Promise(() => {})
    await refusal(guard.claim('a', 1060))
    clock.advance(1)
    await refusal(guard.claim('b', 1060))
    clock.advance(1)
    state.answer = () => Promise.resolve(true)
    expect(await guard.claim('c', 1060)).toBe('first')
  })

  test('is not kept waiting by a clock that is set back', async () => {
    const { store, state } = obedient()
    const { guard, clock } = create(store)
    state.answer = broken
    await refusal(guard.claim('a', 1060))
    state.answer = () => Promise.resolve(true)
    clock.advance(-500)
    expect(await guard.claim('b', 1060)).toBe('first')
  })

  test('lets uses pass unchecked where that is wanted, and says so', async () => {
    const { store, state } = obedient()
    const { guard, clock } = create(store, { allow: true })
    expect(await guard.claim('a', 1060)).toBe('first')
    state.answer = broken
    expect(await guard.claim('a', 1060)).toBe('unchecked')
    expect(await guard.claim('b', 1060)).toBe('unchecked')
    expect(state.calls).toBe(2)
    clock.advance(1)
    expect(await guard.claim('b', 1060)).toBe('unchecked')
    expect(await guard.claim('b', 1060)).toBe('unchecked')
    expect(state.calls).toBe(3)
    state.answer = () => Promise.resolve(false)
    clock.advance(1)
    expect(await guard.claim('c', 1060)).toBe('replayed')
    expect(await guard.claim('d', 1060)).toBe('replayed')
  })

  test('needs nobody to listen', async () => {
    const settings = { store: { reserve: broken }, timeout: 50, now: () => 1000 }
    await refusal(createReplayGuard({ ...settings, allowWhenUnavailable: false }).claim('a', 1060))
  })
})
