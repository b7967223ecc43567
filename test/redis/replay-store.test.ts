import { createRedisReplayStore, type RedisReplayStoreOptions } from '@behalf/redis'
import { describe, expect, it, vi } from 'vitest'
import { createFake, timeOf } from './fake.js'

const now = () => 1000.5
/** A store on a clock that stands still, over a client that answers SET as told. */
const createScene = (answer: () => unknown, serverTime = 1000.5) => {
  const fake = createFake((name) => (name === 'TIME' ? timeOf(serverTime) : answer()))
  return { ...fake, fake, store: createRedisReplayStore({ client: fake.client, prefix: 'p:', now }) }
}

describe('what Redis is asked', () => {
  it('is to set a key that is not there, until the use has expired', async () => {
    const { store, asked } = createScene(() => 'OK')
    expect(await store.reserve('a', 1060)).toBe(true)
    expect(asked).toEqual([['TIME'], ['SET', 'p:a', '1', 'NX', 'PXAT', '1060000']])
  })

  it('is whole milliseconds, and rather one more', async () => {
    const { store, asked } = createScene(() => 'OK')
    await store.reserve('a', 1060.0001)
    expect(asked.at(-1)?.at(-1)).toBe('1060001')
  })

  it('is in the time of Redis, where its clock is ahead', async () => {
    const { store, asked } = createScene(() => 'OK', 4000.5)
    await store.reserve('a', 1060)
    expect(asked.at(-1)?.at(-1)).toBe('4060000')
  })

  it('is never less, where its clock is behind', async () => {
    const { store, asked } = createScene(() => 'OK', 7.25)
    await store.reserve('a', 1060)
    expect(asked.at(-1)?.at(-1)).toBe('1060000')
  })

  it('is the time but once a minute', async () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    const { store, asked } = createScene(() => 'OK')
    const times = () => asked.filter(([name]) => name === 'TIME').length
    await Promise.all(['a', 'b', 'c'].map((key) => store.reserve(key, 1060)))
    expect(times()).toBe(1)
    vi.advanceTimersByTime(59_000)
    await store.reserve('d', 1060)
    expect(times()).toBe(1)
    vi.advanceTimersByTime(2_000)
    await store.reserve('e', 1060)
    expect(times()).toBe(2)
    vi.useRealTimers()
  })

  it('is the time again, after it was not told', async () => {
    let time: unknown = 'later'
    const fake = createFake((name) => (name === 'TIME' ? time : 'OK'))
    const store = createRedisReplayStore({ client: fake.client, now })
    await expect(store.reserve('a', 1060)).rejects.toThrow('answered TIME')
    time = timeOf(1000.5)
    expect(await store.reserve('a', 1060)).toBe(true)
    expect(fake.asked.map(([name]) => name)).toEqual(['TIME', 'TIME', 'SET'])
  })

  it.each([[[]], [['x', 'y']], [['1']], [null], [{}], [['0', '0']]])('is the time, which is not %j', async (time) => {
    const fake = createFake((name) => (name === 'TIME' ? time : 'OK'))
    const store = createRedisReplayStore({ client: fake.client, now })
    await expect(store.reserve('a', 1060)).rejects.toThrow('answered TIME')
  })

  it('is nothing for a key that has expired or never will', async () => {
    const { store, asked } = createScene(() => 'OK')
    for (const expiresAt of [0, 1000, 1000.5, Number.NaN]) {
      await expect(store.reserve('a', expiresAt)).rejects.toThrow('expired already')
    }
    expect(asked.map(([name]) => name)).toEqual(['TIME'])
  })
})

