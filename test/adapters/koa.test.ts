import { createGuard } from '@behalf/koa'
import { Router } from '@koa/router'
import Koa from 'koa'
import request from 'supertest'
import { describe, expect, it, vi } from 'vitest'
import {
  allowingWith,
  asText,
  challengesWith,
  createScene,
  lowerCase,
  promiseOfAnotherRealm,
  summary,
  uncaughtDuring,
} from './scene.js'

function createApi() {
  const scene = createScene()
  const app = new Koa()
  const errors: unknown[] = []
  app.on('error', (error) => errors.push(error))
  return { ...scene, app, errors, router: new Router(), guard: createGuard(scene.options) }
}

/** What the router put on the context. */
const param = (ctx: Koa.Context & { readonly params?: Readonly<Record<string, string>> }, name: string) =>
  ctx.params?.[name]

describe('a guard', () => {
  it('lets a good call through and says who is calling', async () => {
    const { app, guard, bearer } = createApi()
    app.use(guard.requireScope('read')).use((ctx) => {
      const { subject, actor } = ctx.state.auth
      ctx.body = { subject, actor: actor?.subject }
    })
    const answer = await request(app.callback())
      .get('/x')
      .set('Authorization', await bearer({ actor: 'agent:support' }))
    expect(answer.body).toEqual({ subject: 'alice', actor: 'agent:support' })
  })

  it('answers a bad call with the bytes of the decision and nothing of Koa', async () => {
    const { app, guard, errors } = createApi()
    app.use(guard.requireScope('read')).use(() => expect.unreachable())
    const decision = await guard.resourceServer.authorize({ method: 'GET', url: '/x', headers: new Headers() })
    if (decision.allowed) return expect.unreachable()
    const answer = await request(app.callback()).get('/x').buffer().parse(asText)
    expect(answer.status).toBe(401)
    expect(answer.body).toBe(decision.body)
    expect(answer.headers).toMatchObject({
      ...lowerCase(decision.headers),
      'content-length': `${decision.body.length}`,
    })
    expect(errors).toEqual([])
  })

  it('answers HEAD with the headers of GET and no body', async () => {
    const { app, guard } = createApi()
    app.use(guard.requireScope('read'))
    const [get, head] = await Promise.all([request(app.callback()).get('/x'), request(app.callback()).head('/x')])
    expect([head.status, head.text]).toEqual([401, undefined])
    expect({ ...head.headers, date: '' }).toEqual({ ...get.headers, date: '' })
  })

  it('keeps what earlier middleware put on the answer, and lets it see the end', async () => {
    const { app, guard } = createApi()
    const statuses: number[] = []
    app.use(async (ctx, next) => {
      ctx.set('X-Request-Id', '7')
      await next()
      statuses.push(ctx.status)
    })
    app.use(guard.protect())
    const answer = await request(app.callback()).get('/x')
    expect(answer.headers).toMatchObject({ 'x-request-id': '7', 'content-type': 'application/problem+json' })
    expect(statuses).toEqual([401])
  })

  it('waits for what comes after it', async () => {
    const { app, guard, bearer } = createApi()
    app.use(async (ctx, next) => {
      await next()
      ctx.body = `${ctx.body} and after`
    })
    app.use(guard.protect())
    app.use(async (ctx) => {
      await new Promise((resolve) => setTimeout(resolve, 5))
      ctx.body = 'handler'
    })
    const answer = await request(app.callback())
      .get('/x')
      .set('Authorization', await bearer())
    expect(answer.text).toBe('handler and after')
  })

  it('puts the headers of a decision that allows on the answer of the handler', async () => {
    const { app, guard, bearer } = createApi()
    const { protect } = createGuard(allowingWith({ 'X-Decision': '1', 'X-Handler': '1' }, guard.resourceServer))
    app.use(protect()).use((ctx) => {
      ctx.set('X-Handler', '2')
      ctx.body = ''
    })
    const answer = await request(app.callback())
      .get('/x')
      .set('Authorization', await bearer())
    expect([answer.status, answer.headers]).toMatchObject([200, { 'x-decision': '1', 'x-handler': '2' }])
  })

  it('records the template of the router, nested and prefixed, and none without a router', async () => {
    const { app, guard, router, bearer, decisions } = createApi()
    const inner = new Router({ prefix: '/users/:user' })
    inner.get('/orders/:order', guard.requireScope('read'), (ctx) => {
      ctx.body = ctx.params
    })
    router.prefix('/api')
    router.use(inner.routes())
    router.put(/^\/api\/reg(ex)?$/, guard.protect(), (ctx) => {
      ctx.body = ''
    })
    app.use(guard.protect()).use(router.routes())
    const authorization = await bearer()
    const answer = await request(app.callback()).get('/api/users/5/orders/7?x=1').set('Authorization', authorization)
    expect(answer.body).toEqual({ user: '5', order: '7' })
    await request(app.callback()).put('/api/regex').set('Authorization', authorization).expect(200)
    const events = await decisions(4)
    expect(summary(events)).toEqual([
      ['allowed', undefined],
      ['allowed', '/api/users/:user/orders/:order'],
      ['allowed', undefined],
      ['allowed', expect.stringContaining('reg(ex)?')],
    ])
    expect(events.map((event) => event.request.method)).toEqual(['GET', 'GET', 'PUT', 'PUT'])
  })

  it('stacks: each decides for itself, the last that lets through is who is calling', async () => {
    const { app, guard, router, bearer, decisions } = createApi()
    router.use(guard.protect({ delegation: 'required' }))
    router.get('/read', guard.requireScope('read'), (ctx) => {
      ctx.body = ctx.state.auth.mode
    })
    router.get('/write', guard.requireScope('write'), () => expect.unreachable())
    app.use(router.routes())
    const delegated = await bearer({ actor: 'agent:support' })
    await request(app.callback()).get('/read').set('Authorization', delegated).expect(200, 'delegated')
    await request(app.callback()).get('/write').set('Authorization', delegated).expect(403)
    await request(app.callback())
      .get('/read')
      .set('Authorization', await bearer())
      .expect(403)
    expect(summary(await decisions(5)).map(([code]) => code)).toEqual([
      'allowed',
      'allowed',
      'allowed',
      'scope_insufficient',
      'delegation_required',
    ])
  })

  it('asks a requirement function with the context of Koa', async () => {
    const { app, guard, router, bearer } = createApi()
    const isolated = guard.protect(async (ctx) => ({ subject: param(ctx, 'id'), scope: ctx.get('X-Scope') || 'read' }))
    router.get('/users/:id', isolated, (ctx) => {
      ctx.body = ctx.params.id
    })
    app.use(router.routes())
    const authorization = await bearer()
    await request(app.callback()).get('/users/alice').set('Authorization', authorization).expect(200, 'alice')
    await request(app.callback()).get('/users/bob').set('Authorization', authorization).expect(403)
    await request(app.callback())
      .get('/users/alice')
      .set({ Authorization: authorization, 'X-Scope': 'write' })
      .expect(403)
  })

  it.each([
    ['throws', () => expect.fail('oops')],
    ['rejects', () => Promise.reject(new Error('oops'))],
    ['forgets a parameter', (ctx: Koa.Context) => ({ subject: param(ctx, 'nothing') })],
    ['answers nothing', () => undefined as never],
    ['answers a list', () => [] as never],
    ['answers a promise of another realm', () => promiseOfAnotherRealm({ scope: 'write' })],
  ])('never opens when a requirement function %s', async (_what, requirement) => {
    const { app, guard, router, bearer, errors } = createApi()
    router.get('/users/:id', guard.protect(requirement), () => expect.unreachable())
    app.use(router.routes())
    const uncaught = await uncaughtDuring(async () => {
      const answer = await request(app.callback())
        .get('/users/alice')
        .set('Authorization', await bearer())
      expect([answer.status, JSON.parse(answer.text)]).toMatchObject([500, { code: 'internal_error' }])
    })
    expect([errors, uncaught]).toEqual([[], []])
  })

  it('leaves the errors of a handler to Koa', async () => {
    const { app, guard, bearer, errors } = createApi()
    app.use(guard.protect()).use(() => expect.fail('oops'))
    await request(app.callback())
      .get('/x')
      .set('Authorization', await bearer())
      .expect(500)
    expect(errors).toMatchObject([{ message: 'oops' }])
  })
})

