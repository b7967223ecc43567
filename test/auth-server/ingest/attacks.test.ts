import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type OpenScene, onEveryGround } from './grounds.js'
import { agentSample, sample } from './sample.js'
import { audienceOf, type Scene } from './scene.js'

onEveryGround(suite)

const day = 86_400_000

function suite(open: OpenScene): void {
  let scene: Scene
  let express: string
  let koa: string

  beforeAll(async () => {
    scene = await open()
    express = await scene.direct('express-api')
    koa = await scene.direct('koa-api')
  })
  afterAll(() => scene.close())

  const koaSample = (change: object = {}) => sample({ resource: { aud: audienceOf('koa') }, ...change })
  const chainsOf = async (prefix: string) => {
    const { chains } = await scene.server.context.audit.verify()
    return chains.filter(({ chain }) => chain.startsWith(prefix)).map(({ chain, fault }) => ({ chain, fault }))
  }

  describe('an id', () => {
    it('that another client used first stands in the way of nobody', async () => {
      const event = sample()
      expect((await scene.post([koaSample({ id: event.id, time: event.time })], koa)).json).toMatchObject({ stored: 1 })
      expect((await scene.post([event], express)).json).toEqual({ stored: 1, duplicates: 0 })
      expect((await scene.post([event], express)).json).toEqual({ stored: 0, duplicates: 1 })
      const kept = await scene.kept(event.id)
      expect(kept.map(({ observer }) => observer)).toMatchObject([{ client: 'express-api' }, { client: 'koa-api' }])
      const { audit } = scene.server.context
      const seen: unknown[] = []
      for (let after: string | undefined, more = true; more; more = after !== undefined) {
        const page = await audit.search({ subject: 'alice', type: 'access.decision' }, { limit: 1, after })
        seen.push(...page.events.map(({ integrity }) => integrity))
        after = page.next
      }
      expect(new Set(seen.map((place) => JSON.stringify(place))).size).toBe(seen.length)
      expect(seen.length).toBeGreaterThan(1)
    })
  })

  describe('a name with slashes', () => {
    it('leads into no chain of another process', async () => {
      await scene.post([sample({ observer: { service: 'a/b', instance: 'c' } })], express)
      await scene.post([sample({ observer: { service: 'a', instance: 'b/c' } })], express)
      expect(await chainsOf('api:express-api/a')).toEqual([
        { chain: expect.stringMatching(/^api:express-api\/a%2Fb\/c\/\w+$/) },
        { chain: expect.stringMatching(/^api:express-api\/a\/b%2Fc\/\w+$/) },
      ])
    })

    it('shows no token in the name of a chain', async () => {
      const instance = `eyJhbGciOiJub25lIn0.${btoa('{"a":1}').replaceAll('=', '')}.c2lnbmF0dXJl`
      await scene.post([sample({ observer: { service: 'x', instance } })], express)
      expect(await chainsOf('api:express-api/x/')).toEqual([
        { chain: expect.stringMatching(/^api:express-api\/x\/%3Ctoken%3E\//) },
      ])
    })
  })

  describe('a time', () => {
    it.each<[string, string | undefined, () => Date]>([
      ['before the epoch', 'time_behind', () => new Date(-1)],
      ['of the year one', 'time_behind', () => new Date('0001-01-01T00:00:00Z')],
      ['eight days ago', 'time_behind', () => new Date(Date.now() - 8 * day)],
      ['six days ago', undefined, () => new Date(Date.now() - 6 * day)],
      ['four minutes ahead', undefined, () => new Date(Date.now() + 240_000)],
      ['six minutes ahead', 'time_ahead', () => new Date(Date.now() + 360_000)],
    ])('%s: %s', async (_, refusal, time) => {
      const event = sample({ time: time().toISOString() })
      const { json } = await scene.post([event], express)
      expect(json.refused?.map(({ code }: { code: string }) => code)).toEqual(refusal && [refusal])
      expect(await scene.kept(event.id)).toHaveLength(refusal === undefined ? 1 : 0)
    })
  })

  describe('what is strange', () => {
    it('is kept as far as its schema goes, and harms nothing', async () => {
      const text = JSON.stringify(sample()).replace(
        '"duration_ms":1',
        '"duration_ms":1,"__proto__":{"decision":"deny"},"constructor":{"prototype":{"polluted":1}}',
      )
      const { status } = await scene.post([], express, {
        headers: { authorization: `Bearer ${express}`, 'content-type': 'application/x-ndjson' },
        body: text,
      })
      expect(status).toBe(200)
      const [kept] = await scene.kept(JSON.parse(text).id)
      expect(kept?.decision).toBe('allow')
      expect(Object.keys(kept ?? {})).not.toContain('constructor')
      expect(Object.prototype).not.toHaveProperty('polluted')
    })

    it.each<[string, unknown]>([
      ['a digest with room for a token', { token: { sha256: 'x'.repeat(100) } }],
      ['a code that is a sentence', { reason: { code: 'because I say so' } }],
      ['a time of no calendar', { time: '2026-02-30T00:00:00Z' }],
      ['an aud of every object', { resource: { aud: '__proto__' } }],
    ])('is refused: %s', async (_, change) => {
      const events = [sample(change as object), sample()] // objects all of them
      expect((await scene.post(events, express)).json).toMatchObject({ stored: 1, refused: [{ index: 0 }] })
    })

    it.each<[string, string]>([
      ['lists in lists', `[${'['.repeat(400_000)}${']'.repeat(400_000)}]`],
      ['objects in objects', `[${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}]`],
      ['numbers', '[1,"two",null,true]'],
    ])('is refused by itself: %s', async (_, body) => {
      const headers = { authorization: `Bearer ${express}`, 'content-type': 'application/json' }
      const { status, json } = await scene.post([], undefined, { headers, body })
      expect([status, json.stored]).toEqual([422, 0])
      expect((await scene.post([sample()], express)).status).toBe(200)
    })
  })

  it('the longest event that an API writes is kept, and so is one of a token that says nothing', async () => {
    const scope = Array.from({ length: 80 }, (_, index) => String.fromCharCode(48 + (index % 60)))
    const party = (letter: string) => ({ id: letter.repeat(128), iss: letter.repeat(128), profile: letter.repeat(128) })
    const long = sample({
      subject: party('s'),
      actor: party('a'),
      chain: [party('c'), party('d'), party('e')],
      chain_depth: 3,
      token: { sha256: 'x'.repeat(22), jti: 'j'.repeat(128), iat: null, exp: 1e300, grant_id: 'g'.repeat(128) },
      requested: { scope, any_scope: scope },
      granted: { scope },
      tool: { name: 't'.repeat(128) },
      txn: 'x'.repeat(128),
      observer: { service: 's'.repeat(100), instance: 'i'.repeat(100) },
    })
    const filled = { ...long, purpose: '' }
    filled.purpose = 'p'.repeat(Math.min(500, 4_096 + 240 - JSON.stringify(long).length))
    const empty = sample({ subject: { id: '' }, txn: '', purpose: '', token: { sha256: 'x'.repeat(22), jti: '' } })
    expect((await scene.post([filled, empty], express)).json).toEqual({ stored: 2, duplicates: 0 })
    expect(await scene.kept(long.id)).toMatchObject([{ granted: { scope }, requested: { any_scope: scope } }])
  })

  it('one request begins no more than 16 chains', async () => {
    const events = Array.from({ length: 20 }, (_, index) =>
      sample({ observer: { service: 'many', instance: `i${index}` } }),
    )
    const { json } = await scene.post([...events, { ...events[0], id: crypto.randomUUID() }], express)
    expect(json).toMatchObject({
      stored: 17,
      refused: [16, 17, 18, 19].map((index) => ({ index, code: 'too_many_sources' })),
    })
    expect(await chainsOf('api:express-api/many/')).toHaveLength(16)
  })

  it('when the database fails, nothing of a request is kept, and it can be made again', async () => {
    const { database } = scene.server.context
    const { query } = database
    const events = ['one', 'two'].map((instance) => sample({ observer: { service: 'broken', instance } }))
    let inserts = 0
    database.query = (text, values) => {
      if (text.includes('insert into audit_events')) inserts += 1
      return inserts === 2 ? Promise.reject(new Error('Connection terminated unexpectedly')) : query(text, values)
    }
    const failed = await scene.post(events, express)
    database.query = query
    expect([failed.status, failed.headers.get('retry-after')]).toEqual([503, '1'])
    for (const { id } of events) expect(await scene.kept(id)).toEqual([])
    expect((await scene.post(events, express)).json).toEqual({ stored: 2, duplicates: 0 })
  })

  it('leaves every chain intact', async () => {
    await scene.server.context.audit.checkpoint()
    expect(await scene.server.context.audit.verify()).toMatchObject({ intact: true })
  })

  it('an agent writes for no API, and an API for no agent of another', async () => {
    const assistant = await scene.direct('assistant')
    expect((await scene.post([agentSample(), sample()], assistant)).json).toMatchObject({
      stored: 1,
      refused: [{ index: 1, code: 'resource_of_another' }],
    })
    expect((await scene.post([agentSample(), sample()], express)).json).toMatchObject({
      stored: 1,
      refused: [{ index: 0, code: 'client_of_another' }],
    })
  })
}