describe('what Redis answers', () => {
  it('is OK, or nothing', async () => {
    expect(await createScene(() => 'OK').store.reserve('a', 1060)).toBe(true)
    expect(await createScene(() => null).store.reserve('a', 1060)).toBe(false)
  })

  it.each([['QUEUED'], ['ok'], [1], [true], [undefined], [Buffer.from('OK')], [['OK']], [{}]])(
    'is not %j',
    async (answer) => {
      await expect(createScene(() => answer).store.reserve('a', 1060)).rejects.toThrow('something else')
    },
  )

  it('is no error, whichever way it comes', async () => {
    const fail = () => {
      throw new Error('OOM')
    }
    await expect(createScene(fail).store.reserve('a', 1060)).rejects.toThrow('OOM')
    await expect(createScene(async () => fail()).store.reserve('a', 1060)).rejects.toThrow('OOM')
  })

  it('comes within a second', async () => {
    const startedAt = performance.now()
    await expect(createScene(() => new Promise(() => {})).store.reserve('a', 1060)).rejects.toThrow('1000 ms')
    expect(performance.now() - startedAt).toBeLessThan(2000)
  })

  it('counts when it came in time and the process was busy', async () => {
    const answer = () => new Promise((resolve) => void setTimeout(resolve, 900, 'OK'))
    const answers = createScene(answer).store.reserve('a', 1060)
    await new Promise((resolve) => void setTimeout(resolve, 100))
    const until = performance.now() + 1500
    while (performance.now() < until);
    expect(await answers).toBe(true)
  })
})

describe('while Redis is not there', () => {
  it.each(['connecting', 'reconnecting', 'wait', 'end'])('nothing is sent: %s', async (status) => {
    const { store, asked, fake } = createScene(() => 'OK')
    fake.status = status
    await expect(store.reserve('a', 1060)).rejects.toThrow('not connected')
    expect(asked).toEqual([])
    fake.status = 'ready'
    expect(await store.reserve('a', 1060)).toBe(true)
  })

  it('no more than ten thousand commands wait for an answer, and they do when it comes', async () => {
    const answers: ((answer: unknown) => void)[] = []
    const { store, asked } = createScene(() => new Promise((resolve) => void answers.push(resolve)))
    const waiting = Array.from({ length: 10_000 }, (_, i) => store.reserve(`${i}`, 1060).catch(() => 'rejected'))
    await vi.waitFor(() => expect(answers).toHaveLength(10_000))
    await expect(store.reserve('one more', 1060)).rejects.toThrow('has not answered 10000 commands')
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['rejected']))
    await expect(store.reserve('one more', 1060)).rejects.toThrow('has not answered 10000 commands')
    expect(asked).toHaveLength(10_001)

    for (const answer of answers) answer('OK')
    await new Promise((resolve) => void setImmediate(resolve))
    const late = store.reserve('one more', 1060)
    await vi.waitFor(() => expect(answers).toHaveLength(10_001))
    answers.at(-1)?.('OK')
    expect(await late).toBe(true)
  })
})

describe('options', () => {
  const { client } = createFake(() => 'OK')

  it.each<[string, unknown]>([
    ['options', undefined],
    ['options', 'redis://127.0.0.1'],
    ['client', {}],
    ['client', { client: undefined }],
    ['client', { client: null }],
    ['client', { client: 'redis://127.0.0.1' }],
    ['client', { client: { status: 'ready' } }],
    ['client', { client: { isReady: true } }],
    ['client', { client: { sendCommand: () => {} } }],
    ['prefix', { client, prefix: '' }],
    ['prefix', { client, prefix: 7 }],
    ['now', { client, now: 7 }],
    ['timeout', { client, timeout: 100 }],
  ])('%s is looked over: %j', (option, options) => {
    expect(() => createRedisReplayStore(options as RedisReplayStoreOptions)).toThrow(
      expect.objectContaining({ name: 'ConfigurationError', option }),
    )
  })

  it('have defaults', async () => {
    const { client: other, asked } = createFake((name) => (name === 'TIME' ? timeOf(Date.now() / 1000) : 'OK'))
    const store = createRedisReplayStore({ client: other, prefix: undefined, now: undefined })
    expect(await store.reserve('a', Date.now() / 1000 + 60)).toBe(true)
    expect(asked.at(-1)?.[1]).toBe('behalf:replay:a')
  })
})
