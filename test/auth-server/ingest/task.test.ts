import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type OpenScene, onEveryGround } from './grounds.js'
import { type Api, type ApiName, apis, audienceOf, type Scene } from './scene.js'

interface Event {
  readonly type: string
  readonly decision: string
  readonly txn: string
  readonly token: { readonly jti: string }
  readonly observer: Readonly<Record<string, string>>
}

onEveryGround(suite)

function suite(open: OpenScene): void {
  let scene: Scene
  let running: Record<ApiName, Api>

  beforeAll(async () => {
    scene = await open()
    const started = await Promise.all(apis.map(async (api) => [api, await scene.start(api)] as const))
    running = Object.fromEntries(started) as typeof running // one for each name
  })
  afterAll(() => scene.close())

  describe('the trail of one task at four APIs', () => {
    const jtis: string[] = []

    beforeAll(async () => {
      for (const api of apis) {
        const token = await scene.delegate(api, 'task_1')
        jtis.push(String(decodeJwt(token).jti))
        expect([await running[api].get('/read', token), await running[api].get('/write', token)]).toEqual([200, 403])
        await running[api].sink.flush()
      }
    })

    it('shows issued, allowed and refused in order, with the same task and token', async () => {
      const { json } = await scene.admin('/audit/tasks/task_1')
      const events: readonly Event[] = json.events
      expect(events.map(({ type, decision }) => `${type} ${decision}`)).toEqual(
        apis.flatMap(() => ['delegation.issued allow', 'access.decision allow', 'access.decision deny']),
      )
      expect(new Set(events.map(({ txn }) => txn))).toEqual(new Set(['task_1']))
      expect(events.map(({ token }) => token.jti)).toEqual(jtis.flatMap((jti) => [jti, jti, jti]))
      expect(events.map(({ observer }) => observer.client ?? observer.service)).toEqual(
        apis.flatMap((api) => ['auth-server', `${api}-api`, `${api}-api`]),
      )
    })

    it.each([
      ['one person (whose account is an event too)', 'subject=alice', 13],
      ['one agent', 'actor=agent:support', 12],
      ['one API', `resource=${audienceOf('koa')}`, 3],
      ['refusals', 'decision=deny&from=1', 4],
      ['refusals of one kind', 'reason=scope_insufficient', 4],
    ])('answers for %s', async (_, query, count) => {
      const { json } = await scene.admin(`/audit/events?${query}`)
      expect(json.items).toHaveLength(count)
    })

    it('answers for one token', async () => {
      expect((await scene.admin(`/audit/events?tokenId=${jtis[0]}`)).json.items).toHaveLength(3)
    })

    it('answers for one trace, from the request for a token to the call', async () => {
      const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
      const traceparent = `00-${trace}-00f067aa0ba902b7-01`
      const token = await scene.delegate('koa', 'task_2', traceparent)
      expect(await running.koa.get('/read', token, traceparent)).toBe(200)
      await running.koa.sink.flush()
      const { json } = await scene.admin(`/audit/events?trace=${trace}`)
      expect(json.items.map(({ type }: Event) => type)).toEqual(['delegation.issued', 'access.decision'])
      await scene.delegate('koa', 'task_3', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`)
      expect((await scene.admin('/audit/tasks/task_3')).json.events).toMatchObject([{ type: 'delegation.issued' }])
      expect((await scene.admin(`/audit/events?trace=${'0'.repeat(32)}`)).json.items).toEqual([])
    })

    it('is intact, with a chain for each source, all of them signed', async () => {
      await scene.server.context.audit.checkpoint()
      const { json } = await scene.admin('/audit/verification')
      expect(json.intact).toBe(true)
      const chains: readonly { readonly chain: string; readonly checkpoints: number }[] = json.chains
      const sources = chains.map(({ chain }) => chain.slice(0, chain.lastIndexOf('/')))
      expect(new Set(sources)).toEqual(new Set(['one', ...apis.map((api) => `api:${api}-api/${api}-api/pod-1`)]))
      expect(chains.filter(({ checkpoints }) => checkpoints === 0)).toEqual([])
    })

    it('names the record of an API in which a byte was flipped', async () => {
      const { database } = scene.server.context
      const chain = 'api:hono-api/hono-api/pod-1'
      const flip = (from: string, to: string) =>
        database.transaction(async () => {
          await database.query('set local session_replication_role = replica')
          await database.query(
            'update audit_events set event = replace(event, $1, $2) where starts_with(chain, $3) and seq = 3',
            [from, to, chain],
          )
        })
      await flip('"deny"', '"demy"')
      const { json } = await scene.admin('/audit/verification')
      expect(json.intact).toBe(false)
      const faulty = json.chains.filter(({ fault }: { fault?: unknown }) => fault !== undefined)
      expect(faulty).toMatchObject([{ chain: expect.stringContaining(chain), fault: { seq: 3, what: 'altered' } }])
      await flip('"demy"', '"deny"')
      expect((await scene.admin('/audit/verification')).json.intact).toBe(true)
    })
  })
}