describe('metadata', () => {
  it('is served at its well-known path, and challenges point to it', async () => {
    const { app, guard, router } = createApi()
    app.use(guard.metadata())
    router.get('/x', guard.requireScope('read'), () => expect.unreachable())
    router.get('/y', guard.requireAnyScope('write', 'admin'), () => expect.unreachable())
    app.use(router.routes())
    const path = '/.well-known/oauth-protected-resource'
    const get = await request(app.callback()).get(`${path}?x=1`)
    expect(get.status).toBe(200)
    expect(get.headers['content-type']).toBe('application/json')
    expect(get.body).toEqual(guard.resourceServer.metadata())
    expect(get.body).toMatchObject({ scopes_supported: ['admin', 'read', 'write'] })
    const head = await request(app.callback()).head(path)
    expect([head.status, head.text]).toEqual([200, undefined])
    expect({ ...head.headers, date: '' }).toEqual({ ...get.headers, date: '' })
    await request(app.callback()).post(path).expect(404)
    await request(app.callback()).get(`${path}/x`).expect(404)
    const refused = await request(app.callback()).get('/x')
    expect(refused.headers['www-authenticate']).toBe(challengesWith(`https://api.example.com${path}`))
  })
})

it('keeps two resource servers in one app apart', async () => {
  const [billing, orders] = [createScene('https://billing.example.com'), createScene('https://orders.example.com')]
  const router = new Router()
  router.get('/billing', createGuard(billing.options).protect(), (ctx) => {
    ctx.body = ctx.state.auth.subject
  })
  router.get('/orders', createGuard(orders.options).protect(), (ctx) => {
    ctx.body = ctx.state.auth.subject
  })
  const app = new Koa().use(router.routes()).callback()
  await request(app)
    .get('/billing')
    .set('Authorization', await billing.bearer())
    .expect(200, 'alice')
  await request(app)
    .get('/orders')
    .set('Authorization', await billing.bearer())
    .expect(401)
  await request(app)
    .get('/orders')
    .set('Authorization', await orders.bearer())
    .expect(200, 'alice')
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
    const app = new Koa().use(createGuard(guard.resourceServer).protect()).use((ctx) => {
      ctx.body = 'ok'
    })
    await request(app.callback())
      .get('/x')
      .set('Authorization', await bearer())
      .expect(200)
  }
  await decisions(2)
  expect(close).not.toHaveBeenCalled()
})
