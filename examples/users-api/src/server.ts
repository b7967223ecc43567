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

const app = fastify()
await app.register(behalf, {
  issuer: ISSUER,
  audience: AUDIENCE,
  audit: writeLine,
  onWarning: ({ code, message }) => writeLine({ type: 'warning', code, message }),
})
app.route(app.metadata())

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
