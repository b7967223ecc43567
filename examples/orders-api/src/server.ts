import { createRevocationList } from '@behalf/core'
import { createGuard } from '@behalf/koa'
import Router from '@koa/router'
import Koa from 'koa'
import { orders } from './orders.js'

const {
  ISSUER = 'https://auth.example.com',
  AUDIENCE = 'https://orders.example.com',
  HOST = '127.0.0.1',
  PORT = '4003',
} = process.env

/** One JSON object a line: what a log collector wants. */
function writeLine(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

// What the issuer withdrew, until it would have expired. Processes that share the load share one: @behalf/redis.
const revocations = createRevocationList()

const { requireAnyScope, metadata, securityEvents, resourceServer } = createGuard({
  issuer: ISSUER,
  audience: AUDIENCE,
  audit: writeLine,
  revocation: revocations,
  securityEvents: { revocations },
  onWarning: ({ code, message }) => writeLine({ type: 'warning', code, message }),
})

const router = new Router()

// Ready when the issuer's keys are at hand; until then the rejection is answered as 503.
router.get('/ready', async (ctx) => {
  await resourceServer.ready()
  ctx.body = { ready: true }
})

router.post('/events', securityEvents()) // pushed by the issuer, signed for this API

// No record is named in the path: the token's subject chooses it, so nobody can ask for another one.
router.get('/orders', requireAnyScope('orders:read', 'orders:write'), (ctx) => {
  const { subject } = ctx.state.auth
  ctx.body = { subject, orders: orders.get(subject) ?? [] }
})

const app = new Koa()
app.use(metadata())
app.use(router.routes())

const server = app.listen(Number(PORT), HOST, () => {
  writeLine({ type: 'server.listening', address: server.address() })
})

/** Answers what is in flight, then flushes the audit events. */
function stop(): void {
  server.close(() => void resourceServer.close())
  setTimeout(() => server.closeAllConnections(), 5_000).unref()
}

process.once('SIGINT', stop)
process.once('SIGTERM', stop)
