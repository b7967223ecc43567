import { inspect } from 'node:util'
import { DelegationError, generatedKey, InteractionRequiredError, keyFrom } from '@behalf/agent'
import { fileKey } from '@behalf/agent/node'
import type { JWK } from 'jose'
import { describe, expect, test } from 'vitest'
import { billing, createStub, issued, json, metadata, privateJwk, serverUrl, silence } from './stub.js'

const subjectToken = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJlIG9mIGFkYQ'
const ask = { resource: billing, scope: 'billing:read', subjectToken }

const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )

const refusing = (challenge: string, headers: Readonly<Record<string, string>> = {}): Response =>
  new Response('no', { status: 401, headers: { 'www-authenticate': challenge, ...headers } })

/** A body that goes on for as long as somebody reads it. */
const endless = (): Response => {
  const piece = new Uint8Array(65_536).fill(32)
  return new Response(new ReadableStream({ pull: (controller) => controller.enqueue(piece) }), {
    headers: { 'content-type': 'application/json' },
  })
}

describe('a token goes where it belongs', () => {
  test.each([
    'https://thief.example.com/',
    '//thief.example.com/',
    'https://billing.example.com:8443/',
    'http://billing.example.com/',
  ])('not to %s, which is another origin than that of the resource', async (url) => {
    const { client, tokenRequests, apiRequests } = createStub()
    await expect(client.fetch(url, ask)).rejects.toThrow('origin')
    expect([tokenRequests.length, apiRequests.length]).toEqual([0, 0])
  })

  test.each([
    ['/plan', {}, `${billing}/plan`],
    [`${billing}/plan`, {}, `${billing}/plan`],
    ['plan', { apiUrl: 'https://internal.example.com/v1/' }, 'https://internal.example.com/v1/plan'],
    ['/plan', { resource: 'urn:example:billing', apiUrl: new URL(billing) }, `${billing}/plan`],
  ])('but to %s with %j', async (url, call, sent) => {
    const { client, apiRequests } = createStub()
    await client.fetch(url, { ...ask, ...call })
    expect(apiRequests.map((request) => request.url)).toEqual([sent])
  })

  test('and not anywhere where nobody said where the API is', async () => {
    const { client, tokenRequests } = createStub()
    await expect(client.fetch(billing, { ...ask, resource: 'urn:example:billing' })).rejects.toThrow('apiUrl')
    expect(tokenRequests).toEqual([])
  })

  test.each(['authorization', 'dpop'])('and nothing else in its place: %s', async (name) => {
    const { client, apiRequests } = createStub()
    const headers = { [name]: 'SECRET' }
    await expect(client.fetch('/plan', { ...ask, headers })).rejects.toThrow(/^(?!.*SECRET).*not yours to send/u)
    await client.fetch('/plan', { ...ask, headers: { [`x-${name}`]: 'own' } })
    expect(apiRequests.map((request) => request.headers.get(`x-${name}`))).toEqual(['own'])
  })
})

