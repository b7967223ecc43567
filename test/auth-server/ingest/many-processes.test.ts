import { afterAll, beforeAll, expect, it } from 'vitest'
import { keepEvents } from '../../../packages/auth-server/dist/ingest/keep.js'
import { type OpenScene, onEveryGround } from './grounds.js'
import { sample } from './sample.js'
import { type ApiName, audienceOf, type Scene } from './scene.js'

onEveryGround(suite)

function suite(open: OpenScene): void {
  let scene: Scene

  beforeAll(async () => {
    scene = await open()
  })
  afterAll(() => scene.close())

  const eventOf = (api: ApiName, instance: string) =>
    sample({ resource: { aud: audienceOf(api) }, observer: { service: api, instance } })

  /** Who writes chains under the name of a client, and how many chains each. */
  async function writersOf(client: string): Promise<ReadonlyMap<string, number>> {
    const rows = await scene.server.context.database.query<{ instance: string; chains: number }>(
      "select instance, count(*)::integer as chains from audit_chains where starts_with(instance || '/', $1) group by 1",
      [`api:${client}/`],
    )
    return new Map(rows.map(({ instance, chains }) => [instance, chains]))
  }

  async function chainOf(id: string): Promise<string> {
    const [row] = await scene.server.context.database.query<{ chain: string }>(
      "select chain from audit_events where starts_with(id, $1 || '/')",
      [id],
    )
    return row?.chain.replace(/\/\w+$/, '') ?? ''
  }

  it('100 processes of an API that start at once lose nothing, and 60 have chains of their own', async () => {
    const token = await scene.direct('express-api')
    const events = Array.from({ length: 100 }, (_, index) => eventOf('express', `pod-${index}`))
    for (const event of events) {
      expect((await scene.post([event], token)).json).toEqual({ stored: 1, duplicates: 0 })
    }
    const writers = await writersOf('express-api')
    expect([writers.size, writers.get('api:express-api')]).toEqual([61, 1])
    const [first, last] = [events[0]?.id ?? '', events[99]?.id ?? '']
    expect(await chainOf(first)).toBe('api:express-api/express/pod-0')
    expect(await chainOf(last)).toBe('api:express-api')
    expect(await scene.kept(last)).toMatchObject([{ observer: { client: 'express-api', instance: 'pod-99' } }])
    expect((await scene.post(events.slice(90), token)).json).toEqual({ stored: 0, duplicates: 10 })
    const [again, other] = [eventOf('express', 'pod-0'), eventOf('express', 'pod-99')]
    expect((await scene.post([again, other], token)).json).toEqual({ stored: 2, duplicates: 0 })
    expect([await chainOf(again.id), await chainOf(other.id)]).toEqual([
      'api:express-api/express/pod-0',
      'api:express-api',
    ])
    expect((await writersOf('express-api')).size).toBe(61)
  })

  it('a client that makes up processes begins no more chains, and takes none of another', async () => {
    const token = await scene.direct('koa-api')
    for (let request = 0; request < 12; request += 1) {
      const events = Array.from({ length: 16 }, () => eventOf('koa', crypto.randomUUID()))
      expect((await scene.post(events, token)).json).toEqual({ stored: 16, duplicates: 0 })
    }
    expect((await writersOf('koa-api')).size).toBe(61)
    const event = eventOf('hono', 'pod-1')
    expect((await scene.post([event], await scene.direct('hono-api'))).json).toMatchObject({ stored: 1 })
    expect(await chainOf(event.id)).toBe('api:hono-api/hono/pod-1')
  })

  it('an hour later there is room again', async () => {
    const { context } = scene.server
    const document = { resources: { [audienceOf('koa')]: { name: 'x', clients: ['koa-api'] } } }
    const sender = { clientId: 'koa-api', agentId: null, issuer: scene.server.issuer, document, now: context.now() }
    const [now, later] = [eventOf('koa', 'soon'), eventOf('koa', 'later')]
    await keepEvents(context, sender, [now])
    await keepEvents(context, { ...sender, now: sender.now + 3_601 }, [later])
    expect([await chainOf(now.id), await chainOf(later.id)]).toEqual(['api:koa-api', 'api:koa-api/koa/later'])
  })

  it('the trail is intact', async () => {
    await scene.server.context.audit.checkpoint()
    expect(await scene.server.context.audit.verify()).toMatchObject({ intact: true })
  })
}
