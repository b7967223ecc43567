import { ConfigurationError } from '@behalf/core'
import { createGuard, getAuth } from '@behalf/express'
import { createGuard as createPlainGuard, getAuth as getPlainAuth } from '@behalf/express/no-augment'
import express5, { type ErrorRequestHandler } from 'express'
import express4 from 'express4'
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

const versions = [
  { version: 4, express: express4 },
  { version: 5, express: express5 },
] as const

describe.each(versions)('Express $version', ({ express }) => {
  function createApi() {
    const scene = createScene()
    const app = express()
    const errors: unknown[] = []
    const onError: ErrorRequestHandler = (error, _req, res, _next) => {
      errors.push(error)
      if (!res.headersSent) res.status(500).end()
    }
    return { ...scene, app, errors, onError, guard: createGuard(scene.options) }
  }

  describe('a guard', () => {
    it('lets a good call through and says who is calling', async () => {
      const { app, guard, bearer } = createApi()
      app.get('/x', guard.requireScope('read'), (req, res) => {
        res.json({ same: req.auth === getAuth(req), subject: getAuth(req).subject, actor: req.auth?.actor?.subject })
      })
      const answer = await request(app)
        .get('/x')
        .set('Authorization', await bearer({ actor: 'agent:support' }))
      expect(answer.body).toEqual({ same: true, subject: 'alice', actor: 'agent:support' })
    })

    it('answers a bad call with the bytes of the decision and nothing of Express', async () => {
      const { app, guard } = createApi()
      app.get('/x', guard.requireScope('read'), () => expect.unreachable())
      const decision = await guard.resourceServer.authorize({ method: 'GET', url: '/x', headers: new Headers() })
      if (decision.allowed) return expect.unreachable()
      const answer = await request(app).get('/x').buffer().parse(asText)
      expect(answer.status).toBe(401)
      expect(answer.body).toBe(decision.body)
      expect(answer.headers).toMatchObject({
        ...lowerCase(decision.headers),
        'content-length': `${decision.body.length}`,
      })
      expect(answer.headers).not.toHaveProperty('etag')
    })

    it('answers HEAD with the headers of GET and no body', async () => {
      const { app, guard, bearer } = createApi()
      app.get('/x', guard.requireScope('read'), (_req, res) => void res.send('hello'))
      const [get, head] = await Promise.all([request(app).get('/x'), request(app).head('/x')])
      expect(head.status).toBe(401)
      expect(head.text).toBeUndefined()
      expect({ ...head.headers, date: '' }).toEqual({ ...get.headers, date: '' })
      const good = await request(app)
        .head('/x')
        .set('Authorization', await bearer())
      expect(good.status).toBe(200)
    })

    it('keeps what earlier middleware put on the answer', async () => {
      const { app, guard } = createApi()
      app.use((_req, res, next) => {
        res.set('X-Request-Id', '7').append('Set-Cookie', 'a=1').append('Set-Cookie', 'b=2')
        next()
      })
      app.get('/x', guard.protect(), () => expect.unreachable())
      const answer = await request(app).get('/x')
      expect(answer.headers).toMatchObject({ 'x-request-id': '7', 'set-cookie': ['a=1', 'b=2'] })
      expect(answer.headers['content-type']).toBe('application/problem+json')
    })

    it('puts the headers of a decision that allows on the answer of the handler', async () => {
      const { app, guard, bearer } = createApi()
      const { protect } = createGuard(allowingWith({ 'X-Decision': '1', 'X-Handler': '1' }, guard.resourceServer))
      app.get('/x', protect(), (_req, res) => void res.set('X-Handler', '2').end())
      const answer = await request(app)
        .get('/x')
        .set('Authorization', await bearer())
      expect([answer.status, answer.headers]).toMatchObject([200, { 'x-decision': '1', 'x-handler': '2' }])
    })

    it('records method and template, and nothing the caller wrote', async () => {
      const { app, guard, bearer, decisions } = createApi()
      const inner = express.Router({ mergeParams: true })
      inner.get('/orders/:order', guard.requireScope('read'), (req, res) => void res.json(req.params))
      const outer = express.Router()
      outer.use(guard.protect())
      outer.use('/users', inner)
      app.use('/api', outer)
      app.all(/^\/reg(ex)?$/, guard.protect(), (_req, res) => void res.end())
      app.get(['/a', '/b'], guard.protect(), (_req, res) => void res.end())
      const authorization = await bearer()
      const answer = await request(app).get('/api/users/orders/7?x=1').set('Authorization', authorization)
      expect(answer.body).toEqual({ order: '7' })
      await request(app).put('/regex').set('Authorization', authorization).expect(200)
      await request(app).get('/b').set('Authorization', authorization).expect(200)
      const events = await decisions(4)
      expect(summary(events)).toEqual([
        ['allowed', undefined],
        ['allowed', '/orders/:order'],
        ['allowed', String.raw`/^\/reg(ex)?$/`],
        ['allowed', '/a,/b'],
      ])
      expect(events.map((event) => event.request.method)).toEqual(['GET', 'GET', 'PUT', 'GET'])
    })

    it('stacks: each decides for itself, the last that lets through is who is calling', async () => {
      const { app, guard, bearer, decisions } = createApi()
      const router = express.Router()
      router.use(guard.protect({ delegation: 'required' }))
      router.get('/read', guard.requireScope('read'), (req, res) => void res.json(getAuth(req).mode))
      router.get('/write', guard.requireScope('write'), () => expect.unreachable())
      app.use('/api', router)
      const delegated = await bearer({ actor: 'agent:support' })
      await request(app).get('/api/read').set('Authorization', delegated).expect(200, '"delegated"')
      await request(app).get('/api/write').set('Authorization', delegated).expect(403)
      await request(app)
        .get('/api/read')
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

    it('asks a requirement function with the request of Express', async () => {
      const { app, guard, bearer } = createApi()
      const isolated = guard.protect(async (req) => ({ subject: req.params.id, scope: req.get('X-Scope') ?? 'read' }))
      app.get('/users/:id', isolated, (req, res) => void res.json(req.params.id))
      const authorization = await bearer()
      await request(app).get('/users/alice').set('Authorization', authorization).expect(200, '"alice"')
      await request(app).get('/users/bob').set('Authorization', authorization).expect(403)
      await request(app).get('/users/alice').set({ Authorization: authorization, 'X-Scope': 'write' }).expect(403)
    })

    it.each([
      ['throws', () => expect.fail('oops')],
      ['rejects', () => Promise.reject(new Error('oops'))],
      ['forgets a parameter', (req: express5.Request<Record<string, string>>) => ({ subject: req.params.nothing })],
      ['answers nothing', () => undefined as never],
      ['answers a list', () => [] as never],
      ['answers a promise of another realm', () => promiseOfAnotherRealm({ scope: 'write' })],
    ])('never opens when a requirement function %s', async (_what, requirement) => {
      const { app, guard, bearer, errors, onError } = createApi()
      app.get('/users/:id', guard.protect(requirement), () => expect.unreachable())
      app.use(onError)
      const uncaught = await uncaughtDuring(async () => {
        const answer = await request(app)
          .get('/users/alice')
          .set('Authorization', await bearer())
        expect([answer.status, JSON.parse(answer.text)]).toMatchObject([500, { code: 'internal_error' }])
      })
      expect([errors, uncaught]).toEqual([[], []])
    })

    it('leaves an answer alone that was sent while it decided, and nothing is left uncaught', async () => {
      const { app, guard, bearer, errors, onError } = createApi()
      let release = () => {}
      const slow = guard.protect(() => new Promise((resolve) => (release = () => resolve({ scope: 'write' }))))
      app.get('/x', (_req, res, next) => {
        next()
        setTimeout(() => res.status(504).end('too late'), 5)
      })
      app.get('/x', slow, () => expect.unreachable())
      app.use(onError)
      const uncaught = await uncaughtDuring(async () => {
        await request(app)
          .get('/x')
          .set('Authorization', await bearer())
          .expect(504, 'too late')
        release()
      })
      expect(uncaught).toEqual([])
      expect(errors).toMatchObject([{ code: 'ERR_HTTP_HEADERS_SENT' }])
    })

    it('leaves the errors of a handler to Express, once', async () => {
      const { app, guard, bearer, errors, onError } = createApi()
      app.get('/x', guard.protect(), () => expect.fail('oops'))
      app.use(onError)
      await request(app)
        .get('/x')
        .set('Authorization', await bearer())
        .expect(500)
      expect(errors).toMatchObject([{ message: 'oops' }])
    })
  })

  describe('getAuth', () => {
    it('throws where no guard ran, whatever others put on the request', async () => {
      const { app, errors, onError } = createApi()
      app.get('/x', (req, res) => {
        Object.assign(req, { auth: { subject: 'mallory' } })
        res.json(getAuth(req))
      })
      app.use(onError)
      await request(app).get('/x').expect(500)
      expect(errors).toEqual([expect.any(ConfigurationError)])
      expect(errors).toMatchObject([{ message: 'getAuth needs a guard before it on the route' }])
    })

    it('is the same without the augmentation', async () => {
      const { app, options, bearer } = createApi()
      app.get('/x', createPlainGuard(options).requireScope('read'), (req, res) => {
        res.json([getPlainAuth(req).subject, getAuth(req).subject])
      })
      await request(app)
        .get('/x')
        .set('Authorization', await bearer())
        .expect(200, ['alice', 'alice'])
    })
  })

  describe('metadata', () => {
    it('is served at its well-known path, and challenges point to it', async () => {
      const { app, guard } = createApi()
      app.use(guard.metadata())
      app.get('/x', guard.requireScope('read'), () => expect.unreachable())
      app.get('/y', guard.requireAnyScope('write', 'admin'), () => expect.unreachable())
      const path = '/.well-known/oauth-protected-resource'
      const get = await request(app).get(`${path}?x=1`)
      expect(get.status).toBe(200)
      expect(get.headers['content-type']).toBe('application/json')
      expect(get.body).toEqual(guard.resourceServer.metadata())
      expect(get.body).toMatchObject({ scopes_supported: ['admin', 'read', 'write'] })
      const head = await request(app).head(path)
      expect([head.status, head.text]).toEqual([200, undefined])
      expect({ ...head.headers, date: '' }).toEqual({ ...get.headers, date: '' })
      await request(app).post(path).expect(404)
      await request(app).get(`${path}/x`).expect(404)
      const refused = await request(app).get('/x')
      expect(refused.headers['www-authenticate']).toBe(challengesWith(`https://api.example.com${path}`))
    })

    it('is served from a mounted router too', async () => {
      const { app, guard } = createApi()
      app.use('/.well-known', express.Router().use(guard.metadata()))
      await request(app).get('/.well-known/oauth-protected-resource').expect(200)
    })
  })

  it('keeps two resource servers in one app apart', async () => {
    const [billing, orders] = [createScene('https://billing.example.com'), createScene('https://orders.example.com')]
    const app = express()
    app.get('/billing', createGuard(billing.options).protect(), (req, res) => void res.json(req.auth?.subject))
    app.get('/orders', createGuard(orders.options).protect(), (req, res) => void res.json(req.auth?.subject))
    await request(app)
      .get('/billing')
      .set('Authorization', await billing.bearer())
      .expect(200)
    await request(app)
      .get('/orders')
      .set('Authorization', await billing.bearer())
      .expect(401)
    await request(app)
      .get('/orders')
      .set('Authorization', await orders.bearer())
      .expect(200)
    expect(summary(await billing.decisions(1))).toEqual([['allowed', '/billing']])
    expect(summary(await orders.decisions(2))).toEqual([
      ['audience_mismatch', '/orders'],
      ['allowed', '/orders'],
    ])
  })

  it('shares one resource server between apps', async () => {
    const { guard, bearer, decisions } = createApi()
    const close = vi.spyOn(guard.resourceServer, 'close')
    for (const path of ['/one', '/two']) {
      const app = express().get(path, createGuard(guard.resourceServer).protect(), (_req, res) => void res.end())
      await request(app)
        .get(path)
        .set('Authorization', await bearer())
        .expect(200)
    }
    expect(summary(await decisions(2))).toEqual([
      ['allowed', '/one'],
      ['allowed', '/two'],
    ])
    expect(close).not.toHaveBeenCalled()
  })
})