describe('a server that lies', () => {
  test.each(['a b', 'a\nb', 'ä', '\u2028'])('issues %j, which no header can carry: nothing quotes it', async (text) => {
    const accessToken = `SECRET${text}`
    const { client } = createStub({ issue: (request) => issued(request, { access_token: accessToken }) })
    const error = await failureOf(client.fetch('/plan', ask))
    expect(error).toMatchObject({ code: 'server_misbehaves' })
    expect(inspect(error)).not.toContain('SECRET')
  })

  test.each([
    `the token ${subjectToken} is over`,
    `the token ${subjectToken.split('.')[2]} is over`,
    'a\u001b[31mb',
    'x'.repeat(500),
  ])('quotes what it was sent, or worse: %j', async (words) => {
    const { client } = createStub({ issue: () => json({ error: 'invalid_grant', error_description: words }, 400) })
    await expect(client.getDelegationToken(ask)).rejects.toMatchObject({
      code: 'invalid_grant',
      message: 'The auth server refused.',
    })
  })

  test('but its plain words are kept', async () => {
    const words = 'the policy refuses billing:read (subject_lacks)'
    const { client } = createStub({ issue: () => json({ error: 'invalid_scope', error_description: words }, 400) })
    await expect(client.getDelegationToken(ask)).rejects.toMatchObject({ message: words })
  })

  test('quotes a short token', async () => {
    const { client } = createStub({
      issue: () => json({ error: 'invalid_grant', error_description: 'of opaque-1' }, 400),
    })
    const error = await failureOf(client.getDelegationToken({ ...ask, subjectToken: 'opaque-1' }))
    expect(String(error)).not.toContain('opaque-1')
  })

  test.each(['<script>', 'two words', subjectToken, '', 'aborted', 'configuration'])(
    'refuses with %j, which is no code',
    async (error) => {
      const { client } = createStub({ issue: () => json({ error }, 400) })
      await expect(client.getDelegationToken(ask)).rejects.toMatchObject({ code: 'server_misbehaves' })
    },
  )

  test.each([
    ['javascript:alert(1)', null],
    ['http://thief.example.com/', null],
    ['https://auth.example.com/approvals', 'https://auth.example.com/approvals'],
    ['http://127.0.0.1:4000/approvals', 'http://127.0.0.1:4000/approvals'],
    [7, null],
  ])('sends a person to %j', async (consent_uri, uri) => {
    const { client } = createStub({
      issue: () => json({ error: 'consent_required', consent_uri, approval_id: 'a\nb' }, 400),
    })
    const error = await failureOf(client.getDelegationToken(ask))
    expect(error).toMatchObject({ interaction: { kind: 'consent', uri, approvalId: null } })
  })

  test.each([
    ['never ends', endless],
    ['is too long', () => json({ access_token: 'x', token_type: 'Bearer', padding: ' '.repeat(300_000) })],
  ])('answers with a body that %s', async (_what, issue) => {
    const { client, tokenRequests } = createStub({ issue })
    await expect(client.getDelegationToken(ask)).rejects.toMatchObject({ code: 'server_misbehaves' })
    expect(tokenRequests).toHaveLength(1)
  })

  test('whose metadata never end', async () => {
    const { client } = createStub({ discover: endless })
    await expect(client.getDelegationToken(ask)).rejects.toMatchObject({ code: 'server_misbehaves' })
  })

  test.each([
    ['http://thief.example.com/token', 'server_misbehaves', 0],
    ['http://127.0.0.1:4000/token', undefined, 1],
  ])('on a loopback address names %s as its token endpoint', async (endpoint, code, requests) => {
    const issuer = 'http://127.0.0.1:4000'
    const { client, tokenRequests } = createStub({
      options: { serverUrl: issuer },
      discover: () => json({ issuer, token_endpoint: endpoint }),
      tokenEndpoint: endpoint,
    })
    expect(await failureOf(client.getDelegationToken(ask))).toEqual(
      code === undefined ? undefined : expect.objectContaining({ code }),
    )
    expect(tokenRequests).toHaveLength(requests)
  })

  test.each([
    ['60', 2],
    [1e300, 2],
    [30 * 86_400, 2],
    [0.001, 3],
    [0, 3],
  ])('says that a token lives for %j seconds: it is kept for an hour at most', async (expires_in, requests) => {
    const { client, tokenRequests, clock } = createStub({ issue: (request) => issued(request, { expires_in }) })
    await client.getDelegationToken(ask)
    clock.now += 1_000
    await client.getDelegationToken(ask)
    clock.now += 3_600_000
    await client.getDelegationToken(ask)
    expect(tokenRequests).toHaveLength(requests)
  })

  test.each([-5, 'soon', null, {}])('or for %j: that is no life', async (expires_in) => {
    const { client } = createStub({ issue: (request) => issued(request, { expires_in }) })
    await expect(client.getDelegationToken(ask)).rejects.toMatchObject({ code: 'server_misbehaves' })
  })
})

