import { clientToken, httpSink } from '@behalf/audit'
import { createGuard } from '@behalf/express'
import express from 'express'
import { plans } from './plans.js'

const { API = 'http://127.0.0.1:4001', AUTH = 'http://127.0.0.1:4000', BILLING_API_SECRET = '' } = process.env

const audit = httpSink({
  url: `${AUTH}/audit/events`,
  token: clientToken({ serverUrl: AUTH, clientId: 'billing-api', clientSecret: BILLING_API_SECRET }),
  onWarning: ({ message }) => console.warn(message), // the trail is out of reach, events are lost
})
const { protect, resourceServer } = createGuard({ issuer: AUTH, audience: API, audit })
const ownPlan = protect<{ id: string }>((req) => ({ scope: 'billing:read', subject: req.params.id }))

const app = express()

app.get('/customers/:id/plan', ownPlan, (req, res) => {
  res.json(plans.get(req.params.id) ?? null)
})

const { hostname, port } = new URL(API)
const server = app.listen(Number(port), hostname)
process.once('SIGTERM', () => server.close(() => void resourceServer.close())) // what waits is sent
