import { createGuard } from '@behalf/hono'
import { createAdaptorServer } from '@hono/node-server'
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { compress } from 'hono/compress'
import { cors } from 'hono/cors'
import request from 'supertest'
import { describe, expect, it, vi } from 'vitest'
import {
  allowingWith,
  challengesWith,
  createScene,
  lowerCase,
  promiseOfAnotherRealm,
  summary,
  uncaughtDuring,
} from './scene.js'

function createApi() {
  const scene = createScene()
  const errors: unknown[] = []
  const app = new Hono().onError((error, c) => {
    errors.push(error)
    return c.text('error', 500)
  })
  return { ...scene, app, errors, guard: createGuard(scene.options) }
}

const headersOf = (answer: Response) => Object.fromEntries(answer.headers)

describe('a guard', () => {
  it('lets a good call through and says who is calling', async () => {
    const { app, guard, bearer } = createApi()
    app.get('/x', guard.requireScope('read'), (c) => {
      const { subject, actor } = c.var.auth
      return c.json({ subject, actor: actor?.subject })
    })
    const answer = await app.request('/x', { headers: { Authorization: await bearer({ actor: 'agent:support' }) } })
    expect(await answer.json()).toEqual({ subject: 'alice', actor: 'agent:support' })
  })

  it('answers a bad call with the bytes of the decision and nothing of Hono', async () => {
    const { app, guard, errors } = createApi()
    app.get('/x', guard.requireScope('read'), () => expect.unreachable())
    const decision = await guard.resourceServer.authorize({ method: 'GET', url: '/x', headers: new Headers() })
    if (decision.allowed) return expect.unreachable()
    const answer = await app.request('/x')
    expect(answer.status).toBe(401)
    expect(await answer.text()).toBe(decision.body)
    expect(headersOf(answer)).toEqual({ ...lowerCase(decision.headers), 'content-length': `${decision.body.length}` })
    expect(errors).toEqual([])
  })

  it('answers HEAD with the headers of GET and no body, over a socket too', async () => {
    const { app, guard } = createApi()
    app.get('/x', guard.requireScope('read'), () => expect.unreachable())
    const [get, head] = [await app.request('/x'), await app.request('/x', { method: 'HEAD' })]
    expect([head.status, await head.text()]).toEqual([401, ''])
    expect(headersOf(head)).toEqual(headersOf(get))
    const server = createAdaptorServer({ fetch: app.fetch })
    const [wireGet, wireHead] = [await request(server).get('/x'), await request(server).head('/x')]
    expect(wireHead.text).toBeUndefined()
    expect({ ...wireHead.headers, date: '' }).toEqual({ ...wireGet.headers, date: '' })
    expect(wireGet.headers).toMatchObject(headersOf(get))
  })

  it('keeps what earlier middleware put on the answer', async () => {
    const { app, guard, bearer } = createApi()
    app.use(cors({ origin: 'https://app.example.com' }), async (c, next) => {
      c.header('X-Request-Id', '7')
      c.header('Set-Cookie', 'a=1', { append: true })
      c.header('Set-Cookie', 'b=2', { append: true })
      await next()
    })
    app.get('/x', guard.protect(), () => new Response('raw', { headers: { 'X-Raw': '1' } }))
    for (const [authorization, status] of [['', 400] as const, [await bearer(), 200] as const]) {
      const answer = await app.request('/x', {
        headers: { Authorization: authorization, Origin: 'https://app.example.com' },
      })
      expect(answer.status).toBe(status)
      expect(headersOf(answer)).toMatchObject({
        'access-control-allow-origin': 'https://app.example.com',
        'x-request-id': '7',
      })
      expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
    }
  })

  it('lets middleware change the answer on its way out', async () => {
    const { app, guard } = createApi()
    app.use(compress({ threshold: 1 }))
    app.get('/x', guard.protect(), () => expect.unreachable())
    const answer = await app.request('/x', { headers: { 'Accept-Encoding': 'gzip' } })
    expect(headersOf(answer)).toMatchObject({ 'content-encoding': 'gzip', 'content-type': 'application/problem+json' })
    expect(answer.headers.has('content-length')).toBe(false)
  })

  it('puts the headers of a decision that allows on the answer of the handler', async () => {
    const { app, guard, bearer } = createApi()
    const { protect } = createGuard(allowingWith({ 'X-Decision': '1' }, guard.resourceServer))
    app.get('/x', protect(), (c) => c.text('', 200, { 'X-Handler': '2' }))
    app.get('/raw', protect(), () => new Response('', { headers: { 'X-Raw': '3' } }))
    const init = { headers: { Authorization: await bearer() } }
    const [answer, raw] = [await app.request('/x', init), await app.request('/raw', init)]
    expect([answer.status, headersOf(answer)]).toMatchObject([200, { 'x-decision': '1', 'x-handler': '2' }])
    expect([raw.status, headersOf(raw)]).toMatchObject([200, { 'x-decision': '1', 'x-raw': '3' }])
  })

  it('records the path it was registered with, below sub-apps and base paths', async () => {
    const { app, guard, bearer, decisions } = createApi()
    const inner = new Hono().get('/orders/:order', guard.requireScope('read'), (c) => c.json(c.req.param()))
    const outer = new Hono().basePath('/api').use(guard.protect()).route('/users/:user', inner)
    app.route('/', outer)
    app.put('/any/*', guard.protect(), (c) => c.text(''))
    const init = { headers: { Authorization: await bearer() } }
    const answer = await app.request('/api/users/5/orders/7?x=1', init)
    expect(await answer.json()).toEqual({ user: '5', order: '7' })
    await app.request('/any/thing', { ...init, method: 'PUT' })
    const events = await decisions(3)
    expect(summary(events)).toEqual([
      ['allowed', '/api/*'],
      ['allowed', '/api/users/:user/orders/:order'],
      ['allowed', '/any/*'],
    ])
    expect(events.map((event) => event.request.method)).toEqual(['GET', 'GET', 'PUT'])
  })

  it('stacks: each decides for itself, the last that lets through is who is calling', async () => {
    const { app, guard, bearer, decisions } = createApi()
    app.use('/api/*', guard.protect({ delegation: 'required' }))
    app.use(bodyLimit({ maxSize: 10 })) // makes a new Request of a streamed one
    app.post('/api/read', guard.requireScope('read'), async (c) => c.text(c.var.auth.mode + (await c.req.text())))
    app.get('/api/write', guard.requireScope('write'), () => expect.unreachable())
    const delegated = { headers: { Authorization: await bearer({ actor: 'agent:support' }) } }
    const body = new Blob(['!']).stream()
    const streamed = new Request('http://x/api/read', {
      ...delegated,
      method: 'POST',
      body,
      duplex: 'half',
    })
    expect(await (await app.fetch(streamed)).text()).toBe('delegated!')
    expect((await app.request('/api/write', delegated)).status).toBe(403)
    const direct = { method: 'POST', headers: { Authorization: await bearer() } }
    expect((await app.request('/api/read', direct)).status).toBe(403)
    expect(summary(await decisions(5)).map(([code]) => code)).toEqual([
      'allowed',
      'allowed',
      'allowed',
      'scope_insufficient',
      'delegation_required',
    ])
  })

  it('verifies anew when the same Request is dispatched again', async () => {
    const { app, options, bearer } = createApi()
    let now = Date.now() / 1000
    app.get('/x', createGuard({ ...options, now: () => now }).protect(), (c) => c.text('ok'))
    const same = new Request('http://x/x', { headers: { Authorization: await bearer() } })
    expect((await app.fetch(same)).status).toBe(200)
    now += 3600
    expect((await app.fetch(same)).status).toBe(401)
  })

  it('asks a requirement function with the context of Hono', async () => {
    const { app, guard, bearer } = createApi()
    const isolated = guard.protect(async (c) => ({
      subject: c.req.param('id'),
      scope: c.req.header('X-Scope') ?? 'read',
    }))
    app.get('/users/:id', isolated, (c) => c.text(c.req.param('id')))
    const headers = { Authorization: await bearer() }
    expect(await (await app.request('/users/alice', { headers })).text()).toBe('alice')
    expect((await app.request('/users/bob', { headers })).status).toBe(403)
    expect((await app.request('/users/alice', { headers: { ...headers, 'X-Scope': 'write' } })).status).toBe(403)
  })

  it.each([
    ['throws', () => expect.fail('oops')],
    ['rejects', () => Promise.reject(new Error('oops'))],
    [
      'forgets a parameter',
      (c: { req: { param(name: string): string | undefined } }) => ({ subject: c.req.param('no') }),
    ],
    ['answers nothing', () => undefined as never],
    ['answers a list', () => [] as never],
    ['answers a promise of another realm', () => promiseOfAnotherRealm({ scope: 'write' })],
  ])('never opens when a requirement function %s', async (_what, requirement) => {
    const { app, guard, bearer, errors } = createApi()
    app.get('/users/:id', guard.protect(requirement), () => expect.unreachable())
    const uncaught = await uncaughtDuring(async () => {
      const answer = await app.request('/users/alice', { headers: { Authorization: await bearer() } })
      expect([answer.status, await answer.json()]).toMatchObject([500, { code: 'internal_error' }])
    })
    expect([errors, uncaught]).toEqual([[], []])
  })

  it('leaves the errors of a handler to Hono', async () => {
    const { app, guard, bearer, errors } = createApi()
    app.get('/x', guard.protect(), () => expect.fail('oops'))
    const answer = await app.request('/x', { headers: { Authorization: await bearer() } })
    expect([answer.status, errors]).toMatchObject([500, [{ message: 'oops' }]])
  })
})

