import { createHash } from 'node:crypto'
import type { OcsfEvent } from '@behalf/audit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { canonicalText, type JsonObject } from '../../../packages/auth-server/dist/audit/canonical.js'
import { faultsOf } from '../../audit/ocsf-schema.js'
import { type OpenScene, onEveryGround } from './grounds.js'
import type { Scene } from './scene.js'

interface Exported extends JsonObject {
  readonly id: string
  readonly integrity: JsonObject
}

onEveryGround(suite)

function suite(open: OpenScene): void {
  let scene: Scene

  beforeAll(async () => {
    scene = await open()
    const api = await scene.start('express')
    const token = await scene.delegate('express', 'task_1')
    await api.get('/read', token)
    await api.get('/write', token)
    await api.sink.flush()
  })
  afterAll(() => scene.close())

  /** Every page, as text. */
  async function download(query: string): Promise<readonly string[]> {
    const pages: string[] = []
    for (let path: string | undefined = `/audit/export?${query}`; path !== undefined; ) {
      const { status, headers, text } = await scene.admin(path)
      expect([status, headers.get('content-type')]).toEqual([200, 'application/x-ndjson'])
      pages.push(text)
      const [, next] = /^<[^>]*\/admin(\/[^>]+)>; rel="next"$/.exec(headers.get('link') ?? '') ?? []
      path = next
    }
    return pages
  }

  function parse<T>(pages: readonly string[]): readonly T[] {
    return pages
      .join('')
      .split('\n')
      .filter((line) => line !== '')
      .map((line): T => JSON.parse(line))
  }

  it('is the whole trail, a page at a time, each event with a digest that anyone can make', async () => {
    const pages = await download('limit=5')
    const events = parse<Exported>(pages)
    expect(pages.length).toBeGreaterThan(2)
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length)
    expect(parse(await download(''))).toHaveLength(events.length)
    for (const event of events) {
      const { hash, ...integrity } = event.integrity
      const digest = createHash('sha256')
        .update(canonicalText({ ...event, integrity }))
        .digest('base64url')
      expect(hash).toBe(`sha256:${digest}`)
    }
  })

  it('is valid OCSF, and of one task where one is named', async () => {
    const events = parse<OcsfEvent>(await download('format=ocsf&limit=5'))
    expect(events.flatMap((event) => faultsOf(event))).toEqual([])
    const task = parse<OcsfEvent>(await download('format=ocsf&transaction=task_1'))
    expect(task.map(({ type_uid, status }) => [type_uid, status])).toEqual([
      [300301, 'Success'],
      [600302, 'Success'],
      [600302, 'Failure'],
    ])
  })

  it('is for those who may read the trail alone', async () => {
    const url = `${scene.server.issuer}/admin/audit/export`
    const token = await scene.issue({ subject: 'ada', resource: `${scene.server.issuer}/admin`, scope: ['admin:read'] })
    expect((await fetch(url)).status).toBe(401)
    expect((await fetch(url, { headers: { authorization: `Bearer ${token}` } })).status).toBe(403)
  })
}
