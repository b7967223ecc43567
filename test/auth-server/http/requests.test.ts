import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunningAuthServer, startAuthServer } from '../support/server.js'

const billing = 'https://billing.example.com'
const password = 'correct horse battery'
let server: RunningAuthServer
let key: CryptoKey

beforeAll(async () => {
  const pair = await generateKeyPair('ES256')
  key = pair.privateKey
  server = await startAuthServer({ seed: seed(await exportJWK(pair.publicKey)), rateLimits: { token: 40, login: 40 } })
})
afterAll(() => server.close())

function seed(jwk: JWK) {
  return {
    policy: {
      schema: 'behalf-policy/1',
      resources: { [billing]: { name: 'Billing' } },
      permissions: { 'billing:read': { resource: billing, words: 'Read', risk: 'low', consent: 'none' } },
      roles: { support: { permissions: ['billing:read'] } },
      rules: [],
    },
    agents: [{ id: 'agent:support', name: 'Support', owner: 'team', roles: ['support'] }],
    clients: [
      {
        id: 'support-app',
        name: 'Support',
        agent: 'agent:support',
        metadata: {
          token_endpoint_auth_method: 'private_key_jwt',
          grant_types: ['client_credentials'],
          redirect_uris: [],
          jwks: { keys: [{ ...jwk, alg: 'ES256', kid: 's1' }] },
        },
      },
    ],
    accounts: [{ subject: 'user_a', username: 'ada', name: 'Ada', password, permissions: [] }],
  } as const
}

const port = () => Number(new URL(server.issuer).port)

/** Sends bytes as they are, and reads what comes until the connection ends. */
async function raw(text: string): Promise<string> {
  const socket = connect(port(), '127.0.0.1', () => socket.write(text))
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  await once(socket, 'close')
  return Buffer.concat(chunks).toString()
}

async function direct(audience: string, lifetime: string): Promise<string> {
  const assertion = await new SignJWT({ jti: crypto.randomUUID() })
    .setProtectedHeader({ alg: 'ES256', kid: 's1' })
    .setIssuer('support-app')
    .setSubject('support-app')
    .setAudience(audience)
    .setExpirationTime(lifetime)
    .sign(key)
  return new URLSearchParams({
    ...{ grant_type: 'client_credentials', resource: billing, scope: 'billing:read' },
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
  }).toString()
}

const form = 'Content-Type: application/x-www-form-urlencoded'
const post = (path: string, host: string, body: string) =>
  `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${form}\r\nContent-Length: ${body.length}\r\n\r\n${body}`

describe('the address of the server', () => {
  it.each([
    ['Host', '/.well-known/openid-configuration'],
    ['an absolute target', 'http://evil.example/.well-known/openid-configuration'],
  ])('is never what %s says', async (_, target) => {
    const answer = await raw(`GET ${target} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n`)
    expect(answer).toContain(`"token_endpoint":"${server.issuer}/token"`)
    expect(answer).not.toContain('evil.example')
  })

  it('is the only audience of an assertion, whatever Host says', async () => {
    const forEvil = await direct('http://evil.example/token', '60s')
    expect(await raw(post('/token', 'evil.example', forEvil))).toContain('"error":"invalid_client"')
    const forUs = await direct(`${server.issuer}/token`, '60s')
    expect(await raw(post('/token', 'evil.example', forUs))).toMatch(/^HTTP\/1.1 200 /u)
  })

  it('makes every cookie of an https issuer one for https, also where TLS ends in front', async () => {
    const app = { ...seed(await exportJWK((await generateKeyPair('ES256')).publicKey)).clients[0], agent: undefined }
    const metadata = {
      ...app.metadata,
      grant_types: ['authorization_code'] as const,
      redirect_uris: [`${billing}/back`],
    }
    const other = await startAuthServer({
      issuer: 'https://auth.example.com',
      seed: { clients: [{ ...app, metadata }] },
    })
    const { port: at } = new URL(`http://127.0.0.1:${addressOf(other)}`)
    const query = new URLSearchParams({
      ...{ response_type: 'code', client_id: app.id, scope: 'openid', redirect_uri: `${billing}/back` },
      ...{ code_challenge: 'x'.repeat(43), code_challenge_method: 'S256' },
    })
    const answer = await fetch(`http://127.0.0.1:${at}/authorize?${query}`, { redirect: 'manual' })
    expect(answer.headers.getSetCookie().length).toBeGreaterThan(0)
    for (const cookie of answer.headers.getSetCookie()) expect(cookie).toMatch(/; secure; httponly$/u)
    await other.close()
  })
})

