import { createRevocationList } from '@behalf/core'
import { createGuard, getAuth } from '@behalf/express'
import express from 'express'
import { accounts } from './accounts.js'

const {
  ISSUER = 'https://auth.example.com',
  AUDIENCE = 'https://billing.example.com',
  HOST = '127.0.0.1',
  PORT = '4001',
} = process.env

/** One JSON object a line: what a log collector wants. */
function writeLine(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

// What the issuer withdrew, until it would have expired. Processes that share the load share one: @behalf/redis.
const revocations = createRevocationList()

const { requireScope, metadata, securityEvents, resourceServer } = createGuard({
  issuer: ISSUER,
  audience: AUDIENCE,
  audit: writeLine,
  revocation: revocations,
  securityEvents: { revocations },
  onWarning: ({ code, message }) => writeLine({ type: 'warning', code, message }),
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
