import { createServer } from 'node:http'
import { createGuard } from '@behalf/express'
import express, { type ErrorRequestHandler, type RequestHandler } from 'express'
import { expressjwt } from 'express-jwt'
import { auth, requiredScopes } from 'express-oauth2-jwt-bearer'
import jwksRsa from 'jwks-rsa'
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
    start: ({ issuer, jwksUri, audience, scope }) =>
      start(auth({ issuer, jwksUri, audience, tokenSigningAlg: 'RS256', strict: true }), requiredScopes(scope)),
  },
  {
    name: 'express-jwt + jwks-rsa',
    traffic: 'distinct',
    peer: true,
    start({ issuer, jwksUri, audience, scope }) {
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
  (options, scope) => start(createGuard(options).requireScope(scope)),
  peers,
)
