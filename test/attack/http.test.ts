import { connect } from 'node:net'
import { AccessError } from '@behalf/core'
import { expect } from 'vitest'
import { expectAllowed, expectRefused, seenBy } from '../conformance/answer.js'
import { createSuite } from '../conformance/suite.js'
import { type Api, type Call, startApi } from '../support/api.js'
import { startKeyEndpoint } from '../support/key-endpoint.js'
import { delegated, ISSUER, issuerKey, jwks, mint } from '../support/token.js'
import { formatRequest } from '../support/wire.js'
import type { ThreatId } from './threats.js'

const { refuses, proves } = createSuite<ThreatId>()
const alice = mint({ sub: 'alice' })
const mallory = mint({ sub: 'mallory' })
const bytes = (text: string) => Buffer.from(text, 'latin1')
const head = 'GET /invoices HTTP/1.1\r\nHost: api.example\r\n'

/** Requests in which one reader of HTTP may see Alice's token and another one Mallory's. */
const ambiguous: Record<string, Buffer> = {
  'two lines': bytes(`${head}Authorization: Bearer ${alice}\r\nAuthorization: Bearer ${mallory}\r\n\r\n`),
  'two lines, the other way round': bytes(
    `${head}Authorization: Bearer ${mallory}\r\nAuthorization: Bearer ${alice}\r\n\r\n`,
  ),
  'names in other case': bytes(`${head}authorization: Bearer ${alice}\r\nAUTHORIZATION: Bearer ${mallory}\r\n\r\n`),
  'one line': bytes(`${head}Authorization: Bearer ${alice}, Bearer ${mallory}\r\n\r\n`),
  'one line, one scheme': bytes(`${head}Authorization: Bearer ${alice},${mallory}\r\n\r\n`),
  'a space between': bytes(`${head}Authorization: Bearer ${alice} ${mallory}\r\n\r\n`),
  'a line folded': bytes(`${head}Authorization: Bearer ${alice}\r\n ${mallory}\r\n\r\n`),
  'a bare line feed': bytes(`${head}Authorization: Bearer ${alice}\nAuthorization: Bearer ${mallory}\r\n\r\n`),
  'a bare carriage return': bytes(`${head}Authorization: Bearer ${alice}\rAuthorization: Bearer ${mallory}\r\n\r\n`),
  'a NUL': bytes(`${head}Authorization: Bearer ${alice}\0Bearer ${mallory}\r\n\r\n`),
  'a space before the colon': bytes(
    `${head}Authorization : Bearer ${alice}\r\nAuthorization: Bearer ${mallory}\r\n\r\n`,
  ),
  'a tab before the colon': bytes(`${head}Authorization\t: Bearer ${alice}\r\n\r\n`),
  'a form feed': bytes(`${head}Authorization: Bearer\f${alice}\r\n\r\n`),
  'UTF-8 line separator': Buffer.from(
    `${head}Authorization: Bearer ${alice}\u2028Authorization: Bearer ${mallory}\r\n\r\n`,
  ),
  'wide line feed': Buffer.from(`${head}Authorization: Bearer ${alice}\u560a${mallory}\r\n\r\n`),
  'length and chunks': bytes(
    `POST /invoices HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${alice}\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nX`,
  ),
  'two lengths': bytes(
    `POST /invoices HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${alice}\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\nX`,
  ),
}
proves('header-smuggling', async (api) => {
  for (const [name, request] of Object.entries(ambiguous)) {
    const { response, events } = await api
      .pipeline([{ bytes: request, events: 0 }])
      .then(({ responses, events: all }) => ({ response: responses[0], events: all }))
    expect([name, response?.status]).toEqual([name, 400])
    for (const event of events) expect([name, event.decision, event.subject]).toEqual([name, 'deny', undefined])
  }
  expectAllowed(await api.call(alice))
})
proves('header-smuggling', async (api) => {
  // what follows a request on the same connection belongs to itself, also after a body
  const body = `GET /invoices HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${mallory}\r\n\r\n`
  const post = formatRequest({
    method: 'POST',
    target: '/invoices',
    headers: [
      ['Authorization', `Bearer ${alice}`],
      ['Content-Type', 'text/plain'],
    ],
    body,
  })
  const { responses, events } = await api.pipeline([{ bytes: post }, { path: '/invoices' }])
  expect(responses.map(({ status }) => status)).toEqual([200, 401])
  expect(events.map(({ subject }) => subject?.id)).toEqual(['alice', undefined])
})
proves('header-smuggling', async (api) => {
  // trailers come after the decision: they carry no credential
  const trailer = `POST /invoices HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\nTrailer: Authorization\r\n\r\n0\r\nAuthorization: Bearer ${alice}\r\n\r\n`
  expectRefused(await api.call({ bytes: bytes(trailer) }), 'token_missing')
  const beside = trailer.replace('Trailer: Authorization', `Authorization: Bearer ${mallory}`)
  const outcome = await api.call({ bytes: bytes(beside) })
  expectAllowed(outcome)
  expect(seenBy(outcome).subject).toBe('mallory')
})
proves('header-smuggling', async ({ server, takeEvents }) => {
  // what the code of a route puts into an error is text inside a challenge, never another header or parameter
  const hostile = [
    'a\r\nSet-Cookie: x=y',
    'a"b',
    'a\\',
    'a\0b',
    '\u00e9',
    '\u20ac\u{1f511}',
    'a", error="none',
    '\u007f',
    ' ',
  ]
  for (const scope of hostile) {
    for (const parameters of [{ scope }, { acr_values: scope, max_age: '5' }] as Record<string, string>[]) {
      const guard = server.protect<object>({
        check() {
          throw new AccessError('scope_insufficient', { parameters })
        },
      })
      const decision = await guard(
        new Request('https://billing.example.com/', { headers: { authorization: `Bearer ${alice}` } }),
        {},
      )
      if (decision.allowed) throw new Error('allowed')
      for (const value of Object.values(decision.headers))
        expect(value, JSON.stringify(scope)).toMatch(/^[\x20-\x7e]*$/)
      const challenge = decision.headers['WWW-Authenticate'] ?? ''
      const names = [...challenge.replaceAll(/\\./g, '').matchAll(/(\w+)="[^"]*"/g)].map(([, name]) => name)
      expect(names).toEqual(['error', 'error_description', ...Object.keys(parameters), 'algs'])
      expect(JSON.parse(decision.body)).toMatchObject({ status: 403, code: 'scope_insufficient' })
    }
  }
  await takeEvents(hostile.length * 2)
})
proves('header-smuggling', async (api) => {
  // fields a proxy may add or rewrite: none of them is an identity
  const fields = [
    'X-User',
    'X-Remote-User',
    'X-Forwarded-User',
    'X-Authenticated-Userid',
    'X-Forwarded-Access-Token',
    'X-Amzn-Oidc-Data',
    'Remote-User',
    'Proxy-Authorization',
    'Authentication',
    'X-Api-Key',
    'Cookie',
  ]
  for (const field of fields) {
    expectRefused(await api.call({ headers: [[field, `Bearer ${alice}`]] }), 'token_missing')
    const both = await api.call({ token: alice, headers: [[field, `Bearer ${mallory}`]] })
    expectAllowed(both)
    expect(seenBy(both).subject).toBe('alice')
  }
  const connection = await api.call({ token: alice, headers: [['Connection', 'close, Authorization']] })
  expect([200, 401]).toContain(connection.response.status)
})

refuses('scheme-confusion', {
  code: 'token_missing',
  cases: Object.fromEntries(
    [
      'Basic',
      'Digest',
      'Negotiate',
      'MAC',
      'Hawk',
      'OAuth',
      'Token',
      'JWT',
      'ApiKey',
      'GNAP',
      'PoP',
      'Bearers',
      'Bear',
      'B',
      "Bearer'",
      'Bearer!',
    ].map((scheme) => [scheme, { authorization: `${scheme} ${alice}` }]),
  ),
  twins: { Bearer: { authorization: `Bearer ${alice}` } },
})
refuses('scheme-confusion', {
  code: 'credentials_malformed',
  cases: {
    'no scheme': { authorization: alice },
    'quoted scheme': { authorization: `"Bearer" ${alice}` },
    'an equals sign': { authorization: `Bearer=${alice}` },
    'a colon and a space': { authorization: `Bearer: ${alice}` },
    'a colon and no space': { authorization: `Bearer:${alice}` },
    'twice the scheme': { authorization: `Bearer Bearer ${alice}` },
    'Basic inside': { authorization: `Bearer Basic ${alice}` },
    'letters that only look like it': { authorization: Buffer.from(`B\u0435arer ${alice}`) },
    'a dotted letter': { authorization: Buffer.from(`Bearer\u0307 ${alice}`) },
  },
  twins: { Bearer: { authorization: `Bearer ${alice}` } },
})

const paths = [
  '/invoices/',
  '//invoices',
  '/./invoices',
  '/public/../invoices',
  '/invoices/.',
  '/invoices;x=1',
  '/invoices;/public',
  '/invoices%2f',
  '/%69nvoices',
  '/invoices%00',
  '/INVOICES',
  '/invoices?',
  '/invoices?/public',
  '/invoices#/public',
  '/invoices%3f',
  '/invoices%20',
  '/invoices.json',
  '/invoices\\',
  '/public/..%2finvoices',
  '/%2e/invoices',
  '/customers/user-1/',
  '/customers//user-1',
  '/customers/user-1%2f..',
  '/customers/%2e%2e/invoices',
  'http://api.example/invoices',
  'http://api.example//invoices',
  'https://evil.example/invoices',
  '/invoices\u00e9',
  '/invoices%c0%af',
  '/invoices%',
  '/invoices/%ff',
]
proves('path-bypass', async (api) => {
  for (const path of paths) {
    for (const method of ['GET', 'HEAD', 'POST', 'OPTIONS', 'DELETE', 'PUT', 'PATCH', 'TRACE']) {
      const { responses } = await api.pipeline([
        { method, path, events: 0, ...(/^(POST|PUT|PATCH|DELETE)$/.test(method) && { body: '' }) },
      ])
      expect([
        path,
        method,
        [301, 302, 307, 308, 400, 401, 404, 405].includes(responses[0]?.status ?? 0) ||
          (method === 'OPTIONS' && responses[0]?.body.length !== undefined && !responses[0].body.includes('subject')),
      ]).toEqual([path, method, true])
    }
  }
  const spoofed = [
    'X-Original-URL',
    'X-Rewrite-URL',
    'X-Envoy-Original-Path',
    'X-Forwarded-Path',
    'X-Forwarded-Prefix',
    'X-HTTP-Method-Override',
    'X-Method-Override',
    'Referer',
  ]
  for (const field of spoofed)
    expectRefused(
      await api.call({ headers: [[field, field.includes('Method') ? 'OPTIONS' : '/public']] }),
      'token_missing',
    )
  expectAllowed(await api.call(alice))
})

proves('forwarded-spoof', async (api) => {
  const fields = [
    ['Host', 'evil.example'],
    ['X-Forwarded-Host', 'evil.example'],
    ['X-Forwarded-Proto', 'http'],
    ['X-Forwarded-Port', '1'],
    ['X-Forwarded-For', '127.0.0.1'],
    ['X-Real-IP', '127.0.0.1'],
    ['Forwarded', 'for=127.0.0.1;host=evil.example;proto=http'],
    ['Via', '1.1 evil.example'],
    ['Origin', 'https://evil.example'],
  ] as const
  const plain = await api.call({})
  for (const field of fields) {
    const spoofed = await api.call({ headers: [field] })
    expectRefused(spoofed, 'token_missing')
    expect(spoofed.response.body.equals(plain.response.body)).toBe(true)
    expect(JSON.stringify(spoofed.events) + spoofed.response.raw.toString()).not.toMatch(/evil|127\.0\.0\.1/)
    expectAllowed(await api.call({ token: alice, headers: [field] }))
    expectRefused(
      await api.call({ token: mint({ aud: 'https://evil.example' }), headers: [field] }),
      'audience_mismatch',
    )
  }
})

/** Writes bytes and leaves at once. */
function hitAndRun(port: number, request: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(request, () => socket.destroy()))
    socket.on('error', () => {})
    socket.on('close', () => resolve())
  })
}