describe('metadata', () => {
  it('is served at its well-known path, and challenges point to it', async () => {
    const { app, guard } = createApi()
    app.use(guard.metadata())
    app.get('/x', guard.requireScope('read'), () => expect.unreachable())
    app.get('/y', guard.requireAnyScope('write', 'admin'), () => expect.unreachable())
    const path = '/.well-known/oauth-protected-resource'
    const get = await app.request(`${path}?x=1`)
    expect([get.status, get.headers.get('content-type')]).toEqual([200, 'application/json'])
    const document = await get.json()
    expect(document).toEqual(guard.resourceServer.metadata())
    expect(document).toMatchObject({ scopes_supported: ['admin', 'read', 'write'] })
    const head = await app.request(path, { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
    expect(headersOf(head)).toEqual(headersOf(get))
    expect((await app.request(path, { method: 'POST' })).status).toBe(404)
    expect((await app.request(`${path}/x`)).status).toBe(404)
    const refused = await app.request('/x')
    expect(refused.headers.get('www-authenticate')).toBe(challengesWith(`https://api.example.com${path}`))
  })
})

it('keeps two resource servers in one app apart', async () => {
  const [billing, orders] = [createScene('https://billing.example.com'), createScene('https://orders.example.com')]
  const app = new Hono()
  app.get('/billing', createGuard(billing.options).protect(), (c) => c.text(c.var.auth.subject))
  app.get('/orders', createGuard(orders.options).protect(), (c) => c.text(c.var.auth.subject))
  const call = async (path: string, scene: typeof billing) =>
    (await app.request(path, { headers: { Authorization: await scene.bearer() } })).status
  expect(await call('/billing', billing)).toBe(200)
  expect(await call('/orders', billing)).toBe(401)
  expect(await call('/orders', orders)).toBe(200)
  expect(summary(await billing.decisions(1))).toEqual([['allowed', '/billing']])
  expect(summary(await orders.decisions(2))).toEqual([
    ['audience_mismatch', '/orders'],
    ['allowed', '/orders'],
  ])
})

it('shares one resource server between apps', async () => {
  const { guard, bearer, decisions } = createApi()
  const close = vi.spyOn(guard.resourceServer, 'close')
  for (let i = 0; i < 2; i++) {
    const app = new Hono().get('/x', createGuard(guard.resourceServer).protect(), (c) => c.text('ok'))
    expect((await app.request('/x', { headers: { Authorization: await bearer() } })).status).toBe(200)
  }
  await decisions(2)
  expect(close).not.toHaveBeenCalled()
})
