import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { adaToken, billing, createStub, endless, failureOf, issued, json, metadata } from './stub.js'

const ask = { resource: billing, scope: 'billing:read', subjectToken: adaToken }

const longToken = `${adaToken}IGlzIGxvbmcgZW5vdWdoIHRvIGJlIGN1dA0`
const signatureOf = (token: string): string => token.split('.')[2] ?? ''
const percent = (text: string): string =>
  text.replaceAll(/./gu, (each) => `%${each.charCodeAt(0).toString(16).padStart(2, '0')}`)

describe('a server that lies', () => {
  test.each(['a b', 'a\nb', 'ä', '\u2028'])('issues %j, which no header can carry: nothing quotes it', async (text) => {
    const accessToken = `SECRET${text}`
    const { client } = createStub({ issue: (request) => issued(request, { access_token: accessToken }) })
    const error = await failureOf(client.fetch('/plan', ask))
    expect(error).toMatchObject({ code: 'server_misbehaves' })
    expect(inspect(error)).not.toContain('SECRET')
  })

  test.each([
    `the token ${adaToken} is over`,
    `the token ${adaToken.split('.')[2]} is over`,
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

  /** Ways to write down a part of a token. */
  const writings: readonly (readonly [string, (token: string) => string])[] = [
    ['as it is', (token) => token],
    ['its signature', signatureOf],
    ['12 characters of it', (token) => signatureOf(token).slice(3, 15)],
    ['its signature in pieces of 19', (token) => signatureOf(token).replaceAll(/.{1,19}/gu, '$&/')],
    ['its signature in pieces of 3', (token) => signatureOf(token).replaceAll(/.{1,3}/gu, '$&.')],
    ['percent-encoded', (token) => percent(signatureOf(token))],
    ['percent-encoded twice', (token) => percent(signatureOf(token)).replaceAll('%', '%25')],
    ['percent-encoded out of all reason', (token) => percent(token).replaceAll('%', `%${'25'.repeat(5)}`)],
    ['in capitals', (token) => signatureOf(token).toUpperCase()],
    ['another token', () => 'eyJhbGciOiJub25lIn0'],
  ]

  describe.each(['subject_token', 'client_assertion'])('quotes the %s', (field) => {
    test.each(writings)('%s: in nothing that is shown', async (_what, write) => {
      let quote = ''
      const { client } = createStub({
        issue: ({ form }) => {
          const text = write(form.get(field) ?? '').replaceAll(' ', '')
          quote = text.slice(0, 100)
          const asks = form.get('tool') === 'sign_in' ? 'login_required' : 'consent_required'
          return json(
            {
              error: asks,
              error_description: text.slice(0, 150),
              consent_uri: `https://auth.example.com/${quote}?t=${quote}`,
              approval_id: quote,
              acr_values: `urn:a ${quote}`,
            },
            400,
          )
        },
      })
      const [consent, signIn] = [
        await failureOf(client.getDelegationToken({ ...ask, subjectToken: longToken })),
        await failureOf(client.getDelegationToken({ ...ask, subjectToken: longToken, tool: 'sign_in' })),
      ]
      expect(quote.length).toBeGreaterThan(11)
      expect(consent).toMatchObject({ interaction: { kind: 'consent', uri: null, approvalId: null } })
      expect(signIn).toMatchObject({ interaction: { kind: 'sign_in', acrValues: [], maxAge: null } })
      for (const error of [consent, signIn]) {
        expect(error).toMatchObject({ message: 'The auth server refused.' })
        expect(inspect(error, { showHidden: true, depth: 9 })).not.toContain(quote)
      }
    })
  })

  test('but an address, an approval and a class of sign-ins are kept, however long they are', async () => {
    const uri = 'https://auth.example.com/approvals/apr_9fK2mZ7QwX1c8Lr4Tn0Vb6Yd?lang=en%20GB#waiting'
    const [approvalId, acr] = ['apr_9fK2mZ7QwX1c8Lr4Tn0Vb6Yd', 'urn:example:acr:two-factors']
    const words = 'the person has to agree first'
    const { client } = createStub({
      issue: ({ form }) =>
        json(
          form.get('tool') === 'sign_in'
            ? { error: 'login_required', acr_values: `${acr} urn:b` }
            : { error: 'consent_required', error_description: words, consent_uri: uri, approval_id: approvalId },
          400,
        ),
    })
    expect(await failureOf(client.getDelegationToken({ ...ask, subjectToken: longToken }))).toMatchObject({
      message: words,
      interaction: { kind: 'consent', uri, approvalId },
    })
    expect(
      await failureOf(client.getDelegationToken({ ...ask, subjectToken: longToken, tool: 'sign_in' })),
    ).toMatchObject({ interaction: { kind: 'sign_in', acrValues: [acr, 'urn:b'] } })
  })

  test('quotes the token as an error code', async () => {
    const { client } = createStub({ issue: () => json({ error: 'opaque_token_of_ada_1' }, 400) })
    const error = await failureOf(client.getDelegationToken({ ...ask, subjectToken: 'opaque_token_of_ada_1' }))
    expect(error).toMatchObject({ code: 'server_misbehaves' })
    expect(inspect(error)).not.toContain('opaque_token')
    expect(await failureOf(client.getDelegationToken(ask))).toMatchObject({ code: 'opaque_token_of_ada_1' })
  })

  test.each(['<script>', 'two words', adaToken, '', 'aborted', 'configuration'])(
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

test('metadata are asked for once', async () => {
  const { client, discoveries } = createStub({ discover: metadata })
  await Promise.all(['a', 'b', 'c'].map((scope) => client.getDelegationToken({ ...ask, scope })))
  expect(discoveries()).toBe(1)
})
