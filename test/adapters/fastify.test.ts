import { ConfigurationError, createResourceServer } from '@behalf/core'
import behalf, { getAuth, requireGuards } from '@behalf/fastify'
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import supertest from 'supertest'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
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

function createApp(): FastifyInstance {
  const app = fastify()
  onTestFinished(() => app.close())
  return app
}

async function createApi() {
  const scene = createScene()
  const app = createApp()
  const errors: unknown[] = []
  app.setErrorHandler((error, _request, reply) => {
    errors.push(error)
    return reply.code(500).send()
  })
  await app.register(behalf, scene.options)
  return { ...scene, app, errors }
}

describe('a guard', () => {
  it('lets a good call through and says who is calling', async () => {
    const { app, bearer } = await createApi()
    app.get('/x', { onRequest: app.requireScope('read') }, async (request) => {
      return {
        same: request.auth === getAuth(request),
        subject: getAuth(request).subject,
        actor: request.auth?.actor?.subject,
      }
    })
    const answer = await app.inject({ url: '/x', headers: { authorization: await bearer({ actor: 'agent:support' }) } })
    expect(answer.json()).toEqual({ same: true, subject: 'alice', actor: 'agent:support' })
  })

  it('answers a bad call with the bytes of the decision and nothing of Fastify', async () => {
    const { app, errors } = await createApi()
    app.get('/x', { onRequest: app.requireScope('read') }, () => expect.unreachable())
    const decision = await app.resourceServer.authorize({ method: 'GET', url: '/x', headers: new Headers() })
    if (decision.allowed) return expect.unreachable()
    await app.ready()
    const answer = await supertest(app.server).get('/x').buffer().parse(asText)
    expect(answer.status).toBe(401)
    expect(answer.body).toBe(decision.body)
    expect(answer.headers).toMatchObject({
      ...lowerCase(decision.headers),
      'content-length': `${decision.body.length}`,
    })
    expect(errors).toEqual([])
  })

  it('answers HEAD with the headers of GET and no body', async () => {
    const { app } = await createApi()
    app.get('/x', { onRequest: app.requireScope('read') }, () => expect.unreachable())
    await app.ready()
    const [get, head] = [await supertest(app.server).get('/x'), await supertest(app.server).head('/x')]
    expect([head.status, head.text]).toEqual([401, undefined])
    expect({ ...head.headers, date: '' }).toEqual({ ...get.headers, date: '' })
  })

  it('keeps what earlier hooks put on the answer, and decides before the body is read', async () => {
    const { app } = await createApi()
    app.addHook('onRequest', async (_request, reply) => void reply.header('X-Request-Id', '7'))
    app.post('/x', { onRequest: app.protect() }, () => expect.unreachable())
    const answer = await app.inject({
      url: '/x',
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      payload: '{ not json',
    })
    expect(answer.statusCode).toBe(401)
    expect(answer.headers).toMatchObject({ 'x-request-id': '7', 'content-type': 'application/problem+json' })
  })

  it('puts the headers of a decision that allows on the answer of the handler', async () => {
    const { app: outer, bearer } = await createApi()
    const app = createApp()
    await app.register(behalf, allowingWith({ 'X-Decision': '1', 'X-Handler': '1' }, outer.resourceServer))
    app.get('/x', { onRequest: app.protect() }, async (_request, reply) => reply.header('X-Handler', '2').send())
    const answer = await app.inject({ url: '/x', headers: { authorization: await bearer() } })
    expect([answer.statusCode, answer.headers]).toMatchObject([200, { 'x-decision': '1', 'x-handler': '2' }])
  })

  it('records the template of the route with its prefix, wherever the guard is mounted', async () => {
    const { app, bearer, decisions } = await createApi()
    await app.register(
      async (scope) => {
        scope.addHook('onRequest', scope.protect())
        scope.get('/orders/:order', { onRequest: scope.requireScope('read') }, async (request) => request.params)
        scope.setNotFoundHandler({ preHandler: scope.protect() }, (_request, reply) => reply.code(404).send())
      },
      { prefix: '/api' },
    )
    const headers = { authorization: await bearer() }
    const answer = await app.inject({ url: '/api/orders/7?x=1', headers })
    expect(answer.json()).toEqual({ order: '7' })
    await app.inject({ url: '/api/nowhere', method: 'PUT', headers })
    const events = await decisions(4)
    expect(summary(events)).toEqual([
      ['allowed', '/api/orders/:order'],
      ['allowed', '/api/orders/:order'],
      ['allowed', undefined],
      ['allowed', undefined],
    ])
    expect(events.map((event) => event.request.method)).toEqual(['GET', 'GET', 'PUT', 'PUT'])
  })

  it('stacks: each decides for itself, the last that lets through is who is calling', async () => {
    const { app, bearer, decisions } = await createApi()
    app.addHook('onRequest', app.protect({ delegation: 'required' }))
    app.get('/read', { onRequest: app.requireScope('read') }, async (request) => getAuth(request).mode)
    app.get('/write', { preHandler: app.requireScope('write') }, () => expect.unreachable())
    const delegated = { authorization: await bearer({ actor: 'agent:support' }) }
    expect((await app.inject({ url: '/read', headers: delegated })).payload).toBe('delegated')
    expect((await app.inject({ url: '/write', headers: delegated })).statusCode).toBe(403)
    const direct = { authorization: await bearer() }
    expect((await app.inject({ url: '/read', headers: direct })).statusCode).toBe(403)
    expect(summary(await decisions(5)).map(([code]) => code)).toEqual([
      'allowed',
      'allowed',
      'allowed',
      'scope_insufficient',
      'delegation_required',
    ])
  })

  it('asks a requirement function with the request of Fastify', async () => {
    const { app, bearer } = await createApi()
    const isolated = app.protect(async (request) => ({
      subject: request.params.id,
      scope: request.headers['x-scope'] ?? 'read',
    }))
    app.get<{ Params: { id: string } }>('/users/:id', { onRequest: isolated }, async (request) => request.params.id)
    const headers = { authorization: await bearer() }
    expect((await app.inject({ url: '/users/alice', headers })).payload).toBe('alice')
    expect((await app.inject({ url: '/users/bob', headers })).statusCode).toBe(403)
    const write = { ...headers, 'x-scope': 'write' }
    expect((await app.inject({ url: '/users/alice', headers: write })).statusCode).toBe(403)
  })

  it.each([
    ['throws', () => expect.fail('oops')],
    ['rejects', () => Promise.reject(new Error('oops'))],
    [
      'forgets a parameter',
      (request: FastifyRequest<{ Params: Record<string, string> }>) => ({ subject: request.params.no }),
    ],
    ['answers nothing', () => undefined as never],
    ['answers a list', () => [] as never],
    ['answers a promise of another realm', () => promiseOfAnotherRealm({ scope: 'write' })],
  ])('never opens when a requirement function %s', async (_what, requirement) => {
    const { app, bearer, errors } = await createApi()
    app.get('/users/:id', { onRequest: app.protect(requirement) }, () => expect.unreachable())
    const uncaught = await uncaughtDuring(async () => {
      const answer = await app.inject({ url: '/users/alice', headers: { authorization: await bearer() } })
      expect([answer.statusCode, answer.json()]).toMatchObject([500, { code: 'internal_error' }])
    })
    expect([errors, uncaught]).toEqual([[], []])
  })

  it('leaves the errors of a handler to Fastify', async () => {
    const { app, bearer, errors } = await createApi()
    app.get('/x', { onRequest: app.protect() }, () => expect.fail('oops'))
    const answer = await app.inject({ url: '/x', headers: { authorization: await bearer() } })
    expect([answer.statusCode, errors]).toMatchObject([500, [{ message: 'oops' }]])
  })
})

