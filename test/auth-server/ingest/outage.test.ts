import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answered, call, readTrail, unrecorded } from './calls.js'
import { type OpenScene, onEveryGround } from './grounds.js'
import type { Api, Scene } from './scene.js'

/** How long the auth server is away, in seconds. */
const outage = Number(process.env.BEHALF_OUTAGE_SECONDS ?? '2')

/** Milliseconds between two calls of one of those who call: less than 10,000 events a minute. */
const pace = 40
const callers = 4

onEveryGround(suite)

function suite(open: OpenScene): void {
  let scene: Scene

  beforeAll(async () => {
    scene = await open()
  })
  afterAll(() => scene.close())

  /** Calls before, while and after the server is away. */
  async function callThrough(api: Api, token: string): Promise<Answered> {
    const answered: Answered = new Map()
    await call(answered, `${api.url}/read`, token)
    await api.sink.flush()
    let isOver = false
    const callOn = async (bearer: string | undefined): Promise<void> => {
      while (!isOver) {
        await call(answered, `${api.url}/read`, bearer)
        await setTimeout(pace)
      }
    }
    const load = Promise.all(Array.from({ length: callers }, (_, i) => callOn(i % 2 === 0 ? token : undefined)))
    await setTimeout(500)
    const back = await scene.interrupt()
    const before = answered.size
    await setTimeout(outage * 1_000)
    expect(answered.size).toBeGreaterThan(before)
    await back()
    await setTimeout(500)
    isOver = true
    await load
    return answered
  }

  describe('while the trail is away, under load', () => {
    it(
      'every call is answered, and every event arrives once',
      async () => {
        const api = await scene.start('koa', { sink: { interval: 20 } })
        const answered = await callThrough(api, await scene.delegate('koa', 'task_outage'))
        await api.sink.flush()
        const recorded = await readTrail(scene, 'koa')
        expect(new Set(answered.values())).toEqual(new Set([200, 401]))
        expect(unrecorded(answered, recorded)).toEqual([])
        expect([recorded.stored, recorded.dropped, api.sink.lost]).toEqual([answered.size, 0, 0])
        process.stderr.write(`away ${outage} s: ${answered.size} answered, ${recorded.stored} stored, 0 dropped\n`)
      },
      60_000 + outage * 3_000,
    )

    it(
      'what finds no room is counted, and the counts add up',
      async () => {
        const api = await scene.start('hono', { sink: { interval: 20, maxEvents: 20 } })
        const answered = await callThrough(api, await scene.delegate('hono', 'task_outage'))
        await api.sink.flush()
        const recorded = await readTrail(scene, 'hono')
        expect(recorded.dropped).toBeGreaterThan(0)
        expect([recorded.stored + recorded.dropped, recorded.dropped]).toEqual([answered.size, api.sink.lost])
        expect(unrecorded(answered, recorded)).toHaveLength(recorded.dropped)
        process.stderr.write(
          `away ${outage} s: ${answered.size} answered, ${recorded.stored} stored, ${recorded.dropped} dropped\n`,
        )
      },
      60_000 + outage * 3_000,
    )

    it('every chain is intact', async () => {
      expect(await scene.server.context.audit.verify()).toMatchObject({ intact: true })
    })
  })
}
