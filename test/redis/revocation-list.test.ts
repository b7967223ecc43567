import type { Revocation, VerifiedToken } from '@behalf/core'
import type { RedisRevocationList } from '@behalf/redis'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { describeWith } from '../support/services.js'
import { ISSUER } from '../support/token.js'
import { connectClients, libraries, listen } from './clients.js'
import { createFake } from './fake.js'
import { createParty, joinParty, keysOf, now, of, timeToLearn, tokenOf } from './lists.js'
import { isShared, newPrefix, removeKeys, sharedPort } from './server.js'

const later = (milliseconds: number) => new Promise((resolve) => void setTimeout(resolve, milliseconds))
const base = newPrefix()
let made = 0
/** Keys for one test. */
const newNames = () => {
  made += 1
  const prefix = `${base}${made}:`
  return { prefix, ...keysOf(prefix) }
}

/** A client that subscribes to nothing, ever. */
const createDeaf = () => ({
  ...createFake(() => {}).client,
  status: 'connecting',
  subscribe: vi.fn(async () => {}),
  unsubscribe: vi.fn(async () => {}),
})

describeWith(`Redis on port ${sharedPort}`, isShared, 'a revocation list in Redis', () => {
  afterAll(() => removeKeys(base))

  describe.each(libraries)('by %s', (library) => {
    const settings = { library, port: sharedPort }
    const other = { library: library === 'ioredis' ? 'node-redis' : 'ioredis', port: sharedPort } as const

    const kinds: readonly (readonly [Revocation, Partial<VerifiedToken>])[] = [
      [{ subject: 'it', issuer: ISSUER }, { subject: 'it' }],
      [{ actor: 'it', issuer: ISSUER }, { delegation: [{ subject: 'it', issuer: ISSUER, profile: undefined }] }],
      [{ client: 'it', issuer: ISSUER }, { clientId: 'it' }],
      [{ session: 'it', issuer: ISSUER }, { claims: { sid: 'it' } }],
      [{ transaction: 'it', issuer: ISSUER }, { claims: { txn: 'it' } }],
      [{ tokenId: 'it', issuer: ISSUER }, { tokenId: 'it' }],
      [{ subject: 'Ünï "quoted" \\ 🙂 {x}\n', issuer: ISSUER }, { subject: 'Ünï "quoted" \\ 🙂 {x}\n' }],
    ]

    it.each(kinds)('withdraws everywhere, and nothing else: %j', async (revocation, changes) => {
      const { prefix } = newNames()
      const [one, two] = await Promise.all([joinParty(settings, { prefix }), joinParty(other, { prefix })])
      const [concerned, bystander] = [tokenOf('user-1', changes), tokenOf('user-1')]
      expect(two.list.isRevoked(concerned)).toBe(false)

      const revoked = one.list.revoke(revocation)
      expect(one.list.isRevoked(concerned)).toBe(true) // before Redis has answered
      expect(await revoked).toMatchObject(revocation)
      await vi.waitFor(() => expect(two.list.isRevoked(concerned)).toBe(true))
      expect(one.list.isRevoked(bystander)).toBe(false)
      expect(two.list.isRevoked(bystander)).toBe(false)
      expect([...two.list.entries()]).toEqual([await revoked])
      expect(two.list.size).toBe(1)
      expect([...one.warnings(), ...two.warnings()]).toEqual([])
    })

    it('tells the others at once', async () => {
      const { prefix } = newNames()
      const [one, two] = await Promise.all([joinParty(settings, { prefix }), joinParty(settings, { prefix })])
      let took = 0
      for (let i = 0; i < 10; i += 1) {
        await one.list.revoke(of(`user-${i}`))
        took += await timeToLearn(two, `user-${i}`)
      }
      expect(took).toBeLessThan(2000) // ten looks at the log would take five seconds
    })

    it('tells them within a second although no message comes', async () => {
      const { prefix } = newNames()
      const deaf = createDeaf()
      const [one, two] = await Promise.all([
        joinParty(settings, { prefix }),
        joinParty(settings, { prefix, subscriber: deaf }),
      ])
      for (const subject of ['user-1', 'user-2', 'user-3']) {
        await one.list.revoke(of(subject))
        expect(await timeToLearn(two, subject)).toBeLessThan(1000)
      }
      expect(deaf.subscribe).not.toHaveBeenCalled()
    })

    it('merges by the later moment, in whichever order', async () => {
      const { prefix, marks, send } = { ...newNames(), ...(await connectClients(settings)) }
      const [one, two] = await Promise.all([joinParty(settings, { prefix }), joinParty(settings, { prefix })])
      const [time] = [Math.floor(now())]
      await Promise.all([
        one.list.revoke(of('user-1', { issuedAt: time - 100, expiresAt: time + 900 })),
        two.list.revoke(of('user-1', { issuedAt: time - 50, expiresAt: time + 100 })),
        one.list.revoke(of('user-1', { issuedAt: time - 200, expiresAt: time + 500 })),
      ])
      const merged = of('user-1', { issuedAt: time - 50, expiresAt: time + 900 })
      for (const { list } of [one, two, await joinParty(other, { prefix })]) {
        await vi.waitFor(() => expect([...list.entries()]).toEqual([merged]))
      }
      expect(await send('HVALS', marks)).toEqual([`${time - 50} ${time + 900}`])
    })

    it('knows at the start whatever was recorded before', async () => {
      const { prefix, marks, ends, log } = newNames()
      const one = await joinParty(settings, { prefix })
      await Promise.all(Array.from({ length: 1100 }, (_, i) => one.list.revoke(of(`user-${i}`))))
      const late = await createParty(settings, { prefix })
      const answer = late.list.isRevoked(tokenOf('user-1099'))
      expect(answer).toBeInstanceOf(Promise) // nothing is known yet, and that is no no
      expect(await answer).toBe(true)
      expect(late.list.size).toBe(1100)
      expect(late.list.isRevoked(tokenOf('user-1100'))).toBe(false)
      const textOf = (list: RedisRevocationList) => [...list.entries()].map((each) => JSON.stringify(each)).sort()
      expect(textOf(late.list)).toEqual(textOf(one.list))
      const sizeOf = async (key: string) => Number(await one.send('MEMORY', 'USAGE', key, 'SAMPLES', '0')) / 1100
      expect((await sizeOf(marks)) + (await sizeOf(ends))).toBeLessThan(400)
      expect(await sizeOf(log)).toBeLessThan(160)
    })

    it('keeps everything as long as the last one matters, and an hour longer', async () => {
      const { prefix, marks, ends, log, channel } = newNames()
      const { list, send } = await joinParty(settings, { prefix })
      const { expiresAt } = await list.revoke(of('user-1'))
      await list.revoke(of('user-2', { expiresAt: Math.floor(now()) + 10 }))
      for (const key of [marks, ends, log]) expect(await send('EXPIRETIME', key)).toBe(expiresAt + 3600)
      expect(await send('HKEYS', marks)).toEqual([of('user-1'), of('user-2')].map((each) => JSON.stringify(each)))
      expect(await send('PUBSUB', 'NUMSUB', channel)).toEqual([channel, 1])
    })

    it('drops what has been over for an hour, and nothing sooner', async () => {
      const { prefix, marks, ends } = newNames()
      const { list, send } = await joinParty(settings, { prefix })
      const time = Math.floor(now())
      const leave = async (subject: string, expiresAt: number) => {
        await send('HSET', marks, JSON.stringify(of(subject)), `${time - 9000} ${expiresAt}`)
        await send('ZADD', ends, `${expiresAt}`, JSON.stringify(of(subject)))
      }
      for (let i = 0; i < 30; i += 1) await leave(`old-${i}`, time - 3700)
      await leave('recent', time - 3500)
      await list.revoke(of('user-1'))
      expect(await send('HLEN', marks)).toBe(2 + 30 - 18) // a few at a time
      await list.revoke(of('user-2'))
      const left = ['recent', 'user-1', 'user-2'].map((subject) => JSON.stringify(of(subject)))
      expect(new Set((await send('HKEYS', marks)) as string[])).toEqual(new Set(left))
      expect(new Set((await send('ZRANGE', ends, '0', '-1')) as string[])).toEqual(new Set(left))
    })

    it('does not record what is over already', async () => {
      const { prefix, marks } = newNames()
      const { list, send } = await joinParty(settings, { prefix })
      await list.revoke(of('user-1', { issuedAt: 1000, expiresAt: 2000 }))
      expect(await send('EXISTS', marks)).toBe(0)
      expect(list.size).toBe(0)
    })

    it('reads everything again when it cannot go on from where it was', async () => {
      const { prefix, log } = newNames()
      const [one, two] = await Promise.all([joinParty(settings, { prefix }), joinParty(other, { prefix })])
      await one.list.revoke(of('user-1'))
      await timeToLearn(two, 'user-1')
      await one.send('DEL', log)
      await one.list.revoke(of('user-2'))
      await one.send('XTRIM', log, 'MAXLEN', '0')
      await timeToLearn(two, 'user-2')
      await one.list.revoke(of('user-3'))
      await timeToLearn(two, 'user-3')
      expect(two.warnings()).not.toContain('revocations_stale')
    })

    it('follows more changes than fit into one look', async () => {
      const { prefix } = newNames()
      const [one, two] = await Promise.all([
        joinParty(settings, { prefix }),
        joinParty(other, { prefix, subscriber: createDeaf() }),
      ])
      for (let i = 0; i < 4500; i += 500) {
        await Promise.all(Array.from({ length: 500 }, (_, j) => one.list.revoke(of(`user-${i + j}`))))
      }
      await vi.waitFor(() => expect(two.list.size).toBe(4500), 10_000)
      expect(two.warnings()).toEqual([])
    })

    it('writes back what Redis has lost', async () => {
      const { prefix, marks, ends, log } = newNames()
      const [one, two] = await Promise.all([joinParty(settings, { prefix }), joinParty(other, { prefix })])
      const watermarks = await Promise.all(Array.from({ length: 600 }, (_, i) => one.list.revoke(of(`user-${i}`))))
      await vi.waitFor(() => expect(two.list.size).toBe(600), 5_000)
      const [first, second, third] = watermarks.map((each) => JSON.stringify(of(each.subject ?? '')))

      await one.send('HSET', marks, first ?? '', '1 2', second ?? '', 'what', third ?? '', '1 99999999999')
      await one.send('DEL', log)
      await vi.waitFor(async () => {
        const { issuedAt, expiresAt } = watermarks[0] ?? { issuedAt: 0, expiresAt: 0 }
        const times = `${issuedAt} ${expiresAt}`
        expect(await one.send('HMGET', marks, first ?? '', second ?? '')).toEqual([times, times])
        expect(await one.send('HGET', marks, third ?? '')).toBe(`${issuedAt} 99999999999`)
      }, 5_000)

      await one.send('DEL', marks, ends, log)
      await vi.waitFor(async () => expect(await one.send('HLEN', marks)).toBe(600), 5_000)
      const late = await joinParty(settings, { prefix })
      expect(late.list.size).toBe(600)
    })

    it('passes over what it cannot read, and says so', async () => {
      const { prefix, marks, log } = newNames()
      const one = await joinParty(settings, { prefix })
      const { send } = one
      const time = Math.floor(now())
      const good = `${time} ${time + 900}`
      await send(
        'HSET',
        marks,
        '{"device":"d","issuer":"i"}',
        good,
        'null',
        good,
        '{',
        good,
        JSON.stringify(of('user-1')),
        'x',
      )
      await send('HSET', marks, JSON.stringify(of('user-2')), good)
      const late = await joinParty(settings, { prefix })
      expect(late.warnings()).toEqual(['revocation_skipped'])
      expect(late.list.size).toBe(1)
      expect(late.list.isRevoked(tokenOf('user-2'))).toBe(true)

      await send('XADD', log, '*', 'name', '{', 'times', good)
      await send('XADD', log, '*', 'a', 'b')
      await one.list.revoke(of('user-3'))
      expect(await timeToLearn(late, 'user-3')).toBeLessThan(1000)
    })

    it('refuses everything rather than forget, when it has no room for what Redis has', async () => {
      const { prefix } = newNames()
      const one = await joinParty(settings, { prefix })
      await Promise.all(['user-1', 'user-2', 'user-3'].map((subject) => one.list.revoke(of(subject))))
      const small = await createParty(settings, { prefix, maxEntries: 2 })
      await expect(small.list.ready()).rejects.toMatchObject({ code: 'revocation_unavailable', status: 503 })
      await expect(small.list.isRevoked(tokenOf('bystander'))).rejects.toMatchObject({
        code: 'revocation_unavailable',
        cause: { message: expect.stringContaining('full') },
      })
      expect(small.warnings()).toEqual(['revocations_refresh_failed', 'revocations_stale'])
      await expect(small.list.revoke(of('user-4'))).rejects.toThrow('full')
    })

    it('refuses a revocation that names nothing, or two things', async () => {
      const { prefix, marks } = newNames()
      const { list, send } = await joinParty(settings, { prefix })
      await expect(list.revoke({ issuer: ISSUER } as Revocation)).rejects.toThrow(TypeError)
      await expect(list.revoke(of('user-1', { client: 'client-1' }))).rejects.toThrow(TypeError)
      expect(await send('EXISTS', marks)).toBe(0)
    })

    it.each([0, 200])('answers after a sleep, and not with a refusal: %i ms after a look', async (milliseconds) => {
      const { prefix } = newNames()
      const one = await joinParty(settings, { prefix, staleAfter: 1000 })
      await later(milliseconds)
      const until = performance.now() + 1500
      while (performance.now() < until);
      const answer = one.list.isRevoked(tokenOf('user-1'))
      expect(answer).toBeInstanceOf(Promise)
      expect(await answer).toBe(false)
      expect(one.list.isRevoked(tokenOf('user-1'))).toBe(false)
      expect(one.warnings()).toEqual([])
    })

    it('leaves alone what else its clients are used for', async () => {
      const { prefix } = newNames()
      const one = await joinParty(settings, { prefix })
      const heard: unknown[] = []
      await listen(one.subscriber, `${prefix}other`, (message) => void heard.push(message))
      await one.send('PUBLISH', `${prefix}other`, 'hello')
      await vi.waitFor(() => expect(heard).toEqual(['hello']))
      await one.list.close()
      await one.send('PUBLISH', `${prefix}other`, 'goodbye')
      await vi.waitFor(() => expect(heard).toEqual(['hello', 'goodbye']))
      expect(await one.send('PING')).toBe('PONG')
    })

    it('keeps lists of other names apart', async () => {
      const [{ prefix }, { prefix: otherPrefix }] = [newNames(), newNames()]
      const [one, two] = await Promise.all([
        joinParty(settings, { prefix }),
        joinParty(settings, { prefix: otherPrefix }),
      ])
      await one.list.revoke(of('user-1'))
      await later(700)
      expect(two.list.isRevoked(tokenOf('user-1'))).toBe(false)
    })

    it('releases what it made', async () => {
      const { prefix, channel } = newNames()
      const { list, client, subscriber, send } = await joinParty(settings, { prefix })
      // Both kinds are event emitters.
      const emitters = [client, subscriber] as unknown as readonly NodeJS.EventEmitter[]
      const listeners = () => emitters.map((each) => each.listenerCount('ready') + each.listenerCount('message'))
      const counted = listeners()
      const startedAt = performance.now()
      await list.close()
      expect(performance.now() - startedAt).toBeLessThan(500)
      expect(listeners()).toEqual(counted.map((count, i) => count - (i === 1 && library === 'ioredis' ? 2 : 1)))
      expect(await send('PUBSUB', 'NUMSUB', channel)).toEqual([channel, 0])
      await expect(list.isRevoked(tokenOf('user-1'))).rejects.toMatchObject({ code: 'revocation_unavailable' })
      await expect(list.revoke(of('user-1'))).rejects.toMatchObject({ code: 'revocation_unavailable' })
      await list.close()
    })
  })
})
