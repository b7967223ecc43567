import { createRedisRevocationList, type RedisRevocationListOptions } from '@behalf/redis'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createWarnings, refusal } from '../revocation/setting.js'
import { describeWith } from '../support/services.js'
import { createClients, libraries } from './clients.js'
import { createFake, type Fake } from './fake.js'
import { joinParty, keysOf, of, timeToLearn, tokenOf } from './lists.js'
import { program, startRedis } from './server.js'

const prefix = 'p:'
const { marks, log, channel } = keysOf(prefix)
const staleAfter = 1500
const unavailable = { name: 'AccessError', code: 'revocation_unavailable', status: 503 }
const later = (milliseconds: number) => new Promise((resolve) => void setTimeout(resolve, milliseconds))

/** Milliseconds a call took, and what it was refused with. */
const refusalOf = async (call: () => unknown) => {
  const startedAt = performance.now()
  const error = await Promise.resolve(call()).then(
    () => expect.unreachable('it was not refused'),
    (thrown: unknown) => thrown,
  )
  return { error, took: performance.now() - startedAt }
}

describeWith('redis-server', program !== undefined, 'a revocation list whose Redis fails', () => {
  describe.each(libraries)('by %s', (library) => {
    const start = async (...settings: readonly string[]) => {
      const server = await startRedis({ settings })
      onTestFinished(server.close)
      return { server, settings: { library, port: server.port } }
    }

    it('serves on while Redis hangs, then refuses, and recovers by itself', async () => {
      const { server, settings } = await start()
      const [one, two] = await Promise.all([
        joinParty(settings, { prefix, staleAfter }),
        joinParty(settings, { prefix, staleAfter }),
      ])
      await one.list.revoke(of('user-1'))
      await timeToLearn(two, 'user-1')

      server.pause()
      const pausedAt = performance.now()
      const { error, took } = await refusalOf(() => one.list.revoke(of('user-2')))
      expect(error).toMatchObject(unavailable)
      expect(took).toBeLessThan(1500)
      expect(one.list.isRevoked(tokenOf('user-2'))).toBe(true) // here it is in force
      await vi.waitFor(async () => {
        expect(await refusal(() => two.list.isRevoked(tokenOf('user-1')))).toBe('revocation_unavailable')
      }, 3_000)
      expect(performance.now() - pausedAt).toBeGreaterThan(staleAfter - 600)
      expect(performance.now() - pausedAt).toBeLessThan(staleAfter + 200)
      const stale = await refusalOf(() => two.list.isRevoked(tokenOf('bystander')))
      expect(stale.error).toMatchObject({ ...unavailable, cause: { message: expect.stringContaining('1000 ms') } })
      expect(stale.took).toBeLessThan(100) // nobody waits for what is known to be out of reach
      await expect(two.list.ready()).rejects.toMatchObject(unavailable)
      await vi.waitFor(() => expect(two.warnings()).toEqual(['revocations_refresh_failed', 'revocations_stale']), 3_000)

      server.resume()
      await vi.waitFor(async () => expect(await two.list.isRevoked(tokenOf('bystander'))).toBe(false), 5_000)
      await timeToLearn(two, 'user-2')
      expect(two.list.isRevoked(tokenOf('user-1'))).toBe(true)
      await vi.waitFor(async () => expect(await one.list.isRevoked(tokenOf('bystander'))).toBe(false), 5_000)
    })

    it('warns again the next time', async () => {
      const { server, settings } = await start()
      const one = await joinParty(settings, { prefix, staleAfter: 1000 })
      const both = ['revocations_refresh_failed', 'revocations_stale']
      await server.stop()
      await vi.waitFor(() => expect(one.warnings()).toEqual(both), 5_000)
      await server.start()
      await vi.waitFor(async () => expect(await one.list.isRevoked(tokenOf('bystander'))).toBe(false), 5_000)
      await server.stop()
      await vi.waitFor(() => expect(one.warnings()).toEqual([...both, ...both]), 5_000)
    })

    it('records later what Redis had no room for', async () => {
      const { settings } = await start()
      const [one, two] = await Promise.all([joinParty(settings, { prefix }), joinParty(settings, { prefix })])
      await one.send('CONFIG', 'SET', 'maxmemory', '1')
      const { error } = await refusalOf(() => one.list.revoke(of('user-1')))
      expect(error).toMatchObject({ ...unavailable, cause: { message: expect.stringContaining('OOM') } })
      expect(one.list.isRevoked(tokenOf('user-1'))).toBe(true)
      expect(await one.send('EXISTS', marks)).toBe(0)

      await one.send('CONFIG', 'SET', 'maxmemory', '0')
      expect(await timeToLearn(two, 'user-1')).toBeLessThan(1500)
      expect(await one.send('HLEN', marks)).toBe(1)
      expect(one.list.isRevoked(tokenOf('bystander'))).toBe(false)
    })

    it('writes back what Redis has lost, when it has room again', async () => {
      const { settings } = await start()
      const one = await joinParty(settings, { prefix })
      await one.list.revoke(of('user-1'))
      await later(700)
      await one.send('DEL', marks)
      await one.send('CONFIG', 'SET', 'maxmemory', '1')
      await one.send('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'no').catch(() => {})
      await vi.waitFor(() => expect(one.warnings()).toContain('revocations_unrecorded'), 5_000)
      await later(1200)
      expect(one.warnings().filter((code) => code === 'revocations_unrecorded')).toHaveLength(1)
      expect(one.list.isRevoked(tokenOf('bystander'))).toBe(false)

      await vi.waitFor(() => one.send('CONFIG', 'SET', 'maxmemory', '0'))
      await vi.waitFor(async () => expect(await one.send('HLEN', marks)).toBe(1), 5_000)
    })

    it('finds what other processes said while its connections were cut', async () => {
      const { settings } = await start()
      const [one, two] = await Promise.all([joinParty(settings, { prefix }), joinParty(settings, { prefix })])
      for (const type of ['pubsub', 'normal']) {
        await one.send('CLIENT', 'KILL', 'TYPE', type, 'SKIPME', 'yes')
        await vi.waitFor(() => one.list.revoke(of(type)), 5_000)
        await timeToLearn(two, type)
        await vi.waitFor(async () => expect(await one.send('PUBSUB', 'NUMSUB', channel)).toEqual([channel, 2]), 5_000)
      }
      await one.list.revoke(of('user-1'))
      expect(await timeToLearn(two, 'user-1')).toBeLessThan(1000)
    })

    it('waits for clients that are connecting', async () => {
      const { server, settings } = await start()
      await server.stop()
      const { client, subscriber, send, close } = createClients(settings)
      onTestFinished(close)
      const { onWarning, codes } = createWarnings()
      const list = createRedisRevocationList({ client, subscriber, prefix, onWarning })
      onTestFinished(() => list.close())
      const answer = list.isRevoked(tokenOf('user-1'))
      await later(500)
      await server.start()
      expect(await answer).toBe(false)
      await list.ready()
      await list.revoke(of('user-1'))
      await vi.waitFor(async () => expect(await send('PUBSUB', 'NUMSUB', channel)).toEqual([channel, 1]))
      expect(codes()).toEqual([])
    })

    it('begins to warn when they cannot', async () => {
      const { server, settings } = await start()
      await server.stop()
      const { client, subscriber, close } = createClients(settings)
      onTestFinished(close)
      const { onWarning, codes } = createWarnings()
      const list = createRedisRevocationList({ client, subscriber, prefix, onWarning })
      onTestFinished(() => list.close())
      const { error, took } = await refusalOf(() => list.ready())
      expect(error).toMatchObject({ ...unavailable, cause: { message: expect.stringContaining('not connected') } })
      expect(took).toBeGreaterThan(4000)
      expect(codes()).toEqual(['revocations_refresh_failed', 'revocations_stale'])
    })

    it.each<[string, 'pause' | 'stop' | undefined]>([
      ['while it is connecting', undefined],
      ['while Redis hangs', 'pause'],
      ['while Redis is stopped', 'stop'],
    ])('closes within a second %s', async (_when, fault) => {
      const { server, settings } = await start()
      if (fault === undefined) await server.stop()
      const { client, subscriber, close } = createClients(settings)
      onTestFinished(close)
      const list = createRedisRevocationList({ client, subscriber, prefix })
      if (fault === undefined) list.ready().catch(() => {})
      else await list.ready()
      await (fault && server[fault]())
      const waiting = refusalOf(() => list.revoke(of('user-1')))
      const startedAt = performance.now()
      await list.close()
      expect(performance.now() - startedAt).toBeLessThan(1000)
      expect((await waiting).error).toMatchObject(unavailable)
      server.resume()
    })
  })
})

describe('what Redis answers and should not', () => {
  const answers: Readonly<Record<string, unknown>> = {
    EVAL: '1-0',
    HSCAN: ['0', []],
    XRANGE: [['1-0', ['opened', '']]],
  }
  const createScene = (changes: Readonly<Record<string, unknown>> = {}) => {
    const fake = createFake((name) => (Object.hasOwn(changes, name) ? changes[name] : answers[name]))
    const subscriber = {
      ...createFake(() => {}).client,
      status: 'ready',
      subscribe: async () => 1,
      unsubscribe: async () => 1,
    }
    const { onWarning, warnings } = createWarnings()
    const list = createRedisRevocationList({ client: fake.client, subscriber, prefix, onWarning })
    onTestFinished(() => list.close())
    return { list, fake, warnings }
  }

  it('is right in the first place', async () => {
    const { list, fake, warnings } = createScene()
    await list.ready()
    expect(fake.asked.slice(0, 3).map(([name]) => name)).toEqual(['EVAL', 'HSCAN', 'XRANGE'])
    expect(fake.asked.at(-1)).toEqual(['XRANGE', log, '1-0', '+', 'COUNT', '2001'])
    expect(warnings).toEqual([])
  })

  it.each<[string, unknown]>([
    ['EVAL', 7],
    ['EVAL', null],
    ['HSCAN', null],
    ['HSCAN', ['0', [1, 2]]],
    ['HSCAN', [0, []]],
    ['XRANGE', 'OK'],
    ['XRANGE', ['1-0']],
    ['XRANGE', [[1, []]]],
    ['XRANGE', new Map()],
  ])('is noticed: %s %j', async (name, answer) => {
    const { list, warnings } = createScene({ [name]: answer })
    await expect(list.ready()).rejects.toMatchObject(unavailable)
    expect(warnings[0]).toMatchObject({ code: 'revocations_refresh_failed', cause: { name: 'TypeError' } })
  })

  it('is a log that never has what it just had', async () => {
    const { list } = createScene({ XRANGE: [] })
    await expect(list.ready()).rejects.toMatchObject({
      ...unavailable,
      cause: { message: expect.stringContaining('faster') },
    })
  })
})

describe('a subscription that Redis refuses', () => {
  it('is warned about once, and tried again', async () => {
    const fake: Fake = createFake(() => new Promise(() => {}))
    let refusals = 0
    const subscriber = {
      ...createFake(() => {}).client,
      status: 'ready',
      subscribe: vi.fn(async () => {
        refusals += 1
        if (refusals <= 2) throw new Error('NOPERM')
      }),
      unsubscribe: async () => Promise.reject(new Error('NOPERM')),
    }
    const { onWarning, warnings } = createWarnings()
    const list = createRedisRevocationList({ client: fake.client, subscriber, prefix, onWarning })
    await vi.waitFor(() => expect(subscriber.subscribe).toHaveBeenCalledTimes(3), 3_000)
    await later(700)
    expect(subscriber.subscribe).toHaveBeenCalledTimes(3)
    const told = warnings.filter(({ code }) => code === 'revocations_unsubscribed')
    expect(told).toMatchObject([{ cause: { message: 'NOPERM' } }])
    await list.close()
  })
})

describe('options', () => {
  const { client } = createFake(() => {})
  const subscriber = { ...createFake(() => {}).client, subscribe: async () => 1, unsubscribe: async () => 1 }

  it.each<[string, unknown]>([
    ['options', null],
    ['client', { subscriber }],
    ['subscriber', { client }],
    ['subscriber', { client, subscriber: client }],
    ['subscriber', { client: subscriber, subscriber }],
    ['prefix', { client, subscriber, prefix: '' }],
    ['staleAfter', { client, subscriber, staleAfter: 10 }],
    ['staleAfter', { client, subscriber, staleAfter: '10000' }],
    ['staleAfter', { client, subscriber, staleAfter: Number.NaN }],
    ['onWarning', { client, subscriber, onWarning: 'log' }],
    ['now', { client, subscriber, now: 7 }],
    ['maxTokenLifetime', { client, subscriber, maxTokenLifetime: -1 }],
    ['maxEntries', { client, subscriber, maxEntries: 0 }],
    ['stale', { client, subscriber, stale: 7 }],
  ])('%s is looked over', (option, options) => {
    expect(() => createRedisRevocationList(options as RedisRevocationListOptions)).toThrow(
      expect.objectContaining({ name: 'ConfigurationError', option }),
    )
  })

  it('may be absent, and a listener may throw', async () => {
    const fake = createFake(() => {
      throw new Error('down')
    })
    const onWarning = vi.fn(() => {
      throw new Error('a bug')
    })
    const list = createRedisRevocationList({ client: fake.client, subscriber, onWarning })
    await expect(list.ready()).rejects.toMatchObject(unavailable)
    expect(onWarning).toHaveBeenCalledTimes(2)
    expect(fake.asked[0]?.[3]).toBe('{behalf:revocations:}log')
    await list.close()
  })
})
