import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  type Decision,
  maxSecurityEventSize,
  type Principal,
  type Requirement,
  type ResourceServer,
} from '@behalf/core'
import { fromNode, readText } from '@behalf/core/node'
import { createGuard as createExpressGuard } from '@behalf/express'
import behalf from '@behalf/fastify'
import { type AuthEnv, createGuard as createHonoGuard } from '@behalf/hono'
import { createGuard as createKoaGuard } from '@behalf/koa'
import { createAdaptorServer } from '@hono/node-server'
import Router from '@koa/router'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import Koa from 'koa'
import { describePrincipal, type GuardSpec, type Param, type Route } from './routes.js'

/** Room for the largest token, so that Node's own header limit never answers in our place. */
const maxHeaderSize = 64 * 1024

export interface Mounted {
  readonly port: number
  close(): Promise<void>
}

export interface Site {
  readonly server: ResourceServer
  readonly routes: readonly Route[]
  /** Serves the metadata document, so that challenges point to it. */
  readonly publish: boolean
  /** Receives security events at `POST /events`. */
  readonly receive: boolean
}

type Mount = (site: Site) => Promise<Mounted>

interface Guards<Handler, Source> {
  requireScope(...scopes: readonly [string, ...string[]]): Handler
  requireAnyScope(...scopes: readonly [string, ...string[]]): Handler
  protect(requirement?: Requirement | ((source: Source) => Requirement | Promise<Requirement>)): Handler
}

/** Mounts the same routes on each framework; `core` does it with node:http alone and is what the others must equal. */
export const targets = {
  core: (site) => listen(createServer({ maxHeaderSize }, coreListener(site))),

  express({ server, routes, publish, receive }) {
    const app = express()
    const guard = createExpressGuard(server)
    if (publish) app.use(guard.metadata())
    if (receive) app.post('/events', guard.securityEvents())
    for (const { method, path, guards } of routes) {
      const handlers = guardsOf(guards, guard, (request: express.Request) => (name) => text(request.params[name]))
      const verb = method.toLowerCase() as 'get' | 'post' | 'options' | 'delete'
      app[verb](path, ...handlers, (request, response) => {
        response.set('Content-Type', 'application/json').end(describePrincipal(request.auth))
      })
    }
    return listen(createServer({ maxHeaderSize }, app))
  },

  async fastify({ server, routes, publish, receive }) {
    const app = fastify({ http: { maxHeaderSize }, forceCloseConnections: true })
    await app.register(behalf, server)
    if (publish) app.route(app.metadata())
    if (receive) app.route({ method: 'POST', url: '/events', handler: app.securityEvents() })
    for (const { method, path, guards } of routes) {
      const onRequest = guardsOf(guards, app, (request: fastify.FastifyRequest) => (name) => {
        return text((request.params as Record<string, unknown>)[name])
      })
      app.route({
        method,
        url: path,
        onRequest,
        handler: (request, reply) => reply.type('application/json').send(describePrincipal(request.auth ?? undefined)),
      })
    }
    await app.listen({ port: 0, host: '127.0.0.1' })
    return { port: (app.server.address() as AddressInfo).port, close: () => app.close() }
  },

  koa({ server, routes, publish, receive }) {
    const app = new Koa()
    const router = new Router()
    const guard = createKoaGuard(server)
    if (publish) app.use(guard.metadata())
    if (receive) router.post('/events', guard.securityEvents())
    for (const { method, path, guards } of routes) {
      const handlers = guardsOf(
        guards,
        guard,
        (context: Koa.Context) => (name) => text((context.params as Record<string, unknown>)[name]),
      )
      router.register(path, method === 'GET' ? ['HEAD', 'GET'] : [method], [
        ...handlers,
        (context) => {
          context.type = 'application/json'
          context.body = describePrincipal(context.state.auth as Principal | undefined)
        },
      ])
    }
    app.use(router.routes())
    return listen(createServer({ maxHeaderSize }, app.callback()))
  },

  hono({ server, routes, publish, receive }) {
    const app = new Hono<AuthEnv>()
    const guard = createHonoGuard(server)
    if (publish) app.use(guard.metadata())
    if (receive) app.post('/events', guard.securityEvents())
    for (const { method, path, guards } of routes) {
      for (const handler of guardsOf(guards, guard, (context) => (name) => context.req.param(name))) {
        app.on(method, path, handler)
      }
      app.on(method, path, (context) => {
        return context.body(describePrincipal(context.get('auth')), 200, { 'Content-Type': 'application/json' })
      })
    }
    return listen(
      createAdaptorServer({
        fetch: app.fetch,
        overrideGlobalObjects: false,
        serverOptions: { maxHeaderSize },
      }) as Server,
    )
  },
} as const satisfies Record<string, Mount>

