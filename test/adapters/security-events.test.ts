import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { createRevocationList, maxSecurityEventSize } from '@behalf/core'
import { readText } from '@behalf/core/node'
import { createGuard as createExpressGuard } from '@behalf/express'
import behalf, { requireGuards } from '@behalf/fastify'
import { createGuard as createHonoGuard } from '@behalf/hono'
import { createGuard as createKoaGuard } from '@behalf/koa'
import { createTestIssuer } from '@behalf/testing'
import express, { type RequestHandler } from 'express'
import fastify, { type FastifyInstance } from 'fastify'
import { Hono } from 'hono'
import Koa from 'koa'
import request from 'supertest'
import { describe, expect, it } from 'vitest'

const issuer = await createTestIssuer({ listen: false })
const audience = 'https://api.example.com'
const type = 'application/secevent+jwt'

function createOptions() {
  return { issuer: issuer.trusted(), audience, securityEvents: { revocations: createRevocationList() } }
}

/** A security event token that holds. */
function event(): Promise<string> {
  return issuer.token({
    subject: 'alice',
    audience,
    header: { typ: 'secevent+jwt' },
    claims: {
      sub: undefined,
      exp: undefined,
      sub_id: { format: 'iss_sub', iss: issuer.issuer, sub: 'alice' },
      events: { 'https://schemas.openid.net/secevent/caep/event-type/session-revoked': {} },
    },
  })
}

describe('a body that was read before', () => {
  it.each<[string, RequestHandler]>([
    ['text', express.text({ type: () => true })],
    ['bytes', express.raw({ type: () => true })],
    ['another type', express.json()],
  ])('is taken over as %s on Express', async (_name, parser) => {
    const app = express().post('/events', parser, createExpressGuard(createOptions()).securityEvents())
    const answer = await request(app)
      .post('/events')
      .type(type)
      .send(await event())
    expect([answer.status, answer.text]).toEqual([202, ''])
  })

  it('that is no text is refused and not waited for, on Express', async () => {
    const parser = express.json({ type: () => true })
    const app = express().post('/events', parser, createExpressGuard(createOptions()).securityEvents())
    expect((await request(app).post('/events').type(type).send('{}')).status).toBe(400)
  })

  it("is taken over from the scope's own parser on Fastify", async () => {
    const app = fastify()
    app.addContentTypeParser(type, { parseAs: 'string' }, (_request, body, done) => done(null, body))
    await app.register(behalf, createOptions())
    app.route({ method: 'POST', url: '/events', handler: app.securityEvents() })
    const headers = { 'content-type': type }
    expect((await app.inject({ method: 'POST', url: '/events', headers, payload: await event() })).statusCode).toBe(202)
  })

  it('is taken over from a parser on Koa', async () => {
    const app = new Koa()
    app.use(async (ctx, next) => {
      Object.assign(ctx.request, { body: await readText(ctx.req, maxSecurityEventSize) })
      await next()
    })
    app.use(createKoaGuard(createOptions()).securityEvents())
    expect(
      (
        await request(app.callback())
          .post('/events')
          .type(type)
          .send(await event())
      ).status,
    ).toBe(202)
  })

  it('is taken over from what Hono remembers', async () => {
    const app = new Hono()
    app.use(async (c, next) => {
      await c.req.text()
      await next()
    })
    app.post('/events', createHonoGuard(createOptions()).securityEvents())
    const init = { method: 'POST', headers: { 'Content-Type': type }, body: await event() }
    expect((await app.request('/events', init)).status).toBe(202)
    expect((await app.request('/events', { method: 'POST' })).status).toBe(400)
  })
})

it('is no unguarded route for requireGuards of Fastify, in a scope inside another too', async () => {
  const app = fastify()
  await app.register(requireGuards, { onUnguarded: 'refuse' })
  await app.register(behalf, createOptions())
  app.route({ method: 'POST', url: '/events', handler: app.securityEvents() })
  await app.register(async (scope) => {
    await scope.register(behalf, createOptions())
    scope.route({ method: 'POST', url: '/inner/events', handler: scope.securityEvents() })
  })
  const headers = { 'content-type': type }
  for (const url of ['/events', '/inner/events']) {
    expect((await app.inject({ method: 'POST', url, headers, payload: await event() })).statusCode).toBe(202)
  }
})

