import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { clientToken, httpSink } from '@behalf/audit'
import { createGuard } from '@behalf/express'
import express from 'express'

// An API as a team would write it, in a process of its own, that ends when it is told to.

const [serverUrl = '', audience = '', clientId = '', clientSecret = '', mode = 'best-effort'] = process.argv.slice(2)
const required = mode === 'required'
const guard = createGuard({
  issuer: serverUrl,
  audience,
  audit: {
    sink: httpSink({
      url: `${serverUrl}/audit/events`,
      token: clientToken({ serverUrl, clientId, clientSecret }),
      interval: required ? 0 : 60_000, // so that events wait when the end comes
    }),
    required,
    timeout: required ? 10_000 : 500,
  },
})

const app = express()
app.get('/', guard.requireScope('express:read'), (_req, res) => {
  res.json({ ok: true })
})
const server = app.listen(0, '127.0.0.1')
await once(server, 'listening')
process.once('SIGTERM', () => {
  server.close(() => void guard.resourceServer.close())
  server.closeIdleConnections()
})
// what listens on a port has an AddressInfo
process.stdout.write(`${(server.address() as AddressInfo).port}\n`)
