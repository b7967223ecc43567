import { once } from 'node:events'
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createSocketServer, type Server } from 'node:net'
import { inspect } from 'node:util'
import { createDelegationClient, type DelegationClientOptions, DelegationError, keyFrom } from '@behalf/agent'
import { afterEach, describe, expect, test } from 'vitest'
import { billing, privateJwk } from './stub.js'

const subjectToken = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJlIG9mIGFkYQ'
const ask = { resource: billing, scope: 'billing:read', subjectToken }
const open: Server[] = []

afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => new Promise((resolve) => server.close(resolve))))
})

async function listen(server: Server): Promise<string> {
  open.push(server)
  const sockets = new Set<{ destroy(): void }>()
  server.on('connection', (socket) => sockets.add(socket))
  const close = server.close.bind(server)
  server.close = (done) => {
    for (const socket of sockets) socket.destroy()
    return close(done)
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // what listens on a port has an AddressInfo
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** An auth server whose token endpoint does this. */
async function serve(token: (response: ServerResponse, count: number) => void) {
  let count = 0
  let issuer = ''
  const listener: RequestListener = (request, response) => {
    if (request.url === '/token') {
      count += 1
      request.resume().on('end', () => token(response, count))
      return
    }
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ issuer, token_endpoint: `${issuer}/token` }))
  }
  issuer = await listen(createServer(listener))
  return { issuer, requests: () => count }
}

const createClient = (serverUrl: string, options: Partial<DelegationClientOptions> = {}) =>
  createDelegationClient({
    ...{ serverUrl, clientId: 'support-app', key: keyFrom(privateJwk), dpop: false, retries: 1, timeout: 1_500 },
    ...options,
  })

async function failureOf(promise: Promise<unknown>): Promise<DelegationError> {
  const error: unknown = await promise.catch((reason: unknown) => reason)
  if (!(error instanceof DelegationError)) throw new Error(`it did not fail: ${inspect(error)}`)
  expect(inspect(error, { depth: 10 })).not.toContain(subjectToken)
  return error
}

const good = (response: ServerResponse): void => {
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify({ access_token: 'token-1', token_type: 'Bearer', expires_in: 60 }))
}

describe('over the network, a token endpoint that', () => {
  test.each<readonly [string, (response: ServerResponse) => void, string, number]>([
    ['never answers', () => {}, 'server_unavailable', 2],
    ['answers a byte and no more', (response) => void response.writeHead(200).write('{'), 'server_unavailable', 2],
    ['hangs up', (response) => void response.destroy(), 'server_unavailable', 2],
    ['speaks no HTTP', (response) => void response.socket?.end('hello\r\n\r\n'), 'server_unavailable', 2],
    [
      'is out of order',
      (response) => void response.writeHead(502).end('<h1>bad gateway</h1>'),
      'server_unavailable',
      2,
    ],
    ['answers with a page', (response) => void response.end('<h1>hello</h1>'), 'server_misbehaves', 1],
    ['never ends its answer', flood, 'server_misbehaves', 1],
  ])('%s is an error that says so, within the time limit', async (_what, token, code, requests) => {
    const server = await serve(token)
    const error = await failureOf(createClient(server.issuer).getDelegationToken(ask))
    expect(error).toMatchObject({ code, isTransient: code === 'server_unavailable' })
    expect(server.requests()).toBe(requests)
  })

  test('answers at last is used', async () => {
    const server = await serve((response, count) => (count === 1 ? response.destroy() : good(response)))
    const token = await createClient(server.issuer).getDelegationToken(ask)
    expect([token.accessToken, server.requests()]).toEqual(['token-1', 2])
  })

  test('sends elsewhere is not followed: nobody there sees the token of the person', async () => {
    const seen: string[] = []
    const thief = await listen(
      createServer((request, response) => {
        seen.push(String(request.url))
        good(response)
      }),
    )
    for (const status of [302, 307, 308]) {
      const server = await serve((response) => void response.writeHead(status, { location: `${thief}/token` }).end())
      const error = await failureOf(createClient(server.issuer).getDelegationToken(ask))
      expect(error).toMatchObject({ code: 'server_misbehaves' })
    }
    expect(seen).toEqual([])
    await (await fetch(`${thief}/seen`)).text()
    expect(seen).toEqual(['/seen'])
  })
})

test('a server that takes connections and says nothing, and one that is not there', async () => {
  const silent = await listen(createSocketServer())
  expect(await failureOf(createClient(silent).getDelegationToken(ask))).toMatchObject({ code: 'server_unavailable' })
  const gone = createSocketServer()
  const address = await listen(gone)
  open.pop()
  await new Promise((resolve) => gone.close(resolve))
  const error = await failureOf(createClient(address, { timeout: 60_000 }).getDelegationToken(ask))
  expect(error).toMatchObject({ code: 'server_unavailable', cause: 'ECONNREFUSED' })
})

test('an API that sends elsewhere is not followed either', async () => {
  const server = await serve(good)
  const seen: unknown[] = []
  const thief = await listen(
    createServer((request, response) => {
      seen.push(request.headers.authorization)
      response.end()
    }),
  )
  const api = await listen(
    createServer((_request, response) => void response.writeHead(307, { location: thief }).end()),
  )
  const response = await createClient(server.issuer).fetch('/plan', { ...ask, apiUrl: api })
  expect([response.status, response.headers.get('location'), seen]).toEqual([307, thief, []])
})

/** Writes for as long as somebody reads. */
function flood(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' })
  const piece = ' '.repeat(65_536)
  const write = (): void => {
    while (!response.destroyed && response.write(piece));
    response.once('drain', write)
  }
  write()
}