describe('a server that is moved or worn out', () => {
  test('is discovered anew after it could not be used', async () => {
    const { client, discoveries } = createStub({
      issue: (request, count) => (count === 1 ? new Response('moved', { status: 404 }) : issued(request)),
    })
    await expect(client.getDelegationToken(ask)).rejects.toMatchObject({ code: 'server_misbehaves' })
    await client.getDelegationToken(ask)
    await client.getDelegationToken({ ...ask, scope: 'other' })
    expect(discoveries()).toBe(2)
  })

  test.each([
    [429, '60', 1, 60_000],
    [503, '60', 1, 60_000],
    [429, '0', 3, 0],
    [503, 'Sun, 22 Nov 2026 10:00:00 GMT', 3, undefined],
  ])('is left alone as long as it says: %i, Retry-After: %s', async (status, seconds, requests, retryAfter) => {
    const { client, tokenRequests, clock } = createStub({
      issue: () => json({ error: 'slow_down' }, status, { 'retry-after': seconds }),
    })
    const failure = await failureOf(client.getDelegationToken(ask))
    expect(failure).toMatchObject({ isTransient: true, retryAfter })
    expect(tokenRequests).toHaveLength(requests)
    expect((await failureOf(client.getDelegationToken(ask))) === failure).toBe(requests === 1)
    clock.now += 5_001
    expect(await failureOf(client.getDelegationToken(ask))).not.toBe(failure)
  })

  test('keeps nobody waiting whose clock was put back: the token is asked for anew', async () => {
    const { client, tokenRequests, clock } = createStub()
    await client.getDelegationToken(ask)
    clock.now -= 3_600_000
    await client.getDelegationToken(ask)
    await client.getDelegationToken(ask)
    expect(tokenRequests).toHaveLength(2)
  })

  test('takes its time: the life of a token counts from when it was asked for', async () => {
    const { client, clock } = createStub({
      issue: (request) => {
        clock.now += 4_000
        return issued(request)
      },
    })
    const begun = clock.now
    expect((await client.getDelegationToken(ask)).expiresAt).toBe(begun + 60_000)
  })
})

describe('a caller that changes its mind', () => {
  test('changes no request that is under way', async () => {
    const { client, tokenRequests } = createStub()
    const detail = { type: 'record', identifier: '1' }
    const scope = ['billing:read']
    const first = client.getDelegationToken({ ...ask, scope, details: [detail] })
    detail.identifier = '2'
    scope[0] = 'billing:write'
    const second = client.getDelegationToken({ ...ask, scope, details: [detail] })
    expect((await first).accessToken).toContain('|billing:read|')
    expect((await first).accessToken).toContain('"identifier":"1"')
    expect((await second).accessToken).toContain('"identifier":"2"')
    expect(tokenRequests).toHaveLength(2)
  })

  test('never makes the agent act for itself: a subject token of an object is one', async () => {
    class Call {
      readonly resource = billing
      get subjectToken(): string {
        return subjectToken
      }
    }
    const { client, tokenRequests } = createStub()
    await client.getDelegationToken(new Call())
    await client.fetch('/plan', Object.assign(new Call(), { method: 'GET' }))
    expect(tokenRequests.map(({ form }) => form.get('subject_token'))).toEqual([subjectToken])
  })

  test('asks for nothing when it gave up before', async () => {
    const { client, tokenRequests } = createStub()
    const signal = AbortSignal.abort()
    await expect(client.getDelegationToken({ ...ask, signal })).rejects.toMatchObject({ code: 'aborted' })
    expect(tokenRequests).toEqual([])
    await client.getDelegationToken({ ...ask, signal: new AbortController().signal })
    expect(tokenRequests).toHaveLength(1)
  })
})

