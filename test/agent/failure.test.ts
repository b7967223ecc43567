import { inspect } from 'node:util'
import { DelegationError, InteractionRequiredError, keyFrom } from '@behalf/agent'
import { describe, expect, test } from 'vitest'
import {
  billing,
  createStub,
  failureOf,
  issued,
  json,
  metadata,
  privateJwk,
  silence,
  type TokenRequest,
} from './stub.js'

const secret = 'subject-token-of-ada'
const ask = { resource: billing, scope: 'billing:read', subjectToken: secret }

describe('the server is out of order', () => {
  test.each<readonly [string, () => Response | Promise<Response>, string]>([
    ['answers 500', () => json({ error: 'server_error' }, 500), 'server_unavailable'],
    ['answers 503 with a page', () => new Response('<h1>busy</h1>', { status: 503 }), 'server_unavailable'],
    ['is too busy', () => json({ error: 'slow_down' }, 429), 'slow_down'],
    ['cannot be reached', () => Promise.reject(new TypeError('fetch failed')), 'server_unavailable'],
    ['never answers', silence, 'server_unavailable'],
    ['breaks off in the middle', brokenOff, 'server_unavailable'],
    ['fails with something that is no error', () => Promise.reject('SECRET'), 'server_unavailable'],
  ])('%s: tried again, then said so', async (_what, answer, code) => {
    const { client, tokenRequests } = createStub({
      issue: (request, count) => (count === 1 ? issued(request) : answer()),
      options: { timeout: answer === silence ? 1_000 : 5_000, retries: 2 },
    })
    await client.getDelegationToken({ ...ask, scope: 'what was before' })
    const error = await failureOf(client.getDelegationToken(ask))
    expect(error).toMatchObject({ name: 'DelegationError', code, isTransient: true })
    expect(tokenRequests).toHaveLength(4)
  })

  test.each<readonly [string, () => Response]>([
    ['a page', () => new Response('<h1>hello</h1>', { headers: { 'content-type': 'text/html' } })],
    ['a token of a kind nobody knows', () => json({ access_token: 'x', token_type: 'mac', expires_in: 60 })],
    [
      'a token bound to a key, where none was asked for',
      () => json({ access_token: 'x', token_type: 'DPoP', expires_in: 60 }),
    ],
    ['no token', () => json({ token_type: 'Bearer' })],
    ['a redirect', () => new Response(null, { status: 302, headers: { location: 'https://elsewhere.example.com' } })],
  ])('answers %s: not tried again', async (_what, answer) => {
    const { client, tokenRequests } = createStub({ issue: answer })
    await expect(client.getDelegationToken(ask)).rejects.toMatchObject({
      code: 'server_misbehaves',
      isTransient: false,
    })
    expect(tokenRequests).toHaveLength(1)
  })

  test('a bearer token where a bound one was asked for is refused', async () => {
    const { client } = createStub({ options: { dpop: true } })
    await expect(client.getDelegationToken(ask)).rejects.toMatchObject({ code: 'server_misbehaves' })
  })

  test('it comes back: the same request is answered, and discovery is made up for', async () => {
    const { client, discoveries } = createStub({
      discover: (count) => (count <= 3 ? Promise.reject(new TypeError('fetch failed')) : metadata()),
      issue: (request, count) => (count === 1 ? json({}, 502) : issued(request)),
    })
    await expect(client.getDelegationToken(ask)).rejects.toMatchObject({ code: 'server_unavailable' })
    await expect(client.getDelegationToken(ask)).resolves.toMatchObject({ tokenType: 'Bearer' })
    expect(discoveries()).toBe(4)
  })

  test('metadata of another issuer is refused', async () => {
    const { client } = createStub({
      discover: () => json({ issuer: 'https://other.example.com', token_endpoint: 'https://other.example.com/token' }),
    })
    await expect(client.getDelegationToken(ask)).rejects.toMatchObject({ code: 'server_misbehaves' })
  })
})

