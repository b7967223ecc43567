import { clientToken, httpSink } from '@behalf/audit'
import { createRevocationList, type Warning } from '@behalf/core'
import { createGuard, getAuth } from '@behalf/express'
import express from 'express'
import { accounts } from './accounts.js'

const {
  ISSUER = 'https://auth.example.com',
  AUDIENCE = 'https://billing.example.com',
  RESOURCE = AUDIENCE,
  HOST = '127.0.0.1',
  PORT = '4001',
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
        service: 'billing-api',
        onWarning: warn,
      })

// What the issuer withdrew, until it would have expired. Processes that share the load share one: @behalf/redis.
const revocations = createRevocationList()

const { requireScope, metadata, securityEvents, resourceServer } = createGuard({
  issuer: ISSUER,
  audience: AUDIENCE,
  resource: RESOURCE, // where clients call it: DPoP proofs are made for this address
  audit,
  revocation: revocations,
  securityEvents: { revocations },
  onWarning: warn,
})

const app = express()
app.disable('x-powered-by')
app.use(metadata())
app.post('/events', securityEvents()) // pushed by the issuer, signed for this API

// Ready when the issuer's keys are at hand; until then the rejection is answered as 503.
app.get('/ready', async (_request, response) => {
  await resourceServer.ready()
  response.json({ ready: true })
})

// No record is named in the path: the token's subject chooses it, so nobody can ask for another one.
app.get('/plan', requireScope('billing:read'), (request, response) => {
  const { subject } = getAuth(request)
  response.json({ subject, plan: accounts.get(subject)?.plan ?? null })
})

app.get('/charges', requireScope('charges:read'), (request, response) => {
  const { subject } = getAuth(request)
  response.json({ subject, charges: accounts.get(subject)?.charges ?? [] })
})

const server = app.listen(Number(PORT), HOST, (error?: Error) => {
  if (error) throw error
  writeLine({ type: 'server.listening', address: server.address() })
})

/** Answers what is in flight, then flushes the audit events. */
function stop(): void {
  server.close(() => void resourceServer.close())
  setTimeout(() => server.closeAllConnections(), 5_000).unref()
}

process.once('SIGINT', stop)
process.once('SIGTERM', stop)
