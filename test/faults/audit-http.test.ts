import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { type AuditEvent, createResourceServer } from '@behalf/core'
import { fromNode } from '@behalf/core/node'
import { expect, onTestFinished } from 'vitest'
import { createGate } from './endpoint.js'
import { fault } from './faults.js'
import { audience, createClock, eventually, goodClaims, issuer, times } from './scene.js'
import { createKey, signToken } from './signing.js'

fault('audit.complete', 'a client that goes away while its token is decided leaves exactly one event', async () => {
  const key = createKey('key-1')
  const clock = createClock()
  const events: AuditEvent[] = []
  const resourceServer = createResourceServer({
    issuer: { issuer, jwks: { keys: [key.jwk] } },
    audience,
    now: clock.now,
    audit: (event) => {
      events.push(event)
    },
  })
  const gate = createGate()
  let arrived = 0
  const server = createServer((request, response) => {
    arrived += 1
    const check = async (): Promise<boolean> => {
      await gate.opened
      return true
    }
    void resourceServer.authorize(fromNode(request), { check }).then((decision) => {
      response.writeHead(decision.allowed ? 200 : decision.status).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  onTestFinished(async () => {
    await resourceServer.close()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const sockets = await Promise.all(
    times(20, async () => {
      const socket = connect(port, '127.0.0.1')
      await once(socket, 'connect')
      const token = signToken(key, goodClaims(clock))
      socket.write(`GET /invoices HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n\r\n`)
      return socket
    }),
  )
  await eventually(() => expect(arrived).toBe(20))
  for (const socket of sockets) socket.resetAndDestroy()
  gate.open()
  await eventually(() => expect(events).toHaveLength(20))
  await resourceServer.close()
  expect(events).toHaveLength(20)
  expect(new Set(events.map((event) => event.type))).toEqual(new Set(['access.decision']))
})
