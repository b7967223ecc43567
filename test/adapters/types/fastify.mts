/* oxlint-disable typescript/no-unsafe-assignment, typescript/no-unsafe-member-access, typescript/unbound-method -- what must not compile has no types */
import http2 from 'node:http2'
import { createResourceServer, type Principal } from '@behalf/core'
import behalf, { getAuth, requireGuards } from '@behalf/fastify'
import fastify, { type FastifyRequest, type FastifyTypeProvider, type onRequestHookHandler } from 'fastify'
import { z } from 'zod'

const options = { issuer: 'https://auth.example.com', audience: 'https://users.example.com' }
const app = fastify()
await app.register(behalf, options)
const { protect, requireScope, requireAnyScope, metadata, resourceServer } = app

// a guard goes wherever a hook before the handler goes, and leaves the types of the route alone
app.get('/users/:id', { onRequest: requireScope('profile:read') }, (request) => request.auth?.subject)
app.get<{ Params: { id: string }; Querystring: { page: number }; Reply: { id: string } }>(
  '/users/:id/orders',
  { onRequest: [requireScope('a', 'b'), requireAnyScope('c')] },
  async (request) => {
    const page: number = request.query.page
    return { id: request.params.id + page }
  },
)
app.route({ method: 'POST', url: '/x', preHandler: protect({ delegation: 'required' }), handler: async () => '' })
app.route(metadata())
app.addHook('onRequest', protect())
app.addHook('preValidation', requireScope('a'))
export const hook: onRequestHookHandler = (request, reply, done) => {
  requireScope('a')(request, reply).then(() => done(), done)
}
interface Provider extends FastifyTypeProvider {
  validator: { id: string }
}
app.withTypeProvider<Provider>().get('/typed', { schema: { params: {} }, onRequest: requireScope('a') }, (request) => {
  const id: string = request.params.id
  return id
})
const secure = fastify({ http2: true, http2SessionTimeout: 1, serverFactory: (handler) => http2.createServer(handler) })
await secure.register(behalf, options)
secure.route(secure.metadata())
secure.get('/h2', { onRequest: secure.requireScope('a') }, (request) => request.auth?.subject)
await fastify({ loggerInstance: app.log }).register(behalf, options)

// a requirement may be a function of the request
app.post('/customers/:id', { onRequest: protect((request) => ({ subject: request.params.id })) }, async () => '')
protect<{ id: string }>((request) => ({ scope: 'a', subject: request.params.id, delegation: 'required' }))
protect(async (request: FastifyRequest<{ Params: { id: string } }>) => ({ actor: [request.params.id] }))
// @ts-expect-error no such parameter
protect<{ id: string }>((request) => ({ subject: request.params.nothing }))
// @ts-expect-error no such request member
protect((request) => ({ subject: request.nothing }))
// @ts-expect-error not a requirement
protect(() => 'profile:read')
// @ts-expect-error not a requirement either
protect(async () => ({ scope: 1 }))

// what a requirement cannot be
// @ts-expect-error a misspelt member
protect({ scopes: 'a' })
// @ts-expect-error not one of the modes
protect({ delegation: 'maybe' })
// @ts-expect-error no scope at all
requireScope()
// @ts-expect-error no scope at all
requireAnyScope()
// @ts-expect-error a list is not a scope
requireScope(['a'])
// @ts-expect-error a number is not a scope
requireAnyScope('a', 1)

// who is calling
app.get('/', { onRequest: requireScope('a') }, async (request) => {
  // @ts-expect-error null where no guard ran
  request.auth.subject
  const principal: Principal = getAuth(request)
  const mode: 'delegated' | 'direct' = principal.mode
  // @ts-expect-error read-only
  principal.subject = 'somebody else'
  // @ts-expect-error unknown until a schema types it
  principal.claims.tenant.id
  return { mode }
})
// @ts-expect-error not a request
getAuth({})
// @ts-expect-error not a request either
getAuth(app)

// what options cannot be
// @ts-expect-error the audience is required
await app.register(behalf, { issuer: 'https://auth.example.com' })
// @ts-expect-error the issuer is required
await app.register(behalf, { audience: 'https://users.example.com' })
// @ts-expect-error an adapter has no options of its own
await app.register(behalf, { ...options, decorator: 'user' })
// @ts-expect-error symmetric algorithms are not accepted
await app.register(behalf, { ...options, algorithms: ['HS256'] })

// one verifier, several apps
await fastify().register(behalf, resourceServer)
await fastify().register(behalf, createResourceServer(options))

// typed claims
const tenants = fastify()
await tenants.register(behalf, { ...options, claims: z.object({ tenant: z.string() }) })
await tenants.register(behalf, createResourceServer({ ...options, claims: z.object({ tenant: z.string() }) }))
tenants.get('/tenant', { onRequest: tenants.requireScope('a') }, async (request) => {
  const { claims } = getAuth<{ tenant: string }>(request)
  // @ts-expect-error no such claim
  claims.customer
  return claims.tenant
})

// no route without a guard
await app.register(requireGuards, { onUnguarded: 'refuse', except: ['/health'] })
await app.register(requireGuards, { onUnguarded: (route) => void route.url })
// @ts-expect-error what to do is required
await app.register(requireGuards, { except: ['/health'] })
// @ts-expect-error not one of the ways
await app.register(requireGuards, { onUnguarded: 'warn' })
