import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type ClientTokenOptions, clientToken, httpSink } from '@behalf/audit'
import { ConfigurationError } from '@behalf/core'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { decision } from './trail.js'

const clientSecret = 'a secret: of +/ signs & more'
const { signal } = new AbortController()

let http: Server
let asked: { readonly authorization: string | undefined; readonly form: Record<string, string> }[]

afterEach(async () => {
  vi.useRealTimers()
  http.closeAllConnections()
  http.close()
  await once(http, 'close')
})

/** An auth server that answers so. */
async function start(
  token: (count: number) => {
    readonly status?: number
    readonly headers?: Record<string, string>
    readonly body: unknown
  },
  metadata: (issuer: string) => object = (issuer) => ({ issuer, token_endpoint: `${issuer}/token` }),
): Promise<ClientTokenOptions> {
  asked = []
  http = createServer((request, response) => {
    void (async () => {
      const isMetadata = request.url === '/.well-known/oauth-authorization-server'
      if (!isMetadata) asked.push({ authorization: request.headers.authorization, form: await readForm(request) })
      const answer = isMetadata ? { body: metadata(issuer) } : token(asked.length)
      response.writeHead(answer.status ?? 200, { 'content-type': 'application/json', ...answer.headers })
      response.end(JSON.stringify(answer.body))
    })()
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const { port } = http.address() as AddressInfo // it listens on a port
  const issuer = `http://127.0.0.1:${port}`
  return { serverUrl: issuer, clientId: 'billing api', clientSecret }
}

async function readForm(request: IncomingMessage): Promise<Record<string, string>> {
  let text = ''
  for await (const chunk of request) text += chunk
  return Object.fromEntries(new URLSearchParams(text))
}

describe('a client', () => {
  it('asks once for what lasts, and again when it is told to, or shortly before the end', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const options = await start((count) => ({ body: { access_token: `token_${count}`, expires_in: 60 } }))
    const token = clientToken(options)
    expect([await token({ renew: false, signal }), await token({ renew: false, signal })]).toEqual([
      'token_1',
      'token_1',
    ])
    expect(await token({ renew: true, signal })).toBe('token_2')
    vi.setSystemTime(Date.now() + 49_000)
    expect(await token({ renew: false, signal })).toBe('token_2')
    vi.setSystemTime(Date.now() + 1_000)
    expect(await token({ renew: false, signal })).toBe('token_3')
  })

  it('proves itself with Basic credentials, each part encoded, for the trail and to write', async () => {
    const options = await start(() => ({ body: { access_token: 'token' } }))
    await clientToken(options)({ renew: false, signal })
    const [user = '', password = ''] = atob(asked[0]?.authorization?.replace('Basic ', '') ?? '').split(':')
    expect([user, password].map((part) => new URLSearchParams(`x=${part}`).get('x'))).toEqual([
      'billing api',
      clientSecret,
    ])
    expect(asked[0]?.form).toEqual({
      grant_type: 'client_credentials',
      resource: `${options.serverUrl}/audit`,
      scope: 'audit:write',
    })
    await clientToken({ ...options, resource: 'https://a.example.com', scope: 'x' })({ renew: false, signal })
    expect(asked[1]?.form).toMatchObject({ resource: 'https://a.example.com', scope: 'x' })
  })

  it('asks each time for what tells no end', async () => {
    const token = clientToken(await start((count) => ({ body: { access_token: `token_${count}` } })))
    expect([await token({ renew: false, signal }), await token({ renew: false, signal })]).toEqual([
      'token_1',
      'token_2',
    ])
  })

  it.each<[string, Parameters<typeof start>]>([
    [
      'of another issuer',
      [() => ({ body: {} }), (issuer) => ({ issuer: `${issuer}/other`, token_endpoint: `${issuer}/token` })],
    ],
    ['without a token endpoint', [() => ({ body: {} }), (issuer) => ({ issuer })]],
    [
      'with an endpoint on plain http',
      [() => ({ body: {} }), (issuer) => ({ issuer, token_endpoint: 'http://example.com/token' })],
    ],
    ['that refuses', [() => ({ status: 401, body: { error: 'invalid_client' } })]],
    ['that gives no token', [() => ({ body: { access_token: 7 } })]],
    ['that gives no object', [() => ({ body: null })]],
    ['that sends elsewhere', [() => ({ status: 307, headers: { location: 'https://example.com' }, body: {} })]],
  ])('gets nothing from a server %s, and says no secret', async (_, [token, metadata]) => {
    const options = await start(token, metadata)
    const failed = await Promise.resolve(clientToken(options)({ renew: false, signal })).catch(
      (error: unknown) => error,
    )
    expect(failed).toBeInstanceOf(Error)
    expect(String(failed)).not.toContain(clientSecret)
  })

  it.each([
    [
      'the code of a refusal',
      { status: 401, body: { error: 'invalid_client', error_description: 'for your eyes' } },
      '401 invalid_client',
    ],
    ['no code that is none', { status: 400, body: { error: 'Your secret!' } }, 'the auth server answered 400'],
    ['the status alone where nothing can be read', { status: 503, body: 7 }, 'the auth server answered 503'],
  ])('says why there is none to the operator of a sink: %s', async (_, answer, says) => {
    const options = await start(() => answer)
    const warnings: string[] = []
    const sink = httpSink({
      url: `${options.serverUrl}/audit/events`,
      token: clientToken(options),
      closeTimeout: 50,
      onWarning: ({ message }) => warnings.push(message),
    })
    await Promise.allSettled([sink.record(decision()), sink.close()])
    expect(warnings[0]).toContain(`no token could be had: the auth server answered`)
    expect(warnings[0]).toContain(says)
    expect(warnings.join()).not.toMatch(/your/iu)
  })

  it.each([
    ['serverUrl', { serverUrl: 'http://auth.example.com' }],
    ['clientId', { clientId: '' }],
    ['clientSecret', { clientSecret: '' }],
  ])('is refused at once without a right %s', async (option, wrong) => {
    const options = await start(() => ({ body: {} }))
    expect(() => clientToken({ ...options, ...wrong })).toThrow(ConfigurationError)
    expect(() => clientToken({ ...options, ...wrong })).toThrow(option)
  })
})
