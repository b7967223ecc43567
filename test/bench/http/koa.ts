import { createServer } from 'node:http'
import Koa, { type Middleware } from 'koa'
import { type App, appsOf, invoices } from './app.js'
import { grants } from './grant.js'
import { listen } from './listen.js'

function start(...guards: readonly Middleware[]): Promise<number> {
  const app = new Koa()
  for (const guard of guards) app.use(guard)
  app.use((context) => {
    context.body = invoices
  })
  return listen(createServer(app.callback()))
}

const peers: readonly App[] = [
  {
    name: 'koa-jwt + jwks-rsa',
    traffic: 'distinct',
    peer: true,
    async start({ issuer, jwksUri, audience, scope }) {
      const { default: koaJwt } = await import('koa-jwt')
      const { default: jwksRsa } = await import('jwks-rsa')
      const secret = jwksRsa.koaJwtSecret({ jwksUri, cache: true, rateLimit: true })
      return start(koaJwt({ secret, issuer, audience, algorithms: ['RS256'] }), async (context, next) => {
        if (!grants(context.state.user, scope)) context.throw(403)
        await next()
      })
    },
  },
]

export const koaApps = appsOf(
  () => start(),
  async (options, scope) => {
    const { createGuard } = await import('@behalf/koa')
    return start(createGuard(options).requireScope(scope))
  },
  peers,
)
