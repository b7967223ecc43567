import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type OpenScene, onEveryGround } from './grounds.js'
import { sample } from './sample.js'
import { audienceOf, type Scene } from './scene.js'

onEveryGround(suite)

function suite(open: OpenScene): void {
  let scene: Scene
  let token: string

  beforeAll(async () => {
    scene = await open()
    token = await scene.direct('express-api')
  })
  afterAll(() => scene.close())

  const find = (id: string) => scene.kept(id)

  describe('events that are sent twice', () => {
    it('are kept once, in order, whatever the form', async () => {
      const events = [sample(), sample(), sample()]
      expect((await scene.post(events, token)).json).toEqual({ stored: 3, duplicates: 0 })
      expect((await scene.post(events, token)).json).toEqual({ stored: 0, duplicates: 3 })
      const lines = await scene.post([], token, {
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' },
        body: [...events, sample()].map((event) => `${JSON.stringify(event)}\n`).join(''),
      })
      expect(lines.json).toEqual({ stored: 1, duplicates: 3 })
      for (const { id } of events) expect(await find(id)).toHaveLength(1)
    })

    it('are kept once within one request too, unless they are not the same', async () => {
      const event = sample()
      const other = { ...event, decision: 'deny' }
      const { json } = await scene.post([event, event, other], token)
      expect(json).toMatchObject({ stored: 1, duplicates: 1, refused: [{ index: 2, id: event.id, code: 'id_taken' }] })
      expect(await find(event.id)).toMatchObject([{ decision: 'allow' }])
    })

    it('are kept once when they arrive at the same time', async () => {
      const events = [sample(), sample()]
      const replies = await Promise.all(Array.from({ length: 5 }, () => scene.post(events, token)))
      expect(replies.reduce((sum, { json }) => sum + json.stored, 0)).toBe(2)
      expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]))
    })
  })

  describe('an event', () => {
    it('is kept under the name of its client, whatever it says of itself', async () => {
      const event = sample({
        observer: { service: 'hono-api', instance: 'x', client: 'hono-api' },
        integrity: { chain: 'one', seq: 1 },
        change: { by: 'somebody' },
        received: 'never',
      })
      await scene.post([event], token)
      const [kept] = await find(event.id)
      expect(kept).toMatchObject({
        observer: { client: 'express-api', service: 'hono-api', instance: 'x' },
        integrity: { chain: expect.stringMatching(/^api:express-api\/hono-api\/x\//) },
        received: expect.stringMatching(/^\d{4}-/),
      })
      expect(kept).not.toHaveProperty('change')
    })

    it.each<[string, string, object]>([
      ['resource_of_another', 'of the API of another', { resource: { aud: audienceOf('koa') } }],
      ['resource_of_another', 'of the admin API', { resource: { aud: 'https://auth.example.com/admin' } }],
      ['malformed', 'of the issuer', { type: 'delegation.issued' }],
      ['malformed', 'with an id as the server makes them', { id: '01JDABCDEFGHJKMNPQRSTVWXYZ' }],
      ['malformed', 'of no known shape', { decision: 'maybe' }],
      ['malformed', 'with a name too long', { subject: { id: 'x'.repeat(501) } }],
      ['time_ahead', 'of tomorrow', { time: new Date(Date.now() + 86_400_000).toISOString() }],
      [
        'too_large',
        'of more than 4 kB',
        { granted: { scope: Array.from({ length: 12 }, (_, i) => `${i}${'x'.repeat(480)}`) } },
      ],
    ])('is refused as %s when it is one %s, and the others are kept', async (code, _, change) => {
      const [good, bad] = [sample(), sample(change)]
      const { status, json } = await scene.post([good, bad], token)
      expect([status, json]).toMatchObject([422, { stored: 1, refused: [{ index: 1, id: bad.id, code }] }])
      expect([await find(good.id), await find(bad.id)]).toMatchObject([[{}], []])
      const { events } = await scene.server.context.audit.search(
        { type: 'audit.refused' },
        { limit: 1, order: 'newest' },
      )
      expect(events).toMatchObject([{ client: { id: 'express-api' }, reason: { code }, observer: { instance: 'one' } }])
    })

    it('cannot take the place of another that has its id', async () => {
      const event = sample()
      await scene.post([event], token)
      const forged = { ...event, decision: 'deny', reason: { code: 'scope_insufficient' } }
      expect((await scene.post([forged], token)).json).toMatchObject({ refused: [{ code: 'id_taken' }] })
      expect(await find(event.id)).toMatchObject([{ decision: 'allow' }])
    })

    it('keeps no token, no control character and no line of its own making', async () => {
      const jwt = `eyJhbGciOiJub25lIn0.${btoa('{"sub":"alice"}')}.c2lnbmF0dXJl`
      const event = sample({ purpose: `${jwt}\u0000\n\u202e` })
      await scene.post([event], token)
      const [kept] = await find(event.id)
      expect(kept?.purpose).toBe('<token><U+0000><U+000A><U+202E>')
    })
  })

  describe('who may write', () => {
    const now = () => Math.floor(scene.server.context.now())

    it.each<[string, number, () => Promise<string | undefined>]>([
      ['nobody', 401, async () => undefined],
      ['a forged token', 401, async () => `${token.slice(0, -8)}AAAAAAAA`],
      ['a token for another resource', 401, () => scene.direct('support', 'koa:read', audienceOf('koa'))],
      ['a person', 403, () => scene.issue({ resource: `${scene.server.issuer}/audit`, scope: ['audit:write'] })],
      [
        'an agent for a person',
        403,
        () =>
          scene.issue({
            kind: 'delegated',
            agentId: 'agent:support',
            clientId: 'support',
            resource: `${scene.server.issuer}/audit`,
            scope: ['audit:write'],
            expiresAt: now() + 60,
            claims: { act: { iss: scene.server.issuer, sub: 'agent:support' } },
          }),
      ],
      [
        'a client without the permission',
        403,
        () =>
          scene.issue({
            kind: 'direct',
            agentId: 'agent:idle',
            subject: 'idle',
            clientId: 'idle',
            resource: `${scene.server.issuer}/audit`,
            scope: ['other'],
            claims: {},
          }),
      ],
    ])('not %s: %d', async (_, status, getToken) => {
      const event = sample()
      expect((await scene.post([event], await getToken())).status).toBe(status)
      expect(await find(event.id)).toEqual([])
      expect((await scene.post([event], token)).status).toBe(200)
    })

    it('gives the token to no agent that lacks the permission', async () => {
      await expect(scene.direct('idle')).rejects.toThrow('invalid_scope')
    })

    it('says where tokens come from', async () => {
      const { status, headers } = await scene.post([sample()], undefined)
      expect(status).toBe(401)
      const [, url = ''] = /resource_metadata="([^"]+)"/.exec(headers.get('www-authenticate') ?? '') ?? []
      const metadata: unknown = await (await fetch(url)).json()
      expect(metadata).toMatchObject({ resource: `${scene.server.issuer}/audit` })
    })
  })

  describe('a request', () => {
    it.each<[string, number, RequestInit]>([
      ['of another media type', 415, { headers: { 'content-type': 'text/plain' } }],
      ['that is no JSON', 400, { body: '{' }],
      ['that is no list', 400, { body: '{}' }],
      ['of too many events', 413, { body: JSON.stringify(Array.from({ length: 1_001 }, () => 1)) }],
      ['of too many bytes', 413, { body: JSON.stringify(['x'.repeat(1_100_000)]) }],
      ['that is compressed', 415, { headers: { 'content-encoding': 'gzip' } }],
      ['of another method', 405, { method: 'PUT' }],
    ])('%s is refused: %d', async (_, status, changes) => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...changes.headers }
      const reply = await scene.post([sample()], undefined, { ...changes, headers })
      expect(reply.status).toBe(status)
      expect(reply.text).not.toContain(token)
    })

    it('is put off when a client sends more than its share', async () => {
      const small = await open({ rateLimits: { audit: 10 } })
      const own = await small.direct('express-api')
      const other = await small.direct('koa-api')
      const batch = () => Array.from({ length: 6 }, () => sample())
      expect((await small.post(batch(), own)).status).toBe(200)
      const busy = await small.post(batch(), own)
      expect([busy.status, Number(busy.headers.get('retry-after')) > 0]).toEqual([429, true])
      const { status } = await small.post([sample({ resource: { aud: audienceOf('koa') } })], other)
      expect(status).toBe(200)
      await small.close()
    })
  })
}
