import { timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'
import { createGuard, getAuth } from '@behalf/express'
import express, { type RequestHandler } from 'express'
import { answer } from '../http/child.js'
import { listen } from '../http/listen.js'
import { resource, scope, tool } from './world.js'

/** What the API is started with. */
export interface ApiSetup {
  readonly issuers: readonly string[]
  readonly staticKey: string
}

/** One answer in a process of its own: behind a static key, behind a delegation token, and behind one that is good for one call. */
// the benchmark that starts this process wrote it
const { issuers, staticKey } = JSON.parse(process.argv[2] ?? '{}') as ApiSetup
const app = express()
const http = createServer(app)
const url = `http://127.0.0.1:${await listen(http)}`
const { protect, resourceServer } = createGuard({
  issuer: issuers,
  audience: resource,
  resource: url,
  dpop: 'allowed',
  audit: () => {},
})
const bill = { total: 4_200, currency: 'EUR' }
const rule = { scope, delegation: 'required', tool } as const

app.get('/static', demandKey(), (_request, response) => {
  response.json({ ...bill, of: 'nobody knows whom' })
})
for (const [path, singleUse] of [
  ['/bill', false],
  ['/bill-once', true],
] as const) {
  app.get(path, protect({ ...rule, singleUse }), (request, response) => {
    response.json({ ...bill, of: getAuth(request).subject })
  })
}
await resourceServer.ready()

answer(() => url)

function demandKey(): RequestHandler {
  const known = Buffer.from(staticKey)
  return (request, response, next) => {
    const given = Buffer.from(request.get('x-api-key') ?? '')
    if (given.length === known.length && timingSafeEqual(given, known)) next()
    else response.sendStatus(401)
  }
}