describe('a person is needed', () => {
  test('for consent', async () => {
    const { client } = createStub({
      issue: () =>
        json(
          { error: 'consent_required', consent_uri: 'https://auth.example.com/approvals', approval_id: 'apr_1' },
          400,
        ),
    })
    const error = await failureOf(client.getDelegationToken(ask))
    expect(error).toBeInstanceOf(InteractionRequiredError)
    expect(error).toBeInstanceOf(DelegationError)
    expect(error).toMatchObject({
      name: 'InteractionRequiredError',
      code: 'consent_required',
      isTransient: false,
      interaction: { kind: 'consent', uri: 'https://auth.example.com/approvals', approvalId: 'apr_1' },
    })
  })

  test.each([
    [{ error: 'login_required' }, { kind: 'sign_in', acrValues: [], maxAge: null }],
    [
      { error: 'insufficient_user_authentication', acr_values: 'a b', max_age: 60 },
      { kind: 'sign_in', acrValues: ['a', 'b'], maxAge: 60 },
    ],
  ])('for a sign-in: %o', async (answer, interaction) => {
    const { client } = createStub({ issue: () => json(answer, 400) })
    await expect(client.getDelegationToken(ask)).rejects.toMatchObject({
      name: 'InteractionRequiredError',
      interaction,
    })
  })

  test('for a stronger sign-in, says the API', async () => {
    const challenge = 'Bearer error="insufficient_user_authentication", acr_values="urn:a urn:b", max_age="300"'
    const { client, tokenRequests } = createStub({
      api: () => new Response('no', { status: 401, headers: { 'www-authenticate': challenge } }),
    })
    await expect(client.fetch(`${billing}/plan`, ask)).rejects.toMatchObject({
      code: 'insufficient_user_authentication',
      interaction: { kind: 'sign_in', acrValues: ['urn:a', 'urn:b'], maxAge: 300 },
    })
    expect(tokenRequests).toHaveLength(1)
  })
})

describe('giving up', () => {
  test('one caller leaves, the others get the token', async () => {
    let answer: (() => void) | undefined
    const { client, tokenRequests } = createStub({
      issue: (request) =>
        new Promise((resolve) => {
          answer = () => resolve(issued(request))
        }),
    })
    const leaving = new AbortController()
    const [left, first, second] = [
      failureOf(client.getDelegationToken({ ...ask, signal: leaving.signal })),
      client.getDelegationToken(ask),
      client.getDelegationToken({ ...ask, signal: new AbortController().signal }),
    ]
    const reason = new Error('not needed any more')
    leaving.abort(reason)
    expect(await left).toMatchObject({ code: 'aborted', cause: reason })
    while (answer === undefined) await new Promise(setImmediate)
    answer()
    expect(await first).toBe(await second)
    expect(tokenRequests).toHaveLength(1)
  })

  test('what nobody else waits for ends with its one caller', async () => {
    const controller = new AbortController()
    const { client, tokenRequests } = createStub({
      issue: () => {
        controller.abort()
        return silence()
      },
    })
    const request = { ...ask, singleUse: true, signal: controller.signal }
    await expect(client.getDelegationToken(request)).rejects.toMatchObject({ code: 'aborted', isTransient: false })
    expect(tokenRequests.map(({ signal }) => signal?.aborted)).toEqual([true])
  })

  test('ends the pause before another try', async () => {
    const controller = new AbortController()
    const { client, tokenRequests } = createStub({
      issue: () => {
        setTimeout(() => controller.abort(), 0)
        return json({}, 503, { 'retry-after': '2' })
      },
    })
    const request = { ...ask, singleUse: true, signal: controller.signal }
    await expect(client.getDelegationToken(request)).rejects.toMatchObject({ code: 'aborted' })
    await new Promise(setImmediate)
    expect(tokenRequests).toHaveLength(1)
  })

  test('a signal that is aborted already asks for nothing', async () => {
    const { client, apiRequests } = createStub()
    const signal = AbortSignal.abort()
    await expect(client.fetch(`${billing}/plan`, { ...ask, signal })).rejects.toMatchObject({ code: 'aborted' })
    expect(apiRequests).toHaveLength(0)
  })

  test('the call of the API ends with its signal', async () => {
    const controller = new AbortController()
    const { client } = createStub({
      api: () => {
        controller.abort(new Error('enough'))
        return silence()
      },
    })
    await expect(client.fetch(`${billing}/plan`, { ...ask, signal: controller.signal })).rejects.toThrow('enough')
  })
})

