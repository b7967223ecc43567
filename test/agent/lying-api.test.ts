import { DelegationError, InteractionRequiredError } from '@behalf/agent'
import { describe, expect, test, vi } from 'vitest'
import {
  adaToken,
  billing,
  createStub,
  endless,
  failureOf,
  issued,
  json,
  refusing,
  serverUrl,
  silence,
} from './stub.js'

const ask = { resource: billing, scope: 'billing:read', subjectToken: adaToken }

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

describe('an API that lies', () => {
  test('or never answers ends in an error', async () => {
    const { client } = createStub({ api: silence, options: { apiTimeout: 20 } })
    const error = await failureOf(client.fetch('/plan', ask))
    expect(error).toBeInstanceOf(DelegationError)
    expect(error).toMatchObject({ code: 'api_unavailable', isTransient: true })
  })

  test('or does not end its answer leaves the caller to decide', async () => {
    const body = new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode('begun')) })
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const signals: (AbortSignal | null | undefined)[] = []
      const { client } = createStub({ api: () => new Response(body), see: ({ signal }) => void signals.push(signal) })
      const reader = (await client.fetch('/plan', ask)).body?.getReader()
      vi.advanceTimersByTime(3_600_000)
      expect(signals.map((signal) => signal?.aborted)).toEqual([false])
      expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('begun')
      await reader?.cancel()
    } finally {
      vi.useRealTimers()
    }
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

  test.each([
    ['as it is', (token: string) => token],
    ['in pieces', (token: string) => token.replaceAll(/.{1,9}/gu, '$& ')],
  ])('and quotes the token in it: %s', async (_what, write) => {
    const { client } = createStub({
      api: ({ headers }) => {
        const token = headers.get('authorization')?.slice('Bearer '.length) ?? ''
        return refusing(`Bearer error="insufficient_user_authentication", acr_values="${write(token)}", max_age=60`)
      },
    })
    const error = await failureOf(client.fetch('/plan', ask))
    expect(error).toMatchObject({ interaction: { kind: 'sign_in', acrValues: [], maxAge: 60 } })
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
