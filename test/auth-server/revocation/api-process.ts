import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createRevocationList } from '@behalf/core'
import { createGuard } from '@behalf/express'
import express from 'express'

// An API as a team would write it, in a process of its own: it learns of withdrawals by security events alone.

const [issuer = '', audience = ''] = process.argv.slice(2)
const revocations = createRevocationList()
const { requireScope, securityEvents } = createGuard({
  issuer,
  audience,
  revocation: revocations,
  securityEvents: { revocations },
})

const app = express()
app.post('/events', securityEvents())
app.get('/', requireScope('billing:read'), (_req, res) => {
  res.json({ ok: true })
})
const server = app.listen(0, '127.0.0.1')
await once(server, 'listening')
// what listens on a port has an AddressInfo
process.stdout.write(`${(server.address() as AddressInfo).port}\n`)
