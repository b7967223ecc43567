import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { audienceOf, createScene, type Scene, secret } from './scene.js'

let scene: Scene

beforeAll(async () => {
  scene = await createScene()
})
afterAll(() => scene.close())

/** What the trail has of an API, oldest first. */
async function eventsOf(api: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const { events } = await scene.server.context.audit.search({ resource: audienceOf(api) }, { limit: 1_000 })
  return events
}

const typesOf = async (api: string) => (await eventsOf(api)).map(({ type }) => type)

describe('while the server is away', () => {
  it('events wait, and none is lost', async () => {
    const api = await scene.start('koa')
    await api.get('/read')
    await api.sink.flush()
    const back = await scene.interrupt()
    for (let index = 0; index < 20; index += 1) expect(await api.get('/read')).toBe(401)
    await vi.waitFor(() => expect(api.sink.pending).toBe(20))
    await back()
    await api.sink.flush()
    expect(await typesOf('koa')).toEqual(Array.from({ length: 21 }, () => 'access.decision'))
    expect([api.sink.lost, api.warnings.map(({ code }) => code)]).toEqual([0, ['audit_failed']])
  })

  it('what finds no room is counted, and the trail is told', async () => {
    const api = await scene.start('hono', { sink: { maxEvents: 10 } })
    const back = await scene.interrupt()
    for (let index = 0; index < 30; index += 1) expect(await api.get('/read')).toBe(401)
    await vi.waitFor(() => expect(api.sink.lost).toBe(20))
    await back()
    await api.sink.flush()
    const events = await eventsOf('hono')
    expect(events.filter(({ type }) => type === 'access.decision')).toHaveLength(10)
    expect(events.filter(({ type }) => type === 'audit.dropped')).toMatchObject([
      { dropped: 20, observer: { client: 'hono-api' } },
    ])
    expect(api.warnings.map(({ code }) => code).toSorted((a, b) => a.localeCompare(b))).toEqual([
      'audit_dropped',
      'audit_failed',
    ])
  })
})

describe('with required, an API', () => {
  it('answers once the trail has the event, and refuses while it is away', async () => {
    const api = await scene.start('fastify', { required: true, timeout: 2_000 })
    const token = await scene.delegate('fastify', 'task_2')
    expect(await api.get('/read', token)).toBe(200)
    expect(await typesOf('fastify')).toEqual(['delegation.issued', 'access.decision'])
    const back = await scene.interrupt()
    expect(await api.get('/read', token)).toBe(503)
    await back()
    await api.sink.flush()
    expect(await api.get('/read', token)).toBe(200)
    expect(await typesOf('fastify')).toHaveLength(4)
  })
})

describe('a process that is told to end', () => {
  it('writes out what waits', async () => {
    const program = fileURLToPath(new URL('../../dist/auth-server/ingest/api-process.js', import.meta.url))
    const settings = [scene.server.issuer, audienceOf('express'), 'express-api', secret]
    const child = spawn(process.execPath, [program, ...settings], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [port] = await once(createInterface(child.stdout), 'line')
    const token = await scene.delegate('express', 'task_3')
    const call = async () =>
      (await fetch(`http://127.0.0.1:${port}/`, { headers: { authorization: `Bearer ${token}` } })).status
    expect(await call()).toBe(200)
    await vi.waitFor(async () => expect(await typesOf('express')).toHaveLength(2), { timeout: 10_000 })
    for (let index = 0; index < 5; index += 1) expect(await call()).toBe(200)
    expect(await typesOf('express')).toHaveLength(2)
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([0, null])
    expect(await typesOf('express')).toHaveLength(7)
  })
})