it('getAuth throws where no guard ran', async () => {
  const { app, errors } = await createApi()
  app.get('/x', async (request) => [request.auth, getAuth(request)])
  expect((await app.inject('/x')).statusCode).toBe(500)
  expect(errors).toEqual([expect.any(ConfigurationError)])
  expect(errors).toMatchObject([{ message: 'getAuth needs a guard before it on the route' }])
})

describe('metadata', () => {
  it('is served at its well-known path, and challenges point to it', async () => {
    const { app } = await createApi()
    app.route(app.metadata())
    app.get('/x', { onRequest: app.requireScope('read') }, () => expect.unreachable())
    app.get('/y', { onRequest: app.requireAnyScope('write', 'admin') }, () => expect.unreachable())
    await app.ready()
    const path = '/.well-known/oauth-protected-resource'
    const get = await supertest(app.server).get(`${path}?x=1`)
    expect(get.status).toBe(200)
    expect(get.headers['content-type']).toBe('application/json')
    expect(get.body).toEqual(app.resourceServer.metadata())
    expect(get.body).toMatchObject({ scopes_supported: ['admin', 'read', 'write'] })
    const head = await supertest(app.server).head(path)
    expect([head.status, head.text]).toEqual([200, undefined])
    expect({ ...head.headers, date: '' }).toEqual({ ...get.headers, date: '' })
    await supertest(app.server).post(path).expect(404)
    await supertest(app.server).get(`${path}/x`).expect(404)
    const refused = await supertest(app.server).get('/x')
    expect(refused.headers['www-authenticate']).toBe(challengesWith(`https://api.example.com${path}`))
  })
})

