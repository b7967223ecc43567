/* oxlint-disable typescript/no-unsafe-assignment, typescript/no-unsafe-member-access, typescript/unbound-method -- what must not compile has no types */
import { createResourceServer, type Principal } from '@behalf/core'
import { type AuthState, createGuard } from '@behalf/koa'
import Router, { type RouterContext } from '@koa/router'
import Koa, { type Context } from 'koa'
import { z } from 'zod'

const { protect, requireScope, requireAnyScope, metadata, resourceServer } = createGuard({
  issuer: 'https://auth.example.com',
  audience: 'https://orders.example.com',
})

// an app learns what its guards leave behind
new Koa()
  .use(metadata())
  .use(requireScope('orders:read'))
  .use((ctx) => {
    const principal: Principal = ctx.state.auth
    const mode: 'delegated' | 'direct' = ctx.state.auth.mode
    // @ts-expect-error no such member
    ctx.state.auth.nothing
    // @ts-expect-error read-only
    ctx.state.auth.subject = 'somebody else'
    // @ts-expect-error unknown until a schema types it
    ctx.state.auth.claims.tenant.id
    ctx.body = { principal, mode }
  })

// and so does a router, when it is told
const typedRouter = new Router<AuthState>()
typedRouter.use(protect())
typedRouter.get('/orders/:id', requireScope('a', 'b'), requireAnyScope('c'), (ctx) => {
  const id: string | undefined = ctx.params.id
  const subject: string = ctx.state.auth.subject
  // @ts-expect-error no such member
  ctx.state.auth.nothing
  ctx.body = { id, subject }
})

// a guard goes wherever a middleware goes
const router = new Router()
router.use('/api', protect({ delegation: 'required' }))
router.get('/plain', requireScope('a'), (ctx) => {
  ctx.body = ctx.state.auth.subject
})
router.get(['/x', '/y'], requireScope('a'), requireScope('b'), async (ctx: RouterContext) => {
  ctx.body = ctx.params.id
})
new Koa().use(router.routes())
new Koa<{ locale: string }>().use(requireScope('a')).use((ctx) => {
  const locale: string = ctx.state.locale
  ctx.body = [locale, ctx.state.auth.subject]
})

// a requirement may be a function of the context
protect((ctx) => ({ scope: 'refunds:write', subject: ctx.params.id, delegation: 'required' }))
protect(async (ctx: Context) => ({ actor: [ctx.params.id], scope: [ctx.get('x-scope')] }))
// @ts-expect-error not a requirement
protect(() => 'orders:read')
// @ts-expect-error not a requirement either
protect(async () => ({ scope: 1 }))
// @ts-expect-error a method, not a subject
protect((ctx) => ({ subject: ctx.get }))

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
createGuard({ audience: 'https://orders.example.com' })
// @ts-expect-error an adapter has no options of its own
createGuard({ issuer: 'https://auth.example.com', audience: 'https://orders.example.com', key: 'user' })
// @ts-expect-error symmetric algorithms are not accepted
createGuard({ issuer: 'https://auth.example.com', audience: 'https://orders.example.com', algorithms: ['HS256'] })

// one verifier, several guards
createGuard(resourceServer)
createGuard(createResourceServer({ issuer: 'https://auth.example.com', audience: 'https://orders.example.com' }))

// typed claims
const tenants = createGuard({
  issuer: 'https://auth.example.com',
  audience: 'https://orders.example.com',
  claims: z.object({ tenant: z.string() }),
})
new Koa().use(tenants.protect({ check: ({ claims }) => claims.tenant === 'acme' })).use((ctx) => {
  const tenant: string = ctx.state.auth.claims.tenant
  // @ts-expect-error no such claim
  ctx.state.auth.claims.customer
  ctx.body = { tenant }
})
// @ts-expect-error no such claim
tenants.protect({ check: ({ claims }) => claims.customer === 'acme' })
// @ts-expect-error no such claim
tenants.protect(() => ({ check: async ({ claims }) => claims.customer === 'acme' }))
