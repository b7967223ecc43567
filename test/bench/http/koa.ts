import { createServer } from 'node:http'
import { createGuard } from '@behalf/koa'
import jwksRsa from 'jwks-rsa'
import Koa, { type Middleware } from 'koa'
import koaJwt from 'koa-jwt'
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
    start({ issuer, jwksUri, audience, scope }) {
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
  (options, scope) => start(createGuard(options).requireScope(scope)),
  peers,
)
