import { createResourceServer } from '@behalf/core'
import * as express from '@behalf/express'
import * as plainExpress from '@behalf/express/no-augment'
import behalf from '@behalf/fastify'
import * as hono from '@behalf/hono'
import { createTestIssuer } from '@behalf/testing'
import createExpress from 'express'
import createFastify from 'fastify'
import { Hono } from 'hono'

const issuer = await createTestIssuer()
const audience = 'https://billing.example.com'
const server = createResourceServer({ issuer: issuer.trusted(), audience })

const expressApp = createExpress()
const expressGuard = express.createGuard(server)
expressApp.use(expressGuard.metadata())
expressApp.get(
  '/users/:id',
  expressGuard.protect((req) => ({ subject: req.params.id ?? '' })),
  (req, res) => {
    res.json({ subject: req.auth?.subject, same: plainExpress.getAuth(req).subject })
  },
)

const fastifyApp = createFastify()
await fastifyApp.register(behalf, { issuer: issuer.trusted(), audience })
fastifyApp.route(fastifyApp.metadata())
fastifyApp.get('/', { onRequest: fastifyApp.requireScope('users:read') }, async (request) => request.auth?.subject)

const honoApp = new Hono()
const honoGuard = hono.createGuard(server)
honoApp.use(honoGuard.metadata())
honoApp.get('/', honoGuard.requireAnyScope('a', 'b'), (c) => c.json({ subject: c.var.auth.subject }))
