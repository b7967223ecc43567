import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { createTestIssuer, type TestIssuer } from '@behalf/testing'
import { discoveryRequest, processDiscoveryResponse } from 'oauth4webapi'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { overLoopback } from './loopback.js'

const open: TestIssuer[] = []
const start = async (...options: Parameters<typeof createTestIssuer>): Promise<TestIssuer> => {
  const issuer = await createTestIssuer(...options)
  open.push(issuer)
  return issuer
}
afterEach(async () => {
  await Promise.all(open.splice(0).map((issuer) => issuer.close()))
})

const get = (url: string, init: RequestInit = {}) => fetch(url, { redirect: 'manual', ...init })

describe('discovery', () => {
  test.each([
    ['oauth', undefined, '/.well-known/oauth-authorization-server'],
    ['oauth', '/tenant', '/.well-known/oauth-authorization-server/tenant'],
    ['oauth', '/', '/.well-known/oauth-authorization-server'],
    ['openid', undefined, '/.well-known/openid-configuration'],
    ['openid', '/tenant', '/tenant/.well-known/openid-configuration'],
  ] as const)('%s metadata of path %s is at %s', async (discovery, path, expected) => {
    const issuer = await start({ discovery, path })
    const { origin } = new URL(issuer.issuer)
    expect(issuer.issuer).toBe(`${origin}${path ?? ''}`)
    expect(issuer.requests).toMatchObject({ [expected]: 0 })

    const algorithm = discovery === 'oauth' ? 'oauth2' : 'oidc'
    const identifier = new URL(issuer.issuer)
    const response = await discoveryRequest(identifier, { algorithm, ...overLoopback })
    expect(issuer.requests[expected]).toBe(1)
    const metadata = await response.clone().json()
    expect(metadata).toMatchObject({ issuer: issuer.issuer, jwks_uri: issuer.jwksUri })
    if (path !== undefined) await processDiscoveryResponse(identifier, response)

    const keys = await get(issuer.jwksUri)
    expect(keys.headers.get('content-type')).toBe('application/jwk-set+json')
    expect(keys.headers.get('cache-control')).toBeNull()
    expect(await keys.json()).toEqual(issuer.jwks())
  })

  test('only the metadata that is asked for exists', async () => {
    const issuer = await start({ discovery: 'openid' })
    expect((await get(`${issuer.issuer}/.well-known/oauth-authorization-server`)).status).toBe(404)
    expect((await get(issuer.jwksUri, { method: 'POST' })).status).toBe(405)
    expect((await get(issuer.jwksUri, { method: 'HEAD' })).status).toBe(200)
  })

  test('metadata may lie, and says how long it lasts', async () => {
    const issuer = await start({ metadata: { issuer: 'https://other.example', extra: 1 }, cacheControl: 'max-age=60' })
    const response = await get(`${issuer.issuer}/.well-known/oauth-authorization-server`)
    expect(response.headers.get('cache-control')).toBe('max-age=60')
    expect(await response.json()).toMatchObject({ issuer: 'https://other.example', extra: 1, jwks_uri: issuer.jwksUri })
  })

  test('requests are counted by path, without the query', async () => {
    const issuer = await start()
    await get(`${issuer.jwksUri}?a=1`)
    await get(`${issuer.jwksUri}?b=2`)
    await get(`${issuer.issuer}/elsewhere`)
    expect(issuer.requests).toEqual({
      '/.well-known/oauth-authorization-server': 0,
      '/jwks': 2,
      '/planted': 0,
      '/elsewhere': 1,
    })
  })

  test('listens on loopback addresses only', async () => {
    expect(new URL((await start({ host: 'localhost' })).issuer).hostname).toBe('localhost')
    await expect(createTestIssuer({ host: '0.0.0.0' })).rejects.toThrow('loopback')
    await expect(createTestIssuer({ path: 'tenant' })).rejects.toThrow('slash')
    // @ts-expect-error a listening issuer is named by its address
    await expect(createTestIssuer({ issuer: 'https://auth.example.com' })).rejects.toThrow('listen: false')
  })

  const hasIpv6 = Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === '::1'))
  test.skipIf(!hasIpv6)('speaks IPv6', async () => {
    const issuer = await start({ host: '::1' })
    expect(issuer.issuer).toMatch(/^http:\/\/\[::1\]:\d+$/)
    expect(await (await get(issuer.jwksUri)).json()).toEqual(issuer.jwks())
  })

  test('takes the port it is given, and says so when it is taken', async () => {
    const first = await start()
    const port = Number(new URL(first.issuer).port)
    await expect(createTestIssuer({ port })).rejects.toThrow('EADDRINUSE')
    await first.close()
    expect((await start({ port })).issuer).toBe(first.issuer)
  })
})