describe('a body of another type on Fastify', () => {
  const unknown = { 'content-type': 'unheard-of/type' }
  const post = async (app: FastifyInstance, url: string) => {
    const { statusCode, body } = await app.inject({ method: 'POST', url, headers: unknown, payload: await event() })
    return [statusCode, body] as const
  }

  it('is judged by the receiver, in a scope inside another too, and no other route notices', async () => {
    const app = fastify()
    await app.register(behalf, createOptions())
    app.post('/events', app.securityEvents())
    app.post('/other', async () => 'never reached')
    await app.register(async (scope) => {
      scope.post('/outer/events', app.securityEvents())
      await scope.register(behalf, createOptions())
      scope.post('/inner/events', scope.securityEvents())
    })
    for (const url of ['/events', '/outer/events', '/inner/events']) {
      expect(await post(app, url)).toEqual([400, expect.stringContaining('invalid_request')])
      const headers = { 'content-type': type }
      expect((await app.inject({ method: 'POST', url, headers, payload: await event() })).statusCode).toBe(202)
    }
    expect(await post(app, '/other')).toEqual([415, expect.stringContaining('FST_ERR_CTP_INVALID_MEDIA_TYPE')])
  })

  it('passes every hook of the route', async () => {
    const seen: string[] = []
    const app = fastify()
    await app.register(behalf, createOptions())
    const hook = (name: string) => async () => void seen.push(name)
    app.addHook('preHandler', hook('app'))
    app.post('/one', { onRequest: hook('one'), preHandler: hook('one, later') }, app.securityEvents())
    app.post('/two', { onRequest: [hook('two'), hook('two, again')] }, app.securityEvents())
    for (const url of ['/one', '/two']) expect((await post(app, url))[0]).toBe(400)
    expect(seen).toEqual(['one', 'app', 'one, later', 'two', 'two, again', 'app'])
  })
})

describe('readText', () => {
  const streamOf = (...chunks: readonly Uint8Array[]) => {
    const stream = new PassThrough()
    for (const chunk of chunks) stream.write(chunk)
    return stream
  }

  it('reads UTF-8 whose characters are cut between chunks', async () => {
    const bytes = Buffer.from('a€𝄞')
    const stream = streamOf(bytes.subarray(0, 2), bytes.subarray(2, 6), bytes.subarray(6))
    stream.end()
    expect(await readText(stream, 10)).toBe('a€𝄞')
  })

  it('reads no further than its limit and lets the rest go', async () => {
    const stream = streamOf(Buffer.alloc(10, 'x'))
    expect((await readText(stream, 9)).length).toBe(10)
    stream.end(Buffer.alloc(100_000))
    await once(stream, 'end')
    expect(stream.readableLength).toBe(0)
  })

  it('reads a body of exactly its limit', async () => {
    const stream = streamOf(Buffer.alloc(10, 'x'))
    stream.end()
    expect(await readText(stream, 10)).toBe('x'.repeat(10))
  })

  it.each([
    ['fails', (stream: PassThrough) => stream.destroy(new Error('reset')), 'reset'],
    ['is closed', (stream: PassThrough) => stream.destroy(), 'ended before its body'],
  ])('rejects when the request %s', async (_name, end, message) => {
    const stream = streamOf(Buffer.from('half'))
    const reading = readText(stream, 10)
    end(stream)
    await expect(reading).rejects.toThrow(message)
  })
})

describe('the client certificate of the connection, on Hono', () => {
  const der = new Uint8Array([0x30, 0x03, 0x02, 0x01, 0x07])
  const guard = createHonoGuard(createOptions())
  const app = new Hono().get('/', guard.protect({ senderConstrained: true }), (c) => c.text('ok'))
  const statusWith = async (env: object | undefined) => {
    const token = await issuer.token({ subject: 'alice', audience, boundTo: der })
    const answer = await app.request('/', { headers: { Authorization: `Bearer ${token}` } }, env)
    return answer.status
  }
  const incoming = (raw: Uint8Array) => ({ incoming: { socket: { getPeerCertificate: () => ({ raw }) } } })

  it('serves a token that is bound to it', async () => {
    expect(await statusWith(incoming(der))).toBe(200)
  })

  it.each<[string, object | undefined]>([
    ['another one', incoming(new Uint8Array([0x30, 0x03, 0x02, 0x01, 0x08]))],
    ['a connection without TLS', { incoming: { socket: {} } }],
    ['a binding of that name', { incoming: 'text' }],
    ['a runtime that is not Node', { KV: {} }],
    ['no environment', undefined],
  ])('refuses it with %s', async (_name, env) => {
    expect(await statusWith(env)).toBe(401)
  })
})
