/* oxlint-disable typescript/no-unsafe-assignment, typescript/no-unsafe-member-access, typescript/unbound-method -- what must not compile has no types */
import { createResourceServer, type Principal } from '@behalf/core'
import { type AuthEnv, createGuard } from '@behalf/hono'
import { type Context, Hono } from 'hono'
import { createFactory } from 'hono/factory'
import { z } from 'zod'

const { protect, requireScope, requireAnyScope, metadata, resourceServer } = createGuard({
  issuer: 'https://auth.example.com',
  audience: 'https://refunds.example.com',
})
const app = new Hono()

// a handler after a guard knows who is calling, and its path parameters
app.get('/refunds/:id', requireScope('refunds:read'), (c) => {
  const principal: Principal = c.var.auth
  const mode: 'delegated' | 'direct' = c.get('auth').mode
  const id: string = c.req.param('id')
  // @ts-expect-error no such member
  c.var.auth.nothing
  // @ts-expect-error read-only
  c.var.auth.subject = 'somebody else'
  // @ts-expect-error unknown until a schema types it
  c.var.auth.claims.tenant.id
  return c.json({ subject: principal.subject, mode, id })
})

// without a guard there is nothing to read
app.get('/open', (c) => {
  // @ts-expect-error no guard before it
  return c.json(c.var.auth.subject)
})

// a guard goes wherever a middleware goes
app.use(metadata())
app.use('/api/*', protect())
app.on(['PUT', 'DELETE'], '/x/:id', requireScope('a', 'b'), requireAnyScope('c'), (c) => c.text(c.var.auth.subject))
app.get('/chain', requireScope('a')).post(requireScope('b'), (c) => c.text(c.var.auth.subject))
const chained = new Hono()
  .use(requireScope('a'))
  .get('/y/:id', (c) => c.json({ subject: c.var.auth.subject, id: c.req.param('id') }))
app.route('/sub', chained)
const typed = new Hono<AuthEnv & { Bindings: { KV: string } }>()
typed.use(requireScope('a'))
typed.get('/z', (c) => c.text(c.var.auth.subject + c.env.KV))
const factory = createFactory<AuthEnv>()
export const handlers = factory.createHandlers(requireScope('a'), (c) => c.text(c.var.auth.subject))

// a requirement may be a function of the context
app.post(
  '/customers/:id',
  protect((c) => ({ scope: 'refunds:write', subject: c.req.param('id'), delegation: 'required' })),
  (c) => c.text(c.req.param('id') + c.var.auth.subject),
)
protect(async (c: Context) => ({ actor: [c.req.param('id') ?? ''], scope: [c.req.header('x-scope') ?? 'a'] }))
// @ts-expect-error not a requirement
protect(() => 'refunds:read')
// @ts-expect-error not a requirement either
protect(async () => ({ scope: 1 }))
// @ts-expect-error no such member
protect((c) => ({ subject: c.req.nothing }))

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

// what options cannot be
// @ts-expect-error the audience is required
createGuard({ issuer: 'https://auth.example.com' })
// @ts-expect-error the issuer is required
createGuard({ audience: 'https://refunds.example.com' })
// @ts-expect-error an adapter has no options of its own
createGuard({ issuer: 'https://auth.example.com', audience: 'https://refunds.example.com', cookie: 'token' })
// @ts-expect-error symmetric algorithms are not accepted
createGuard({ issuer: 'https://auth.example.com', audience: 'https://refunds.example.com', algorithms: ['HS256'] })

// one verifier, several guards
createGuard(resourceServer)
createGuard(createResourceServer({ issuer: 'https://auth.example.com', audience: 'https://refunds.example.com' }))

// typed claims
const tenants = createGuard({
  issuer: 'https://auth.example.com',
  audience: 'https://refunds.example.com',
  claims: z.object({ tenant: z.string() }),
})
app.get('/tenant', tenants.protect({ check: ({ claims }) => claims.tenant === 'acme' }), (c) => {
  const tenant: string = c.var.auth.claims.tenant
  // @ts-expect-error no such claim
  c.var.auth.claims.customer
  return c.json({ tenant })
})
// @ts-expect-error no such claim
tenants.protect({ check: ({ claims }) => claims.customer === 'acme' })
// @ts-expect-error no such claim
tenants.protect(() => ({ check: async ({ claims }) => claims.customer === 'acme' }))