describe('an API that lies', () => {
  test('or never answers ends in an error', async () => {
    const { client } = createStub({ api: silence, options: { apiTimeout: 20 } })
    const error = await failureOf(client.fetch('/plan', ask))
    expect(error).toBeInstanceOf(DelegationError)
    expect(error).toMatchObject({ code: 'api_unavailable', isTransient: true })
  })

  test('or does not end its answer leaves the caller to decide', async () => {
    const body = new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode('begun')) })
    const { client } = createStub({ api: () => new Response(body), options: { apiTimeout: 20 } })
    const reader = (await client.fetch('/plan', ask)).body?.getReader()
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('begun')
    await reader?.cancel()
  })

  test.each([
    ['max_age="x", acr_values="a"', { acrValues: ['a'], maxAge: null }],
    ['max_age="-1"', { acrValues: [], maxAge: null }],
    ['max_age=0', { acrValues: [], maxAge: 0 }],
    [`acr_values="${'a '.repeat(50)}"`, { acrValues: Array.from({ length: 10 }, () => 'a'), maxAge: null }],
  ])('about the sign-in it wants: %s', async (parameters, interaction) => {
    const { client } = createStub({
      api: () => refusing(`Bearer error="insufficient_user_authentication", ${parameters}`),
    })
    const error = await failureOf(client.fetch('/plan', ask))
    expect(error).toBeInstanceOf(InteractionRequiredError)
    expect(error).toMatchObject({ interaction: { kind: 'sign_in', ...interaction } })
  })

  test('and wants a nonce for a bearer token, or for ever: once is enough', async () => {
    const demand = () => refusing('DPoP error="use_dpop_nonce"', { 'dpop-nonce': 'n' })
    const bearer = createStub({ api: demand })
    expect((await bearer.client.fetch('/plan', ask)).status).toBe(401)
    expect(bearer.apiRequests).toHaveLength(1)
    const bound = createStub({
      api: demand,
      issue: (request) => issued(request, { token_type: 'DPoP' }),
      options: { dpop: true },
    })
    expect((await bound.client.fetch('/plan', ask)).status).toBe(401)
    expect(bound.apiRequests).toHaveLength(2)
  })

  test('and takes neither the token nor, for the next one, the proof: both are made anew', async () => {
    const { client, apiRequests, tokenRequests } = createStub({
      issue: (request) => issued(request, { token_type: 'DPoP' }),
      api: (_, count) =>
        [
          () => refusing('DPoP error="invalid_token"'),
          () => refusing('DPoP error="use_dpop_nonce"', { 'dpop-nonce': 'n' }),
          () => json({ ok: true }),
        ][count - 1]?.() ?? json({}, 500),
      options: { dpop: true },
    })
    expect((await client.fetch('/plan', ask)).status).toBe(200)
    expect([tokenRequests.length, apiRequests.length]).toEqual([2, 3])
  })
})

describe('an API of another auth server', () => {
  const where = `${billing}/.well-known/oauth-protected-resource`
  const answers = (document: () => Response | Promise<Response>, url = where) =>
    createStub({
      api: (request) =>
        request.url.includes('/.well-known/')
          ? document()
          : refusing(`Bearer error="invalid_token", resource_metadata="${url}"`),
    })

  test('says so in its metadata, and so does the client', async () => {
    const { client, apiRequests, tokenRequests } = answers(() =>
      json({ resource: billing, authorization_servers: ['https://other.example.com'] }),
    )
    await expect(client.fetch('/plan', ask)).rejects.toMatchObject({ code: 'server_not_accepted', isTransient: false })
    expect(apiRequests.map(({ url }) => url)).toEqual([`${billing}/plan`, `${billing}/plan`, where])
    expect(apiRequests[2]?.headers.get('authorization')).toBeNull()
    expect(tokenRequests.every(({ form }) => form.get('resource') === billing)).toBe(true)
  })

  test.each<readonly [string, () => Response | Promise<Response>]>([
    ['this one', () => json({ authorization_servers: ['https://other.example.com', serverUrl] })],
    ['nothing', () => json({ resource: billing })],
    ['nonsense', () => json({ authorization_servers: [7, 'x', `${serverUrl}/`] })],
    ['no list', () => json({ authorization_servers: serverUrl })],
    ['no document', () => new Response('<h1>hello</h1>')],
    ['null', () => new Response('null')],
    ['not found', () => json({ authorization_servers: [] }, 404)],
    ['without an end', endless],
    ['an outage', () => Promise.reject(new TypeError('fetch failed'))],
  ])('is none whose metadata are %s: its answer is handed on', async (_what, document) => {
    const { client, apiRequests } = answers(document)
    expect((await client.fetch('/plan', ask)).status).toBe(401)
    expect(apiRequests).toHaveLength(3)
  })

  test.each(['https://thief.example.com/.well-known/oauth-protected-resource', 'nowhere'])(
    'does not speak at %s',
    async (url) => {
      const { client, apiRequests } = answers(() => json({ authorization_servers: [] }), url)
      expect((await client.fetch('/plan', ask)).status).toBe(401)
      expect(apiRequests).toHaveLength(2)
    },
  )
})

