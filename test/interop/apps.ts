import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Principal, ResourceServer } from '@behalf/core'
import * as onExpress from '@behalf/express'
import behalf from '@behalf/fastify'
import * as onHono from '@behalf/hono'
import * as onKoa from '@behalf/koa'
import { getRequestListener } from '@hono/node-server'
import Router from '@koa/router'
import express from 'express'
import express4 from 'express4'
import Fastify from 'fastify'
import { Hono } from 'hono'
import Koa from 'koa'

/** What every app answers: what its framework's handler sees of the caller. */
const describe = (auth: Principal | null | undefined) =>
  auth && {
    subject: auth.subject,
    actor: auth.actor?.subject,
    mode: auth.mode,
    scopes: auth.scopes,
    client: auth.clientId,
  }

export interface App {
  readonly origin: string
  close(): Promise<void>
}

const serve = async (listener: RequestListener): Promise<App> => {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/**
 * The same API on every framework: `GET /invoices` needs a scope, `GET /customers/:id/refunds` an agent who acts for
 * that very customer.
 */
export const frameworks: Readonly<Record<string, (resourceServer: ResourceServer) => Promise<App>>> = {
  'Express 5': (resourceServer) => {
    const { requireScope, protect } = onExpress.createGuard(resourceServer)
    const app = express()
    app.get('/invoices', requireScope('billing:read'), (req, res) => {
      res.json(describe(req.auth))
    })
    app.get(
      '/customers/:id/refunds',
      protect(({ params }) => ({ delegation: 'required', actor: 'agent:support', subject: String(params.id) })),
      (req, res) => {
        res.json(describe(onExpress.getAuth(req)))
      },
    )
    return serve(app)
  },
  'Express 4': (resourceServer) => {
    const { requireScope, protect } = onExpress.createGuard(resourceServer)
    const app = express4()
    app.get('/invoices', requireScope('billing:read'), (req, res) => {
      res.json(describe(req.auth))
    })
    app.get(
      '/customers/:id/refunds',
      protect(({ params }) => ({ delegation: 'required', actor: 'agent:support', subject: String(params.id) })),
      (req, res) => {
        res.json(describe(onExpress.getAuth(req)))
      },
    )
    return serve(app)
  },
  Fastify: async (resourceServer) => {
    const app = Fastify()
    await app.register(behalf, resourceServer)
    app.get('/invoices', { onRequest: app.requireScope('billing:read') }, (request) => describe(request.auth))
    app.get(
      '/customers/:id/refunds',
      {
        onRequest: app.protect(({ params }) => ({
          delegation: 'required',
          actor: 'agent:support',
          subject: String(params.id),
        })),
      },
      (request) => describe(request.auth),
    )
    const origin = await app.listen({ port: 0, host: '127.0.0.1' })
    return { origin, close: () => app.close() }
  },
  Koa: (resourceServer) => {
    const { requireScope, protect } = onKoa.createGuard(resourceServer)
    const app = new Koa()
    const router = new Router()
    router.get('/invoices', requireScope('billing:read'), (ctx) => {
      ctx.body = describe(ctx.state.auth)
    })
    router.get(
      '/customers/:id/refunds',
      protect((ctx) => ({ delegation: 'required', actor: 'agent:support', subject: String(ctx.params.id) })),
      (ctx) => {
        ctx.body = describe(ctx.state.auth)
      },
    )
    app.use(router.routes())
    return serve(app.callback())
  },
  Hono: (resourceServer) => {
    const { requireScope, protect } = onHono.createGuard(resourceServer)
    const app = new Hono()
    app.get('/invoices', requireScope('billing:read'), (c) => c.json(describe(c.var.auth)))
    app.get(
      '/customers/:id/refunds',
      protect((c) => ({ delegation: 'required', actor: 'agent:support', subject: String(c.req.param('id')) })),
      (c) => c.json(describe(c.var.auth)),
    )
    return serve(getRequestListener(app.fetch))
  },
}