async function stillServes(api: Api): Promise<void> {
  const { response } = await api.call(mint({ sub: 'survivor' }))
  expect([response.status, seenBy({ response, events: [] }).subject]).toEqual([200, 'survivor'])
}

proves('crash', async ({ target }) => {
  const endpoint = await startKeyEndpoint()
  const api = await startApi(target, {
    options: { issuer: { issuer: ISSUER, jwksUri: `${endpoint.origin}/keys.json` } },
  })
  try {
    expectRefused(await api.call({ authorization: [`Bearer ${alice}`, `Bearer ${mallory}`] }), 'credentials_multiple')
    expectRefused(await api.call(alice), 'keys_unavailable')
    expectRefused(await api.call({ authorization: [`Bearer ${alice}`, `Bearer ${mallory}`] }), 'credentials_multiple')

    // the caller leaves while keys are fetched
    let release = () => {}
    const pending = new Promise<void>((resolve) => {
      release = resolve
    })
    endpoint.replies.set('/keys.json', (_: unknown, response: import('node:http').ServerResponse) => {
      void pending.then(() => response.end(JSON.stringify(jwks(issuerKey()))))
    })
    api.clock.now += 60
    const request = formatRequest({ target: '/invoices', headers: [['Authorization', `Bearer ${mint()}`]] })
    await Promise.all([
      hitAndRun(api.port, request),
      hitAndRun(api.port, request),
      hitAndRun(api.port, request.subarray(0, 60)),
    ])
    release()
    await stillServes(api)
  } finally {
    await api.close()
    await endpoint.close()
  }
})
proves('crash', async (api) => {
  const requests = [
    'CONNECT api.example:443 HTTP/1.1\r\nHost: api.example\r\n\r\n',
    `CONNECT /invoices HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${alice}\r\n\r\n`,
    'GET /invoices HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n',
    `GET /invoices HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\nAuthorization: Bearer ${alice}\r\n\r\n`,
    `GET /invoices HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${alice}`,
    'GET /customers/% HTTP/1.1\r\nHost: x\r\n\r\n',
    `GET /customers/%E0%A4%A HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${alice}\r\n\r\n`,
    '\r\n\r\n\r\n',
    '\0\0\0\0',
    '\u0016\u0003\u0001\u0000\u00a5',
  ]
  for (const request of requests) {
    await hitAndRun(api.port, bytes(request))
    await hitAndRun(api.port, bytes(request.slice(0, request.length / 2)))
  }
  await stillServes(api)
})

