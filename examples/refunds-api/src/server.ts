import { clientToken, httpSink } from '@behalf/audit'
import { createRevocationList, type Warning } from '@behalf/core'
import { createGuard } from '@behalf/hono'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { isAgreed, parseRefundOrder, writeRefund } from './refunds.js'

const {
  ISSUER = 'https://auth.example.com',
  AUDIENCE = 'https://refunds.example.com',
  RESOURCE = AUDIENCE,
  HOST = '127.0.0.1',
  PORT = '4004',
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
        service: 'refunds-api',
        onWarning: warn,
      })

// What the issuer withdrew, until it would have expired. Processes that share the load share one: @behalf/redis.
const revocations = createRevocationList()

const { protect, metadata, securityEvents, resourceServer } = createGuard({
  issuer: ISSUER,
  audience: AUDIENCE,
  resource: RESOURCE, // where clients call it: DPoP proofs are made for this address
  audit,
  revocation: revocations,
  securityEvents: { revocations },
  onWarning: warn,
})

// A write: an agent, for a user, one named agent only, only on that user's own record, only what they agreed to, and once.
const mayRefund = protect((c) => ({
  scope: 'refunds:write',
  delegation: 'required',
  actor: ['agent:support'],
  subject: c.req.param('id'),
  check: async ({ claims }) => isAgreed(claims, parseRefundOrder(await c.req.json().catch(() => null))),
  singleUse: true,
}))

const app = new Hono()
app.use(metadata())
app.post('/events', securityEvents()) // pushed by the issuer, signed for this API

// Ready when the issuer's keys are at hand. Hono has no status for a rejection, so the route gives one.
app.get('/ready', (c) =>
  resourceServer.ready().then(
    () => c.json({ ready: true }),
    () => c.json({ ready: false }, 503),
  ),
)

app.post('/users/:id/refunds', mayRefund, async (c) => {
  const order = parseRefundOrder(await c.req.json().catch(() => null))
  if (!order) return c.json({ title: 'A refund needs a charge and a positive amount' }, 422)

  const { subject, actor } = c.var.auth
  const refund = writeRefund(order, subject, actor?.subject ?? '')
  return refund ? c.json(refund, 201) : c.json({ title: 'Nothing to refund there' }, 409)
})

const server = serve({ fetch: app.fetch, hostname: HOST, port: Number(PORT) }, (address) => {
  writeLine({ type: 'server.listening', address })
})

/** Answers what is in flight, then flushes the audit events. */
function stop(): void {
  server.close(() => void resourceServer.close())
  setTimeout(() => process.exit(), 5_000).unref()
}

process.once('SIGINT', stop)
process.once('SIGTERM', stop)