describe('a key', () => {
  test('whose source never answers is an error within the time limit', async () => {
    const { client } = createStub({ options: { key: () => new Promise(() => {}), timeout: 50 } })
    await expect(client.getDelegationToken(ask)).rejects.toMatchObject({ code: 'key_unavailable' })
  })

  test.each(['secret-text', undefined, {}])('that is none: %j', async (privateKey) => {
    const key = () => ({ privateKey }) as never
    const { client, tokenRequests } = createStub({ options: { key } })
    const error = await failureOf(client.getDelegationToken(ask))
    expect(error).toMatchObject({ code: 'key_unavailable', isTransient: false })
    expect(inspect(error)).not.toContain('secret-text')
    expect(tokenRequests).toEqual([])
  })

  test('that the server refuses for ever is made once, and registered no more often than refusals are remembered', async () => {
    const registered: JWK[] = []
    const { client, tokenRequests, clock } = createStub({
      options: { key: generatedKey((jwk) => void registered.push(jwk)) },
      issue: () => json({ error: 'invalid_client' }, 401),
    })
    for (let count = 0; count < 10; count += 1) await failureOf(client.getDelegationToken(ask))
    expect(registered).toHaveLength(2)
    clock.now += 5_001
    for (let count = 0; count < 3; count += 1) await failureOf(client.getDelegationToken(ask))
    expect(registered).toHaveLength(3)
    expect(new Set(registered.map(({ x }) => x)).size).toBe(1)
    expect(tokenRequests).toHaveLength(13)
  })

  test('given for its own path or name is not shown', async () => {
    const jwk = JSON.stringify(privateJwk)
    const { environmentKey } = await import('@behalf/agent')
    for (const key of [fileKey(jwk), environmentKey(jwk)]) {
      const error = await failureOf(createStub({ options: { key } }).client.getDelegationToken(ask))
      expect(error).toMatchObject({ code: 'key_unavailable' })
      expect(inspect(error)).not.toContain(String(privateJwk.d))
    }
    const missing = await failureOf(createStub({ options: { key: fileKey('/none') } }).client.getDelegationToken(ask))
    expect(missing).toMatchObject({ cause: 'ENOENT' })
  })
})

test('a token is not shown to whoever prints getters and hidden members too', async () => {
  const token = await createStub({ options: { key: keyFrom(privateJwk) } }).client.getDelegationToken(ask)
  const text = inspect(token, { getters: true, showHidden: true, depth: 10 })
  expect(text).toContain(billing)
  expect(text).not.toContain(subjectToken)
  expect(token.accessToken).toContain(subjectToken)
})

test('an approval by those who decide about the agent is a need that can be shown', async () => {
  const { client } = createStub({ issue: () => json({ error: 'invalid_scope', approval_id: 'apr_7' }, 400) })
  const error = await failureOf(client.getDelegationToken(ask))
  expect(error).toBeInstanceOf(InteractionRequiredError)
  expect(error).toMatchObject({
    code: 'invalid_scope',
    interaction: { kind: 'approval', uri: null, approvalId: 'apr_7' },
  })
})

test('metadata are asked for once', async () => {
  const { client, discoveries } = createStub({ discover: metadata })
  await Promise.all(['a', 'b', 'c'].map((scope) => client.getDelegationToken({ ...ask, scope })))
  expect(discoveries()).toBe(1)
})