proves('crash', async (api) => {
  // requests that Node hands over whatever they are: only the core is asked
  const odd: readonly unknown[] = [
    {},
    { get: () => undefined },
    { get: () => 7 },
    { get: () => ['Bearer x'] },
    {
      get: () => {
        throw new Error('x')
      },
    },
    null,
    undefined,
  ]
  for (const headers of odd) {
    const decision = await api.server.authorize({ method: 'GET', url: '/', headers } as never)
    expect(decision.allowed).toBe(false)
  }
  for (const request of [null, undefined, 7, 'x', {}, []]) {
    await expect(Promise.resolve(api.server.authorize(request as never)).then(({ allowed }) => allowed)).resolves.toBe(
      false,
    )
  }
  await api.takeEvents(1)
  await stillServes(api)
})

proves('stateful-answer', async (api) => {
  const calls: readonly Call[] = [
    {},
    alice,
    'x',
    { authorization: 'Bearer' },
    mint({ exp: 1 }),
    mint({ scope: 'x' }),
    { path: '/support', token: mint(delegated()) },
  ]
  const answers = new Map<number, string>()
  for (let round = 0; round < 12; round++) {
    for (const [i, call] of calls.entries()) {
      const { response } = await api.call(call)
      const answer = `${response.status} ${response.body.toString()}`
      expect(answers.get(i) ?? answer).toBe(answer)
      answers.set(i, answer)
    }
  }
})

