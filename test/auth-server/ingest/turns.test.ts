import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createTurns, type Turn } from '../../../packages/auth-server/dist/ingest/turns.js'
import { sample } from './sample.js'
import { audienceOf, createScene, type Scene } from './scene.js'

describe('turns', () => {
  function scene() {
    const turns = createTurns({ sideBySide: 2, ofOne: 3, ofAll: 5 })
    const begun: string[] = []
    const ends = new Map<string, () => void>()
    const start = (client: string, name: string): Turn | undefined => {
      const turn = turns.enter(client)
      void turn
        ?.take(() => {
          begun.push(name)
          return new Promise<void>((resolve) => ends.set(name, resolve))
        })
        .finally(() => turn.leave())
      return turn
    }
    const end = async (name: string) => {
      ends.get(name)?.()
      await new Promise(setImmediate)
    }
    return { start, end, begun }
  }

  it('are in order for one client, and side by side for several', async () => {
    const { start, end, begun } = scene()
    for (const [client, name] of [
      ['a', 'a1'],
      ['a', 'a2'],
      ['b', 'b1'],
      ['c', 'c1'],
    ] as const) {
      start(client, name)
    }
    expect(begun).toEqual(['a1', 'b1'])
    await end('a1')
    expect(begun).toEqual(['a1', 'b1', 'c1'])
    await end('c1')
    expect(begun).toEqual(['a1', 'b1', 'c1', 'a2'])
  })

  it('are as many as there is room for', async () => {
    const { start, end } = scene()
    expect([start('a', 'a1'), start('a', 'a2'), start('a', 'a3')]).not.toContain(undefined)
    expect(start('a', 'a4')).toBeUndefined()
    expect([start('b', 'b1'), start('b', 'b2')]).not.toContain(undefined)
    expect(start('c', 'c1')).toBeUndefined()
    await end('a1')
    expect(start('a', 'a4')).toBeDefined()
  })

  it('go on after a failure', async () => {
    const turn = createTurns({ sideBySide: 1, ofOne: 1, ofAll: 1 }).enter('a')
    await expect(turn?.take(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(await turn?.take(async () => 'yes')).toBe('yes')
  })
})

describe('a client that sends slowly', () => {
  let scene: Scene
  const open: ClientRequest[] = []

  beforeAll(async () => {
    scene = await createScene()
  })
  afterAll(() => scene.close())

  it('is put off when it does so too often, and takes the place of no other', async () => {
    const [express, koa] = [await scene.direct('express-api'), await scene.direct('koa-api')]
    const refused = new Promise<IncomingMessage>((resolve) => {
      for (let index = 0; index < 65; index += 1) {
        const slow = request(`${scene.server.issuer}/audit/events`, {
          method: 'POST',
          headers: { authorization: `Bearer ${express}`, 'content-type': 'application/json' },
        })
        slow.on('error', () => {}).on('response', resolve)
        slow.write('[')
        open.push(slow)
      }
    })
    const { statusCode, headers } = await refused
    expect([statusCode, headers['retry-after']]).toEqual([429, '1'])
    expect((await scene.post([sample()], express)).status).toBe(429)
    expect((await scene.post([sample({ resource: { aud: audienceOf('koa') } })], koa)).status).toBe(200)
    for (const slow of open) slow.destroy()
    await vi.waitFor(async () => expect((await scene.post([sample()], express)).status).toBe(200), { timeout: 10_000 })
  })
})
