import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  connect as connectHttp2,
  createSecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2'
import { createServer, request as sendRequest } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { text } from 'node:stream/consumers'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { createResourceServer, type ResourceServer } from '@behalf/core'
import { fromNode } from '@behalf/core/node'
import { createGuard as createExpressGuard } from '@behalf/express'
import behalf from '@behalf/fastify'
import { createGuard as createHonoGuard } from '@behalf/hono'
import { createGuard as createKoaGuard } from '@behalf/koa'
import { createTestIssuer } from '@behalf/testing'
import { createAdaptorServer } from '@hono/node-server'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import Koa from 'koa'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Certificate, createCertificate } from '../support/certificate.js'

const audience = 'https://billing.example.com'
const issuer = await createTestIssuer({ listen: false })
const [own, client, other] = [createCertificate('api'), createCertificate('client'), createCertificate('other')]
const tokenOf = (cnf?: object) => issuer.token({ subject: 'user-1', audience, claims: { cnf } })
const bound = await tokenOf({ 'x5t#S256': client.thumbprint })
const boundToOther = await tokenOf({ 'x5t#S256': other.thumbprint })
const unbound = await tokenOf()

type NodeRequest = IncomingMessage | Http2ServerRequest
type NodeResponse = ServerResponse | Http2ServerResponse

/** As RFC 8705 section 2.2 has it: certificates of clients are asked for, and need no authority behind them. */
const tls = { cert: own.cert, key: own.key, requestCert: true, rejectUnauthorized: false }

/** The same route, `GET /`, behind TLS on each framework. */
const servers: Record<string, (server: ResourceServer) => Server | Promise<Server>> = {
  core: (server) => createServer(tls, coreListener(server)),

  'core, offering HTTP/2': (server) => createSecureServer({ ...tls, allowHTTP1: true }, coreListener(server)),

  express(server) {
    const app = express()
    app.get('/', createExpressGuard(server).protect(), (_request, response) => void response.end('served'))
    return createServer(tls, app)
  },

  async fastify(server) {
    const app = fastify({ https: tls })
    await app.register(behalf, server)
    app.get('/', { onRequest: app.protect() }, () => 'served')
    await app.ready()
    return app.server
  },

  koa(server) {
    const app = new Koa()
    app.use(createKoaGuard(server).protect())
    app.use((context) => {
      context.body = 'served'
    })
    return createServer(tls, app.callback())
  },

  hono(server) {
    const app = new Hono()
    app.get('/', createHonoGuard(server).protect(), (context) => context.text('served'))
    const { fetch } = app
    return createAdaptorServer({ fetch, createServer, serverOptions: tls, overrideGlobalObjects: false })
  },
}

function coreListener(server: ResourceServer): (request: NodeRequest, response: NodeResponse) => void {
  const guard = server.protect<NodeRequest>()
  return async (request, response) => {
    const decision = await guard(fromNode(request), request)
    if (!decision.allowed) response.writeHead(decision.status, decision.headers).end(decision.body)
    else response.writeHead(200).end('served')
  }
}

/** A connection whose TLS handshake is done; the server's own certificate is checked. */
async function open(port: number, certificate?: Certificate, more: ConnectionOptions = {}): Promise<TLSSocket> {
  const { cert, key } = certificate ?? {}
  const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca: own.cert, cert, key, ...more })
  await once(socket, 'secureConnect')
  return socket
}

/** Sends one request over a connection, and says how it was answered. */
async function send(socket: TLSSocket, token: string): Promise<readonly [status: number | undefined, body: string]> {
  const headers = { Authorization: `Bearer ${token}`, Connection: 'keep-alive' }
  const request = sendRequest({ createConnection: () => socket, headers }).end()
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  const body = await text(response)
  return [response.statusCode, response.statusCode === 200 ? body : (JSON.parse(body) as { code: string }).code]
}

describe.each(Object.entries(servers))('a client certificate over TLS, on %s', (_name, create) => {
  let port: number
  let close: () => Promise<unknown>

  beforeAll(async () => {
    const resourceServer = createResourceServer({ issuer: issuer.trusted(), audience })
    const server = await create(resourceServer)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port
    close = async () => {
      await new Promise((resolve) => server.close(resolve))
      await resourceServer.close()
    }
  })
  afterAll(() => close())

  /** The answer over a connection of its own. */
  async function call(token: string, certificate?: Certificate) {
    const socket = await open(port, certificate)
    try {
      return await send(socket, token)
    } finally {
      socket.destroy()
    }
  }

  test('serves the token that is bound to it', async () => {
    expect(await call(bound, client)).toEqual([200, 'served'])
  })

  test('is refused when it is another one, and missed when there is none', async () => {
    expect(await call(bound, client)).toEqual([200, 'served'])
    expect(await call(bound, other)).toEqual([401, 'binding_mismatch'])
    expect(await call(bound)).toEqual([401, 'binding_required'])
    expect(await call(boundToOther, client)).toEqual([401, 'binding_mismatch'])
    expect(await call(boundToOther, other)).toEqual([200, 'served'])
  })

  test('makes no difference to a token that is bound to none', async () => {
    for (const certificate of [client, other, undefined]) {
      expect(await call(unbound, certificate)).toEqual([200, 'served'])
    }
  })

  test('counts for every request of its connection', async () => {
    const socket = await open(port, client)
    expect(await send(socket, bound)).toEqual([200, 'served'])
    expect(await send(socket, boundToOther)).toEqual([401, 'binding_mismatch'])
    expect(await send(socket, bound)).toEqual([200, 'served'])
    socket.destroy()
  })

  test.each(['TLSv1.2', 'TLSv1.3'] as const)('counts for a resumed session of %s', async (version) => {
    const versions = { minVersion: version, maxVersion: version }
    const first = await open(port, client, versions)
    const sessions: Buffer[] = []
    first.on('session', (session: Buffer) => sessions.push(session))
    expect(await send(first, bound)).toEqual([200, 'served']) // by now the server has sent its tickets
    const session = sessions.at(-1) ?? first.getSession()
    first.destroy()
    const resumed = await open(port, undefined, { ...versions, ...(session && { session }) })
    expect(resumed.isSessionReused()).toBe(true)
    expect(await send(resumed, bound)).toEqual([200, 'served'])
    expect(await send(resumed, boundToOther)).toEqual([401, 'binding_mismatch'])
    resumed.destroy()
  })
})

test('counts for a request over HTTP/2', async () => {
  const resourceServer = createResourceServer({ issuer: issuer.trusted(), audience })
  const server = createSecureServer(tls, coreListener(resourceServer)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const call = async (token: string, { cert, key }: Partial<Certificate> = {}) => {
    const session = connectHttp2(`https://localhost:${port}`, { ca: own.cert, cert, key })
    const stream = session.request({ ':path': '/', authorization: `Bearer ${token}` })
    const [headers] = (await once(stream, 'response')) as [Record<string, unknown>]
    stream.resume()
    session.close()
    return headers[':status']
  }
  expect([await call(bound, client), await call(bound, other), await call(bound)]).toEqual([200, 401, 401])
  await new Promise((resolve) => server.close(resolve))
  await resourceServer.close()
})