describe('nothing shows a secret', () => {
  const shown = (value: unknown): string =>
    [
      inspect(value, { showHidden: true, depth: Number.POSITIVE_INFINITY }),
      JSON.stringify(value),
      String(value),
      value instanceof Error ? `${value.stack} ${inspect(value.cause, { depth: 10 })}` : '',
      inspect({ ...(value as object) }),
    ].join('\n')
  const secrets = (accessToken: string): readonly string[] => [secret, accessToken, String(privateJwk.d)]

  test('not a token, and not a client', async () => {
    const { client } = createStub({ options: { key: keyFrom(privateJwk), dpop: true }, issue: bound })
    const token = await client.getDelegationToken(ask)
    expect(token.accessToken).toContain(secret)
    for (const text of secrets(token.accessToken)) {
      expect(shown(token)).not.toContain(text)
      expect(shown(client)).not.toContain(text)
    }
    expect(Object.keys(token)).toEqual(['tokenType', 'resource', 'scope', 'expiresAt'])
  })

  test.each<readonly [string, (form: URLSearchParams) => Response | Promise<Response>]>([
    ['a refusal', () => json({ error: 'invalid_grant', error_description: 'it is expired' }, 400)],
    ['a challenge', () => json({ error: 'invalid_client' }, 401, { 'www-authenticate': 'Basic realm="x"' })],
    ['an outage', () => json({}, 500)],
    [
      'nonsense that quotes the request',
      (form) => json({ access_token: form.get('subject_token'), token_type: 'mac' }),
    ],
    ['a network error that quotes it', (form) => Promise.reject(new TypeError(`failed: ${form}`))],
    [
      'a body that quotes it',
      (form) => new Response(`{"access_token": ${form}`, { headers: { 'content-type': 'application/json' } }),
    ],
  ])('not an error: %s', async (_what, answer) => {
    const { client } = createStub({ issue: ({ form }) => answer(form), options: { retries: 0 } })
    const error = await failureOf(client.getDelegationToken(ask))
    expect(error).toBeInstanceOf(DelegationError)
    expect(shown(error)).not.toContain(secret)
    expect(shown(error)).not.toContain('eyJ') // nor an assertion
  })
})

test('a subject token that turned out to be nothing never makes the agent act for itself', async () => {
  const { client, tokenRequests } = createStub()
  for (const subjectToken of [undefined, '']) {
    const request = { resource: billing, scope: 'a', subjectToken }
    await expect(client.getDelegationToken(request)).rejects.toMatchObject({ code: 'invalid_request' })
    await expect(client.fetch(billing, request)).rejects.toMatchObject({ code: 'invalid_request' })
  }
  expect(tokenRequests).toHaveLength(0)
  await client.getDelegationToken({ resource: billing, scope: 'a' })
  expect(tokenRequests[0]?.form.get('grant_type')).toBe('client_credentials')
})

const bound = (request: TokenRequest): Response => issued(request, { token_type: 'DPoP' })

/** The head of an answer, and then nothing. */
function brokenOff(): Response {
  const body = new ReadableStream({
    start: (controller) => {
      controller.enqueue(new TextEncoder().encode('{"access_token": "'))
      controller.error(new TypeError('terminated'))
    },
  })
  return new Response(body, { headers: { 'content-type': 'application/json' } })
}
