import { createServer } from 'node:http'
import express, { type ErrorRequestHandler, type RequestHandler } from 'express'
import { type App, appsOf, invoices } from './app.js'
import { grants } from './grant.js'
import { listen } from './listen.js'

function start(...guards: readonly RequestHandler[]): Promise<number> {
  const app = express()
  app.get('/invoices', ...guards, (_request, response) => {
    response.json(invoices)
  })
  app.use(refuse)
  return listen(createServer(app))
}

/** In place of Express's own, which prints every refusal. */
const refuse: ErrorRequestHandler = (error: { readonly status?: number }, _request, response, _next) => {
  response.sendStatus(error.status ?? 500)
}

const peers: readonly App[] = [
  {
    name: 'express-oauth2-jwt-bearer',
    traffic: 'distinct',
    peer: true,
    async start({ issuer, jwksUri, audience, scope }) {
      const { auth, requiredScopes } = await import('express-oauth2-jwt-bearer')
      const guard = auth({ issuer, jwksUri, audience, tokenSigningAlg: 'RS256', strict: true })
      return start(guard, requiredScopes(scope))
    },
  },
  {
    name: 'express-jwt + jwks-rsa',
    traffic: 'distinct',
    peer: true,
    async start({ issuer, jwksUri, audience, scope }) {
      const { expressjwt } = await import('express-jwt')
      const { default: jwksRsa } = await import('jwks-rsa')
      const secret = jwksRsa.expressJwtSecret({ jwksUri, cache: true, rateLimit: true })
      return start(expressjwt({ secret, issuer, audience, algorithms: ['RS256'] }), (request, response, next) => {
        if (grants(request.auth, scope)) next()
        else response.sendStatus(403)
      })
    },
  },
]

export const expressApps = appsOf(
  () => start(),
  async (options, scope) => {
    const { createGuard } = await import('@behalf/express')
    return start(createGuard(options).requireScope(scope))
  },
  peers,
)