describe('outages', () => {
  test('down: connections are refused, also those that were open, and the same port comes back', async () => {
    const issuer = await start()
    const socket = connect(Number(new URL(issuer.issuer).port), '127.0.0.1')
    await once(socket, 'connect')
    const dropped = once(socket, 'close')
    await issuer.outage('down')
    await dropped
    await expect(get(issuer.jwksUri)).rejects.toThrow('fetch failed')
    await issuer.outage('down')
    await issuer.outage(null)
    expect(await (await get(issuer.jwksUri)).json()).toEqual(issuer.jwks())
    expect(issuer.requests['/jwks']).toBe(1)
  })

  test('down: waits for a port that was lent to somebody, but not for ever', async () => {
    const issuer = await start()
    const port = Number(new URL(issuer.issuer).port)
    await issuer.outage('down')
    const borrower = createServer()
    await once(borrower.listen(port, '127.0.0.1'), 'listening')
    await expect(issuer.outage(null)).rejects.toThrow('EADDRINUSE')
    const back = issuer.outage(null)
    await pause(70)
    borrower.close()
    await back
    expect((await get(issuer.jwksUri)).status).toBe(200)
  })

  test('slow: the answer of the moment it was asked for, late', async () => {
    const issuer = await start()
    const before = issuer.jwks()
    await issuer.outage('slow', { delay: 120 })
    const began = performance.now()
    const pending = get(issuer.jwksUri)
    await vi.waitUntil(() => issuer.requests['/jwks'] === 1, { interval: 1 })
    await issuer.outage(null)
    await issuer.rotateKeys()
    expect(await (await get(issuer.jwksUri)).json()).toEqual(issuer.jwks())
    expect(await (await pending).json()).toEqual(before)
    expect(performance.now() - began).toBeGreaterThanOrEqual(115)
  })

  test('dripping: byte by byte, to the end', async () => {
    const issuer = await start()
    await issuer.outage('dripping', { delay: 1 })
    const response = await get(issuer.jwksUri)
    const chunks: Uint8Array[] = []
    const sink = new WritableStream<Uint8Array>({ write: (chunk) => void chunks.push(chunk) })
    await response.body?.pipeTo(sink)
    expect(chunks.length).toBeGreaterThan(20)
    expect(JSON.parse(Buffer.concat(chunks).toString())).toEqual(issuer.jwks())
  })

  test('hanging: headers and then nothing', async () => {
    const issuer = await start()
    await issuer.outage('hanging')
    const response = await get(issuer.jwksUri)
    expect(response.status).toBe(200)
    const body = response.text().catch(() => 'dropped')
    const winner = await Promise.race([body, pause(80, 'silence')])
    expect(winner).toBe('silence')
    await issuer.close()
    expect(await body).toBe('dropped')
  })

  test('error: status 500, or another one', async () => {
    const issuer = await start()
    await issuer.outage('error')
    expect((await get(issuer.jwksUri)).status).toBe(500)
    await issuer.outage('error', { status: 429 })
    expect((await get(issuer.jwksUri)).status).toBe(429)
  })

  test('garbage: status 200 without JSON', async () => {
    const issuer = await start()
    await issuer.outage('garbage')
    const response = await get(issuer.jwksUri)
    expect(response.status).toBe(200)
    await expect(response.json()).rejects.toThrow(SyntaxError)
  })

  test('redirect: whoever follows finds the right answer, and is counted', async () => {
    const issuer = await start({ path: '/tenant' })
    await issuer.outage('redirect')
    expect((await get(issuer.jwksUri)).status).toBe(302)
    expect(issuer.requests['/moved/tenant/jwks']).toBeUndefined()
    const followed = await get(issuer.jwksUri, { redirect: 'follow' })
    expect(await followed.json()).toEqual(issuer.jwks())
    expect(issuer.requests['/moved/tenant/jwks']).toBe(1)
  })

  test('huge: megabytes of JSON that would do', async () => {
    const issuer = await start()
    await issuer.outage('huge', { size: 3_000_000 })
    const response = await get(issuer.jwksUri)
    expect(response.headers.get('content-length')).toBeNull()
    const text = await response.text()
    expect(text.length).toBeGreaterThan(3_000_000)
    expect(JSON.parse(text)).toEqual(issuer.jwks())
  })

  test('huge: of any size', async () => {
    const issuer = await start()
    await issuer.outage('huge', { size: 1 })
    expect(JSON.parse(await (await get(issuer.jwksUri)).text())).toEqual(issuer.jwks())
  })

  test('huge: a reader may leave', async () => {
    const issuer = await start()
    await issuer.outage('huge', { size: 500_000_000 })
    const response = await get(issuer.jwksUri)
    await response.body?.cancel()
    await issuer.outage(null)
    expect((await get(issuer.jwksUri)).status).toBe(200)
  })

  test('empty: a key set without keys, metadata as ever', async () => {
    const issuer = await start()
    await issuer.outage('empty')
    expect(await (await get(issuer.jwksUri)).json()).toEqual({ keys: [] })
    const metadata = await get(`${issuer.issuer}/.well-known/oauth-authorization-server`)
    expect(await metadata.json()).toMatchObject({ issuer: issuer.issuer })
  })

  test('one document alone may fail', async () => {
    const issuer = await start()
    const metadata = `${issuer.issuer}/.well-known/oauth-authorization-server`
    await issuer.outage('error', { only: 'keys' })
    expect([(await get(metadata)).status, (await get(issuer.jwksUri)).status]).toEqual([200, 500])
    await issuer.outage('error', { only: 'metadata' })
    expect([(await get(metadata)).status, (await get(issuer.jwksUri)).status]).toEqual([500, 200])
  })

  test('an outage of your own', async () => {
    const issuer = await start()
    await issuer.outage((request, response, document) => {
      response.writeHead(203).end(`${request.method} ${document.name} ${document.body.length}`)
    })
    const response = await get(issuer.jwksUri)
    expect(response.status).toBe(203)
    expect(await response.text()).toBe(`GET keys ${JSON.stringify(issuer.jwks()).length}`)
  })

  test('what was asked for last holds, without waiting in between', async () => {
    const issuer = await start()
    await Promise.all([issuer.outage('down'), issuer.outage(null), issuer.outage('down'), issuer.outage('error')])
    expect((await get(issuer.jwksUri)).status).toBe(500)
  })

  test('an unknown one is refused and changes nothing', async () => {
    const issuer = await start()
    await issuer.outage('error')
    // @ts-expect-error no such outage
    await expect(issuer.outage('flaky')).rejects.toThrow(TypeError)
    expect((await get(issuer.jwksUri)).status).toBe(500)
  })
})