describe('the plugin', () => {
  it('reaches the scope it is registered in and those inside it, and no other', async () => {
    const app = createApp()
    await app.register(async (api) => {
      await api.register(behalf, createScene().options)
      await api.register(async (inner) => {
        expect(inner.hasDecorator('requireScope')).toBe(true)
        expect(inner.hasRequestDecorator('auth')).toBe(true)
      })
    })
    await app.register(async (sibling) => {
      expect(sibling.hasDecorator('requireScope')).toBe(false)
      expect(sibling.hasRequestDecorator('auth')).toBe(false)
    })
    expect(app.hasDecorator('requireScope')).toBe(false)
  })

  it('gives each scope its own API, and a scope inside another may have another', async () => {
    const [billing, orders] = [createScene('https://billing.example.com'), createScene('https://orders.example.com')]
    const app = createApp()
    await app.register(behalf, billing.options)
    app.get('/billing', { onRequest: app.protect() }, async (request) => getAuth(request).subject)
    await app.register(async (inner) => {
      await inner.register(behalf, orders.options)
      inner.get('/orders', { onRequest: inner.protect() }, async (request) => getAuth(request).subject)
    })
    const call = async (url: string, scene: typeof billing) =>
      (await app.inject({ url, headers: { authorization: await scene.bearer() } })).statusCode
    expect(await call('/billing', billing)).toBe(200)
    expect(await call('/billing', orders)).toBe(401)
    expect(await call('/orders', billing)).toBe(401)
    expect(await call('/orders', orders)).toBe(200)
    expect(summary(await billing.decisions(2)).map(([code]) => code)).toEqual(['allowed', 'audience_mismatch'])
    expect(summary(await orders.decisions(2)).map(([code]) => code)).toEqual(['audience_mismatch', 'allowed'])
  })

  it.each([
    ['twice in one scope', (app: FastifyInstance) => app.register(behalf, createScene().options)],
    ['with wrong options', (app: FastifyInstance) => app.register(async (i) => i.register(behalf, {} as never))],
    [
      'with options of Fastify',
      (app: FastifyInstance) => app.register(behalf, { ...createScene().options, prefix: '/' }),
    ],
  ])('does not start %s', async (_what, register) => {
    const { app } = await createApi()
    await expect(async () => {
      await register(app)
      await app.ready()
    }).rejects.toThrow(/FST_ERR_DEC_ALREADY_PRESENT|already been added|issuer|audience|prefix/)
  })

  it('does not share `auth` with a stranger', async () => {
    const app = createApp()
    app.decorateRequest('auth', null)
    await expect(async () => app.register(behalf, createScene().options)).rejects.toThrow(/already been added/)
  })

  it('closes the resource server it created with the app', async () => {
    const { app } = await createApi()
    const close = vi.spyOn(app.resourceServer, 'close')
    await app.close()
    expect(close).toHaveBeenCalledOnce()
  })

  it('leaves a resource server alone that it was given, which several apps may share', async () => {
    const { options, bearer, decisions } = createScene()
    const shared = createResourceServer(options)
    const close = vi.spyOn(shared, 'close')
    for (const url of ['/one', '/two']) {
      const app = createApp()
      await app.register(behalf, shared)
      app.get(url, { onRequest: app.protect() }, async () => 'ok')
      expect((await app.inject({ url, headers: { authorization: await bearer() } })).statusCode).toBe(200)
      await app.close()
    }
    expect(close).not.toHaveBeenCalled()
    expect(summary(await decisions(2))).toEqual([
      ['allowed', '/one'],
      ['allowed', '/two'],
    ])
  })
})

