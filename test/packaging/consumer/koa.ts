import { createResourceServer } from '@behalf/core'
import { fromNode } from '@behalf/core/node'
import { createGuard } from '@behalf/koa'
import Koa from 'koa'

const server = createResourceServer({ issuer: 'https://auth.example.com', audience: 'https://orders.example.com' })
const guard = createGuard(server)
const app = new Koa()

app.use(guard.metadata())
app.use(guard.protect((ctx) => ({ scope: 'orders:read', subject: ctx.get('x-subject') })))
app.use(guard.requireAnyScope('orders:read', 'orders:write'))
app.use(async (ctx) => {
  const decision = await server.authorize(fromNode(ctx.req))
  ctx.body = { subject: ctx.state.auth?.subject, allowed: decision.allowed }
})
