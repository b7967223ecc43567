import type { ReplayStore } from '@behalf/core'
import { createRedisReplayStore } from '@behalf/redis'
import { replayStoreCases } from '@behalf/testing'
import { afterAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { createReplayGuard, type ReplayGuard } from '../../packages/core/dist/binding/replay.js'
import { describeWith } from '../support/services.js'
import { type ClientSettings, type Clients, connectClients, libraries } from './clients.js'
import { isShared, newPrefix, program, removeKeys, sharedPort, startRedis } from './server.js'

const now = () => Date.now() / 1000
const inAMinute = () => now() + 60
const prefix = newPrefix()

const connect = async (settings: ClientSettings) => {
  const clients = await connectClients(settings)
  onTestFinished(clients.close)
  return clients
}

describeWith(`Redis on port ${sharedPort}`, isShared, 'a replay store in Redis', () => {
  afterAll(() => removeKeys(prefix))

  describe.each(libraries)('by %s', (library) => {
    const opened: Clients[] = []
    const createStore = async () => {
      const clients = await connectClients({ library, port: sharedPort })
      opened.push(clients)
      return createRedisReplayStore({ client: clients.client, prefix })
    }
    afterAll(() => {
      for (const { close } of opened) close()
    })

    for (const { name, run } of replayStoreCases(createStore, { shared: true })) it.concurrent(name, run)

    it('keeps one small key for each use, as long as it must', async () => {
      const { client, send } = await connect({ library, port: sharedPort })
      const expiresAt = inAMinute()
      const key = `dpop:${'x'.repeat(43)}${library}`
      await createRedisReplayStore({ client, prefix }).reserve(key, expiresAt)
      expect(await send('GET', prefix + key)).toBe('1')
      expect(Number(await send('PEXPIRETIME', prefix + key))).toBeGreaterThanOrEqual(expiresAt * 1000)
      expect(Number(await send('PEXPIRETIME', prefix + key))).toBeLessThan(expiresAt * 1000 + 1000)
      expect(Number(await send('MEMORY', 'USAGE', prefix + key))).toBeLessThanOrEqual(200)
    })

    it('protects although the clock of Redis is an hour ahead', async () => {
      const { client } = await connect({ library, port: sharedPort })
      const store = createRedisReplayStore({ client, prefix, now: () => now() - 3600 })
      const expiresAt = inAMinute() - 3600
      expect(await store.reserve(`ahead:${library}`, expiresAt)).toBe(true)
      expect(await store.reserve(`ahead:${library}`, expiresAt)).toBe(false)
    })

    it('keeps to itself what has another prefix', async () => {
      const { client } = await connect({ library, port: sharedPort })
      const [one, other] = ['one:', 'other:'].map((name) =>
        createRedisReplayStore({ client, prefix: `${prefix}${library}:${name}` }),
      )
      expect(await one?.reserve('a', inAMinute())).toBe(true)
      expect(await other?.reserve('a', inAMinute())).toBe(true)
    })
  })
})

/** What a resource server makes of it, with the time it took. */
const judge = async (guard: ReplayGuard, key: string) => {
  const startedAt = performance.now()
  const use = await guard.claim(key, inAMinute()).catch((error: unknown) => error)
  return { use, took: performance.now() - startedAt }
}
/** Resolves when the client knows that Redis is gone. */
const noticed = (store: ReplayStore) =>
  vi.waitFor(() => expect(store.reserve('x', inAMinute())).rejects.toThrow('not connected'), 5_000)
const unavailable = expect.objectContaining({ code: 'replay_unavailable', status: 503 })

describeWith('redis-server', program !== undefined, 'a replay store whose Redis fails', () => {
  describe.each(libraries)('by %s', (library) => {
    const createScene = async (options: { offlineQueue?: boolean; settings?: readonly string[] } = {}) => {
      const server = await startRedis({ persistent: true, settings: options.settings ?? [] })
      onTestFinished(server.close)
      const clients = await connect({ library, port: server.port, offlineQueue: options.offlineQueue ?? false })
      const store = createRedisReplayStore({ client: clients.client, prefix: 'p:' })
      const guard = createReplayGuard({ store, timeout: 250, allowWhenUnavailable: false, now })
      return { server, store, guard, ...clients }
    }

    it('refuses at once while Redis is stopped, and works again by itself', async () => {
      const { server, guard, store } = await createScene()
      expect((await judge(guard, 'a')).use).toBe('first')
      await server.stop()
      await noticed(store)
      const { use, took } = await judge(guard, 'b')
      expect(use).toEqual(unavailable)
      expect(took).toBeLessThan(250)

      await server.start()
      await vi.waitFor(async () => expect((await judge(guard, 'b')).use).toBe('first'), {
        timeout: 10_000,
        interval: 100,
      })
      expect((await judge(guard, 'a')).use).toBe('replayed')
      expect((await judge(guard, 'b')).use).toBe('replayed')
    })

    it('refuses within 250 ms while Redis hangs, and works again by itself', async () => {
      const { server, guard } = await createScene()
      expect((await judge(guard, 'a')).use).toBe('first')
      server.pause()
      const { use, took } = await judge(guard, 'b')
      expect(use).toEqual(unavailable)
      expect(took).toBeGreaterThan(200)
      expect(took).toBeLessThan(500)
      const later = await Promise.all(Array.from({ length: 100 }, (_, i) => judge(guard, `c${i}`)))
      expect(later.every((each) => each.took < 100)).toBe(true)

      server.resume()
      await vi.waitFor(async () => expect((await judge(guard, 'd')).use).toBe('first'), {
        timeout: 10_000,
        interval: 100,
      })
      expect((await judge(guard, 'a')).use).toBe('replayed')
    })

    it('puts nothing into the offline queue of a client that has one', async () => {
      const { server, store, send } = await createScene({ offlineQueue: true })
      await store.reserve('a', inAMinute())
      await server.stop()
      await noticed(store)
      const refused = Array.from({ length: 1000 }, (_, i) => store.reserve(`b${i}`, inAMinute()))
      for (const { status } of await Promise.allSettled(refused)) expect(status).toBe('rejected')
      await server.start()
      expect(await send('KEYS', '*b*')).toEqual([]) // the client's own command did wait
    })

    it('refuses when Redis has no room', async () => {
      const { guard } = await createScene({ settings: ['--maxmemory', '1', '--maxmemory-policy', 'noeviction'] })
      const { use } = await judge(guard, 'a')
      expect(use).toEqual(unavailable)
      expect(use).toMatchObject({ cause: { message: expect.stringContaining('OOM') } })
    })
  })
})