describe('close', () => {
  test.each(['slow', 'dripping', 'hanging', 'huge', 'down', null] as const)(
    'drops what is open and listens no more: %s',
    async (kind) => {
      const issuer = await start()
      const { port, host } = new URL(issuer.issuer)
      const socket = connect(Number(port), '127.0.0.1').on('error', () => {})
      const dropped = once(socket.resume(), 'close')
      await once(socket, 'connect')
      await issuer.outage(kind, { delay: 60_000, size: 500_000_000 })
      socket.write(`GET /jwks HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
      if (kind !== 'down') await vi.waitUntil(() => issuer.requests['/jwks'] === 1, { interval: 1 })
      const began = performance.now()
      await Promise.all([issuer.close(), issuer.close()])
      await dropped
      expect(performance.now() - began).toBeLessThan(1000)
      await expect(get(issuer.jwksUri)).rejects.toThrow()
      await expect(issuer.outage(null)).rejects.toThrow('the issuer is closed')
      expect(await issuer.token({ subject: 'user-1', audience: 'https://billing.example.com' })).toMatch(/^ey/)
    },
  )

  test('leaves no handle: a process with nothing else to do ends', async () => {
    const script = `
      import { connect, createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
      import { createTestIssuer } from '@behalf/testing'
      for (const kind of ['slow', 'dripping', 'hanging', 'huge', 'down', null]) {
        const issuer = await createTestIssuer()
        if (kind !== 'down') await issuer.outage(kind, { delay: 60000, size: 5e8 })
        const socket = connect(new URL(issuer.issuer).port, '127.0.0.1').on('error', () => {}).resume()
        socket.write('GET /jwks HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n')
        while (issuer.requests['/jwks'] === 0) await new Promise((resolve) => setTimeout(resolve, 1))
        if (kind === 'down') await issuer.outage(kind)
        await issuer.close()
      }
      console.log('closed')`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { cwd: import.meta.dirname })
    let output = ''
    child.stdout.on('data', (chunk) => {
      output += chunk
    })
    let closedAt = 0
    child.stdout.once('data', () => {
      closedAt = performance.now()
    })
    child.stderr.on('data', (chunk) => {
      output += chunk
    })
    expect(await once(child, 'exit')).toEqual([0, null])
    expect(output).toBe('closed\n')
    expect(performance.now() - closedAt).toBeLessThan(1000)
  })
})