describe('requireGuards', () => {
  async function createGuarded(onUnguarded: Parameters<typeof requireGuards>[1]['onUnguarded'], except?: string[]) {
    const app = createApp()
    await app.register(behalf, createScene().options)
    await app.register(requireGuards, except ? { onUnguarded, except } : { onUnguarded })
    return app
  }

  /** Every way to be guarded. */
  async function addGuarded(app: FastifyInstance): Promise<void> {
    app.route(app.metadata())
    app.get('/route', { onRequest: app.requireScope('a') }, async () => '')
    app.get('/among', { onRequest: [async () => {}, app.protect()] }, async () => '')
    app.get('/late', { preHandler: app.requireAnyScope('a') }, async () => '')
    await app.register(async (scope) => {
      scope.get('/before', async () => '')
      scope.addHook('onRequest', scope.protect())
      scope.get('/after', async () => '')
      await scope.register(async (inner) => void inner.get('/inner', async () => ''), { prefix: '/deep' })
    })
  }

  it('lets an app start that guards every route', async () => {
    const app = await createGuarded('refuse')
    await addGuarded(app)
    await expect(app.ready()).resolves.toBe(app)
  })

  it('refuses to start with a route without a guard, and names each', async () => {
    const app = await createGuarded('refuse', ['/health'])
    await addGuarded(app)
    app.get('/health', async () => '')
    app.route({ method: ['POST', 'PUT'], url: '/open', onRequest: async () => {}, handler: async () => '' })
    await app.register(
      async (scope) => {
        scope.addHook('onSend', async () => {})
        scope.delete('/:id', async () => '')
      },
      { prefix: '/api' },
    )
    await expect(app.ready()).rejects.toThrow(
      new ConfigurationError(
        'requireGuards',
        'needs a guard, or an entry in except, for: POST, PUT /open; DELETE /api/:id',
      ),
    )
  })

  it('sees the guard of one scope in no other', async () => {
    const urls: string[] = []
    const app = await createGuarded(({ method, url }) => void urls.push(`${[method].flat().join()} ${url}`))
    await app.register(async (guarded) => void guarded.addHook('onRequest', guarded.protect()))
    await app.register(async (open) => void open.get('/open', async () => ''))
    await app.ready()
    expect(urls).toEqual(['GET /open', 'HEAD /open'])
  })

  it('does not count a guard that runs after the handler', async () => {
    const app = await createGuarded('refuse')
    app.addHook('onResponse', app.protect() as never)
    app.get('/open', async () => '')
    await expect(app.ready()).rejects.toThrow('GET /open')
  })

  it('sees the guards of every API in the app', async () => {
    const app = await createGuarded('refuse')
    await app.register(async (inner) => {
      await inner.register(behalf, createScene('https://orders.example.com').options)
      inner.get('/orders', { onRequest: inner.protect() }, async () => '')
    })
    await expect(app.ready()).resolves.toBe(app)
  })

  it('refuses an instruction and an exception it does not know', async () => {
    await expect(createGuarded('warn' as never)).rejects.toThrow(ConfigurationError)
    const app = fastify()
    const options = { onUnguarded: 'refuse', except: '/users/health' as never } as const
    await expect(app.register(requireGuards, options)).rejects.toThrow(ConfigurationError)
  })

  it('lets what it is told throw', async () => {
    const app = await createGuarded(() => expect.fail('not this one'))
    app.get('/open', async () => '')
    await expect(app.ready()).rejects.toThrow('not this one')
  })
})