export type TargetName = keyof typeof targets
export const targetNames = Object.keys(targets) as TargetName[]

function guardsOf<Handler, Source>(
  specs: readonly GuardSpec[],
  guard: Guards<Handler, Source>,
  param: (source: Source) => Param,
): Handler[] {
  return specs.map((spec) => {
    if ('requireScope' in spec) return guard.requireScope(...spec.requireScope)
    if ('requireAnyScope' in spec) return guard.requireAnyScope(...spec.requireAnyScope)
    const { protect } = spec
    return guard.protect(typeof protect === 'function' ? (source) => protect(param(source)) : protect)
  })
}

interface CoreExchange {
  readonly request: IncomingMessage
  readonly params: Readonly<Record<string, string>>
}

function coreListener({
  server,
  routes,
  publish,
  receive,
}: Site): (request: IncomingMessage, response: ServerResponse) => void {
  const guard: Guards<ReturnType<typeof server.protect<CoreExchange>>, CoreExchange> = {
    requireScope: (...scope) => server.protect<CoreExchange>({ scope }),
    requireAnyScope: (...anyScope) => server.protect<CoreExchange>({ anyScope }),
    protect: (requirement) => server.protect<CoreExchange>(requirement),
  }
  const table = routes.map((route) => ({
    route,
    guards: guardsOf(
      route.guards,
      guard,
      ({ params }) =>
        (name) =>
          params[name],
    ),
  }))
  const metadata = publish ? server.publishMetadata() : undefined
  const receiver = receive ? server.securityEvents() : undefined

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = pathOf(request.url ?? '/')
    if (metadata !== undefined && path === metadata.path && /^(GET|HEAD)$/.test(request.method ?? '')) {
      const { status, headers, body } = metadata.answer()
      send(response, status, headers, body)
      return
    }
    if (receiver !== undefined && path === '/events' && request.method === 'POST') {
      const text = await readText(request, maxSecurityEventSize)
      const { status, headers, body } = await receiver.receive(text, request.headers['content-type'] ?? null)
      send(response, status, headers, body)
      return
    }
    const method = request.method === 'HEAD' ? 'GET' : request.method
    for (const { route, guards } of table) {
      const params = route.method === method ? matchPath(route.path, path) : undefined
      if (params === undefined) continue
      const source = { request, params }
      let decision: Decision | undefined
      for (const protect of guards) {
        decision = await protect(fromNode(request, request.url, route.path), source)
        if (!decision.allowed) {
          send(response, decision.status, decision.headers, decision.body)
          return
        }
      }
      const headers = { 'Content-Type': 'application/json', ...decision?.headers }
      send(response, 200, headers, describePrincipal(decision?.allowed ? decision.principal : undefined))
      return
    }
    response.writeHead(404).end()
  }
  return (request, response) => void answer(request, response)
}

function send(response: ServerResponse, status: number, headers: Readonly<Record<string, string>>, body: string): void {
  response.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(body) }).end(body)
}

function pathOf(url: string): string {
  if (url.startsWith('/')) return url.split(/[?#]/, 1)[0] ?? '/'
  return URL.canParse(url) ? new URL(url).pathname : url
}

function matchPath(template: string, path: string): Record<string, string> | undefined {
  const expected = template.split('/')
  const actual = path.split('/')
  if (expected.length !== actual.length) return undefined
  const params: Record<string, string> = {}
  for (const [i, name] of expected.entries()) {
    const value = actual[i] ?? ''
    if (!name.startsWith(':')) {
      if (name !== value) return undefined
    } else if (value === '' || /%(?![0-9a-f]{2})/i.test(value)) {
      return undefined
    } else {
      params[name.slice(1)] = decodeURIComponent(value)
    }
  }
  return params
}

async function listen(server: Server): Promise<Mounted> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
