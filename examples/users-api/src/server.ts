import { createRevocationList } from '@behalf/core'
import behalf, { getAuth } from '@behalf/fastify'
import fastify from 'fastify'
import { profiles } from './profiles.js'

const {
  ISSUER = 'https://auth.example.com',
  AUDIENCE = 'https://users.example.com',
  HOST = '127.0.0.1',
  PORT = '4002',
} = process.env

/** One JSON object a line: what a log collector wants. */
function writeLine(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

// What the issuer withdrew, until it would have expired. Processes that share the load share one: @behalf/redis.
const revocations = createRevocationList()

const app = fastify()
await app.register(behalf, {
  issuer: ISSUER,
  audience: AUDIENCE,
  audit: writeLine,
  revocation: revocations,
  securityEvents: { revocations },
  onWarning: ({ code, message }) => writeLine({ type: 'warning', code, message }),
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