const injections = [
  'a\nb',
  'a\r\nSet-Cookie: x=y',
  '\u001b[31mred',
  '\0',
  '"}\n{"decision":"allow"}',
  '\u2028',
  '\u202e',
  '\ufeff',
  '<script>',
  '{jndi:ldap://x}',
  '%0d%0a',
]
proves('log-injection', async (api) => {
  for (const text of injections) {
    const changes = { sub: text, client_id: text, jti: text, txn: text, scope: `billing:read ${text}` }
    for (const call of [
      mint(changes),
      mint({ ...changes, scope: text }),
      mint({ ...changes, act: { sub: text } }),
      mint({}, { header: { kid: text } }),
      mint({ iss: text }),
    ]) {
      const { response, events } = await api.call(call)
      for (const event of events)
        expect(JSON.stringify(event)).not.toMatch(/\\[nrtu0b]|[\p{Cc}\p{Zl}\p{Zp}\u202e\ufeff]/u)
      expect(response.headers.map(([name]) => name.toLowerCase())).not.toContain('set-cookie')
      expect(response.headers.map(([, value]) => value).join()).not.toMatch(/Set-Cookie|decision/)
    }
    const { events } = await api.call({ path: `/customers/${encodeURIComponent(text.slice(0, 20))}`, token: mint() })
    expect(JSON.stringify(events)).toContain('/customers/:id')
  }
})
