import { clientToken, httpSink } from '@behalf/audit'
import { createRevocationList, type Warning } from '@behalf/core'
import behalf, { getAuth } from '@behalf/fastify'
import fastify from 'fastify'
import { profiles } from './profiles.js'

const {
  ISSUER = 'https://auth.example.com',
  AUDIENCE = 'https://users.example.com',
  RESOURCE = AUDIENCE,
  HOST = '127.0.0.1',
  PORT = '4002',
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
        service: 'users-api',
        onWarning: warn,
      })

// What the issuer withdrew, until it would have expired. Processes that share the load share one: @behalf/redis.
const revocations = createRevocationList()

const app = fastify()
await app.register(behalf, {
  issuer: ISSUER,
  audience: AUDIENCE,
  resource: RESOURCE, // where clients call it: DPoP proofs are made for this address
  audit,
  revocation: revocations,
  securityEvents: { revocations },
  onWarning: warn,
})
app.route(app.metadata())
app.route({ method: 'POST', url: '/events', handler: app.securityEvents() }) // pushed by the issuer, signed for this API

// Ready when the issuer's keys are at hand; until then the rejection is answered as 503.
app.get('/ready', async () => {
  await app.resourceServer.ready()
  return { ready: true }
})

// The path names a record, so the route demands that the token's subject owns it.
const ownRecord = app.protect((request) => ({
  scope: 'profile:read',
  subject: request.params.id,
}))

app.get('/users/:id', { onRequest: ownRecord }, async (request, reply) => {
  const { subject } = getAuth(request)
  return profiles.get(subject) ?? reply.code(404).send({ title: 'No such profile' })
})

await app.listen({ port: Number(PORT), host: HOST })
writeLine({ type: 'server.listening', address: app.server.address() })

// Answers what is in flight; the resource server closes with the app and flushes the audit events.
process.once('SIGINT', () => void app.close())
process.once('SIGTERM', () => void app.close())
