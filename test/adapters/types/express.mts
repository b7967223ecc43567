/* oxlint-disable typescript/no-unsafe-assignment, typescript/no-unsafe-member-access, typescript/unbound-method -- what must not compile has no types */
import { createResourceServer, type Principal } from '@behalf/core'
import { createGuard, getAuth } from '@behalf/express'
import express, { type Request, type RequestHandler, Router } from 'express'
import { z } from 'zod'

interface Params {
  id: string
}
interface Query {
  page: string
}

const { protect, requireScope, requireAnyScope, metadata, resourceServer } = createGuard({
  issuer: 'https://auth.example.com',
  audience: 'https://billing.example.com',
})
const app = express()
const router = Router()

// a guard leaves the types of the handlers after it alone
app.get('/invoices/:id', requireScope('billing:read'), (req, res) => {
  const id: string = req.params.id
  // @ts-expect-error no such parameter
  req.params.nothing
  res.json({ id })
})
app.get<Params, string, number, Query>('/invoices/:id', requireScope('a', 'b'), requireAnyScope('c'), (req) => {
  const query: Query = req.query
  const id: string = req.params.id
  const body: number = req.body
  return [query, id, body]
})

// it goes wherever a handler goes
app.use(metadata(), requireScope('a'))
app.use('/api', protect(), router)
router.use(protect({ delegation: 'required' }))
router
  .route('/x/:id')
  .all(requireScope('a'))
  .get(requireScope('b'), (req) => req.params.id.length)
app.post('/list', [requireScope('a'), requireScope('b')], (_req: Request) => {})
export const plain: RequestHandler = requireScope('a')
export const narrow: RequestHandler<Params, string, number, Query> = requireScope('a')

// a requirement may be a function of the request
app.post(
  '/customers/:id',
  protect((req) => ({ scope: 'refunds:write', subject: req.params.id, delegation: 'required' })),
  (req) => req.params.id.length,
)
protect<Params>((req) => ({ subject: req.params.id }))
protect(async (req: Request<Params>) => ({ actor: [req.params.id], scope: [req.get('x-scope') ?? 'a'] }))
// @ts-expect-error no such parameter
protect<Params>((req) => ({ subject: req.params.nothing }))
// @ts-expect-error no such request member
protect((req) => ({ subject: req.nothing }))
// @ts-expect-error not a requirement
protect(() => 'billing:read')
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
app.get('/', requireScope('a'), (req, res) => {
  const subject: string | undefined = req.auth?.subject
  // @ts-expect-error undefined where no guard ran
  req.auth.subject
  const principal: Principal = getAuth(req)
  const mode: 'delegated' | 'direct' = principal.mode
  // @ts-expect-error read-only
  principal.subject = 'somebody else'
  // @ts-expect-error unknown until a schema types it
  principal.claims.tenant.id
  res.json({ subject, mode })
})
// @ts-expect-error not a request
getAuth({})
// @ts-expect-error not a request either
getAuth(app)

// what options cannot be
// @ts-expect-error the audience is required
createGuard({ issuer: 'https://auth.example.com' })
// @ts-expect-error the issuer is required
createGuard({ audience: 'https://billing.example.com' })
// @ts-expect-error an adapter has no options of its own
createGuard({ issuer: 'https://auth.example.com', audience: 'https://billing.example.com', property: 'user' })
// @ts-expect-error symmetric algorithms are not accepted
createGuard({ issuer: 'https://auth.example.com', audience: 'https://billing.example.com', algorithms: ['HS256'] })

// one verifier, several guards
createGuard(resourceServer)
createGuard(createResourceServer({ issuer: 'https://auth.example.com', audience: 'https://billing.example.com' }))

// typed claims
const tenants = createGuard({
  issuer: 'https://auth.example.com',
  audience: 'https://billing.example.com',
  claims: z.object({ tenant: z.string() }),
})
app.get('/tenant', tenants.protect({ check: ({ claims }) => claims.tenant === 'acme' }), (req, res) => {
  const tenant: string = getAuth<{ tenant: string }>(req).claims.tenant
  res.json({ tenant })
})
// @ts-expect-error no such claim
tenants.protect({ check: ({ claims }) => claims.customer === 'acme' })
// @ts-expect-error no such claim
tenants.protect(() => ({ check: async ({ claims }) => claims.customer === 'acme' }))
