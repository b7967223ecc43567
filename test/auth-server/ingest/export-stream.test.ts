import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type OpenScene, onEveryGround } from './grounds.js'
import { lengthen, pageSize, watchPages } from './long-trail.js'
import { sample } from './sample.js'
import type { Scene } from './scene.js'

onEveryGround(suite)

/** More than what waits in sockets between a server and a reader that does not read. */
const count = 5_000
const filler = 'x'.repeat(3_000)

function suite(open: OpenScene): void {
  let scene: Scene
  let api: string
  let pages: ReturnType<typeof watchPages>
  const reading = new Set<AbortController>()

  beforeAll(async () => {
    scene = await open()
    api = await scene.direct('express-api')
    await lengthen(scene, count, filler)
    pages = watchPages(scene)
  })
  afterEach(() => {
    for (const each of reading) each.abort()
    reading.clear()
    pages.count = 0
    pages.failAt = Number.POSITIVE_INFINITY
  })
  afterAll(async () => {
    pages.stop()
    await scene.close()
  })

  async function download(query: string): Promise<Response> {
    const { issuer } = scene.server
    const token = await scene.issue({ subject: 'ada', resource: `${issuer}/admin`, scope: ['admin:audit'] })
    const aborter = new AbortController()
    reading.add(aborter)
    const headers = { authorization: `Bearer ${token}` }
    return fetch(`${issuer}/admin/audit/export?${query}`, { headers, signal: aborter.signal })
  }

  const idsIn = (text: string) =>
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line): string => JSON.parse(line).id)

  /** The number of pages read, once it no longer grows while the server does other things. */
  async function settled(): Promise<number> {
    for (let last = -1, same = 0; same < 25; ) {
      const isSame = pages.count === last
      same = isSame ? same + 1 : 0
      last = pages.count
      await scene.post([sample()], api)
    }
    return pages.count
  }

  it('is everything that matches, in one answer', async () => {
    const response = await download('subject=long')
    expect([response.status, response.headers.get('content-type'), response.headers.get('link')]).toEqual([
      ...[200, 'application/x-ndjson', null],
    ])
    const ids = idsIn(await response.text())
    expect([ids.length, new Set(ids).size]).toEqual([count, count])
    expect(pages.count).toBe(Math.floor(count / pageSize) + 1)
    expect(idsIn(await (await download('subject=nobody')).text())).toEqual([])
    expect(idsIn(await (await download('subject=long&limit=7')).text())).toEqual(ids.slice(0, 7))
  })

  it('is what there was when it began, whatever is written while it is read', async () => {
    const before = await scene.server.context.audit.search({}, { limit: 1, order: 'newest' })
    const response = await download('format=jsonl')
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    let text = (await reader?.read())?.value ?? ''
    // a source that was there, and one that was not, in the middle and at the end
    await lengthen(scene, 5)
    const middle = new Date(Date.now() - (count / 2) * 1_000).toISOString()
    for (const time of [middle, new Date().toISOString()]) {
      expect((await scene.post([sample({ time })], api)).json).toMatchObject({ stored: 1 })
    }
    for (let part = await reader?.read(); part?.done === false; part = await reader?.read()) text += part.value
    const ids = idsIn(text)
    const later = await scene.server.context.database.query<{ id: string }>(
      `select event::json ->> 'id' as id from audit_events where chain like 'api:long/%' and seq <= ${count + 1}`,
    )
    expect(ids).toEqual(expect.arrayContaining(later.map(({ id }) => id)))
    expect(ids).toContain(before.events[0]?.id)
    expect(ids.length).toBeLessThan(idsIn(await (await download('')).text()).length - 6)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('waits for a reader that does not read, and nobody else waits with it', async () => {
    const response = await download('')
    const some = await settled()
    expect(some).toBeLessThan(count / pageSize)
    const text = await response.text()
    expect(pages.count).toBeGreaterThan(some)
    expect(idsIn(text).length).toBeGreaterThan(count)
  })

  it('ends when the reader goes away', async () => {
    const response = await download('')
    await response.body?.getReader().read()
    for (const each of reading) each.abort()
    expect(await settled()).toBeLessThan(count / pageSize)
  })

  describe('that fails', () => {
    it('in the middle is cut off, and not ended', async () => {
      pages.failAt = 5
      const response = await download('subject=long')
      expect(response.status).toBe(200)
      await expect(response.text()).rejects.toThrow('terminated')
      expect(pages.count).toBe(5)
    })

    it('at once is a refusal', async () => {
      pages.failAt = 1
      const response = await download('subject=long')
      expect([response.status, response.headers.get('content-type')]).toEqual([503, 'application/problem+json'])
    })
  })

  it('verification lets others write meanwhile', async () => {
    const order: string[] = []
    const verified = scene.admin('/audit/verification').then(({ json }) => order.push(`intact ${json.intact}`))
    await scene.post([sample()], api)
    order.push('written')
    await verified
    expect(order).toEqual(['written', 'intact true'])
  })
}