function addressOf({ http }: RunningAuthServer): number {
  const address = http.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

describe('bodies', () => {
  it('one that does not come keeps nobody else waiting', async () => {
    const head = `POST /token HTTP/1.1\r\nHost: x\r\n${form}\r\nContent-Length: 100\r\n\r\na`
    const admin = head.replace('/token', '/admin/agents')
    const sockets = [head, head, admin].map((text) =>
      connect(port(), '127.0.0.1', function sent(this: Socket) {
        this.write(text)
      }),
    )
    await Promise.all(sockets.map((socket) => once(socket, 'connect')))
    expect((await fetch(`${server.issuer}/readyz`)).status).toBe(200)
    expect((await fetch(`${server.issuer}/sign-in`)).status).toBe(200)
    for (const socket of sockets) socket.destroy()
  })

  it('nor does one that is too large', async () => {
    const answer = await fetch(`${server.issuer}/token`, {
      method: 'POST',
      body: new URLSearchParams({ a: 'x'.repeat(60_000) }),
    })
    expect(answer.status).toBe(413)
  })

  it.each(['/authorize?state=%00', '/approvals/%00'])('NUL is refused: %s', async (path) => {
    expect((await fetch(server.issuer + path)).status).toBe(400)
    expect(
      (await fetch(`${server.issuer}/token`, { method: 'POST', body: new URLSearchParams({ a: '\0' }) })).status,
    ).toBe(400)
  })
})

describe('a client', () => {
  it('proves itself with an assertion that ends soon', async () => {
    expect(await raw(post('/token', 'x', await direct(server.issuer, '3650d')))).toMatch(/^HTTP\/1.1 401 /u)
    expect(await raw(post('/token', 'x', await direct(server.issuer, '300s')))).toMatch(/^HTTP\/1.1 200 /u)
    const { events } = await server.context.audit.search({ type: 'client.rejected' }, { limit: 10, order: 'newest' })
    expect(events[0]).toMatchObject({
      decision: 'deny',
      client: { id: 'support-app' },
      reason: { code: 'client_authentication', oauth_error: 'invalid_client' },
    })
  })
})

describe('limits', () => {
  it('a sign-in is counted in whatever case its path is written', async () => {
    const statuses = new Set<number>()
    for (let count = 0; count < 21; count++) {
      for (const path of ['/sign-in', '/Sign-In/']) {
        statuses.add((await fetch(server.issuer + path, { method: 'POST' })).status)
      }
    }
    expect(statuses).toEqual(new Set([403, 429]))
    expect((await fetch(`${server.issuer}/SIGN-IN`, { method: 'POST' })).status).toBe(429)
  })

  it('a client that is made up anew each time has no share of its own', async () => {
    const statuses: number[] = []
    for (let count = 0; count < 45; count++) {
      const headers = { authorization: `Basic ${btoa(`client-${count}:secret`)}` }
      const body = new URLSearchParams({ grant_type: 'client_credentials' })
      statuses.push((await fetch(`${server.issuer}/TOKEN`, { method: 'POST', headers, body })).status)
    }
    expect(statuses[0]).toBe(401)
    expect(statuses.at(-1)).toBe(429)
  })
})

it('a username is counted as one, however it is written', async () => {
  const { createPasswordAttempts } = await import('../../../packages/auth-server/dist/pages/password-attempts.js')
  const { accounts } = server.context
  const ada = { confirm: () => accounts.find('user_a') }
  const attempts = createPasswordAttempts({
    ...server.context,
    accounts: { ...accounts, authenticate: async (_, given) => (given === password ? ada : undefined) },
  })
  const attempt = (username: string, given: string) => attempts(username, given, async (result) => result)
  expect(await attempt('Ada', password)).toMatchObject({ outcome: 'signed_in' })
  for (let count = 0; count < 20; count++) await attempt(`${' '.repeat(count)}Ada`, 'wrong')
  for (const name of ['ada', 'ADA', ' aDa ', 'ａda'])
    expect(await attempt(name, password)).toMatchObject({ outcome: 'too_many' })
})

it('what is logged of an error has no statement and no value', async () => {
  const { describeError } = await import('../../../packages/auth-server/dist/http/logged-error.js')
  const fault = Object.assign(new Error('no'), {
    code: '22P05',
    query: 'insert',
    params: ['hush'],
    detail: 'hush',
    where: 'hush',
  })
  expect(JSON.stringify(describeError(new Error('outer', { cause: fault })))).not.toContain('hush')
  expect(describeError(fault)).toMatchObject({ type: 'Error', message: 'no', code: '22P05' })
})
