import { clientToken, httpSink } from '@behalf/audit'
import { createRevocationList, type Warning } from '@behalf/core'
import { createGuard } from '@behalf/koa'
import Router from '@koa/router'
import Koa from 'koa'
import { orders } from './orders.js'

const {
  ISSUER = 'https://auth.example.com',
  AUDIENCE = 'https://orders.example.com',
  RESOURCE = AUDIENCE,
  HOST = '127.0.0.1',
  PORT = '4003',
  AUDIT_CLIENT_ID: clientId = '',
  AUDIT_CLIENT_SECRET: clientSecret = '',
} = process.env

/** One JSON object a line: what a log collector wants. */
function writeLine(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

/** What an operator should know. */
function warn({ code, message }: Warning): void {
  writeLine({ type: 'warning', code, message })
}

// Decisions go to the trail of the auth server where this API has a client there; else to the log.
const audit =
  clientSecret === ''
    ? writeLine
    : httpSink({
        url: `${ISSUER}/audit/events`,
        token: clientToken({ serverUrl: ISSUER, clientId, clientSecret }),
        service: 'orders-api',
        onWarning: warn,
      })

// What the issuer withdrew, until it would have expired. Processes that share the load share one: @behalf/redis.
const revocations = createRevocationList()

const { requireAnyScope, metadata, securityEvents, resourceServer } = createGuard({
  issuer: ISSUER,
  audience: AUDIENCE,
  resource: RESOURCE, // where clients call it: DPoP proofs are made for this address
  audit,
  revocation: revocations,
  securityEvents: { revocations },
  onWarning: warn,
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
