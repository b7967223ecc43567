import { expect, test } from 'vitest'
import { billing, createStub, issued, json } from './stub.js'

const ask = { resource: billing, scope: 'billing:read', subjectToken: 'token-of-ada' }

const refusing = (status: number, challenge: string) => (): Response =>
  new Response('no', { status, headers: { 'www-authenticate': challenge } })

test('a token that is no longer accepted is replaced once', async () => {
  const { client, tokenRequests, apiRequests } = createStub({
    api: (_, count) => (count === 1 ? refusing(401, 'Bearer error="invalid_token"')() : json({ ok: true })),
  })
  const response = await client.fetch(`${billing}/plan`, { ...ask, method: 'POST', body: 'twice' })
  expect(response.status).toBe(200)
  expect([tokenRequests.length, apiRequests.length]).toEqual([2, 2])
  expect(await Promise.all(apiRequests.map((request) => request.text()))).toEqual(['twice', 'twice'])
})

test('and no more than once', async () => {
  const { client, tokenRequests, apiRequests } = createStub({ api: refusing(401, 'Bearer error="invalid_token"') })
  expect((await client.fetch(`${billing}/plan`, ask)).status).toBe(401)
  expect([tokenRequests.length, apiRequests.length]).toEqual([2, 2])
})

test('an API that refuses every token does not empty the auth server', async () => {
  let isBroken = true
  const { client, tokenRequests, apiRequests, clock } = createStub({
    issue: (request, count) => issued(request, { access_token: `token-${count}` }),
    api: () => (isBroken ? refusing(401, 'Bearer error="invalid_token"')() : json({ ok: true })),
  })
  for (let count = 0; count < 20; count += 1) expect((await client.fetch(`${billing}/plan`, ask)).status).toBe(401)
  expect([tokenRequests.length, apiRequests.length]).toEqual([4, 23])
  clock.now += 5_001
  isBroken = false
  expect((await client.fetch(`${billing}/plan`, ask)).status).toBe(200)
  isBroken = true
  expect((await client.fetch(`${billing}/plan`, ask)).status).toBe(401)
  expect(tokenRequests).toHaveLength(5)
})

test('a hundred that are refused at once get one new token', async () => {
  const { client, tokenRequests } = createStub({
    issue: (request, count) => issued(request, { access_token: `token-${count}` }),
    api: (request) =>
      request.headers.get('authorization') === 'Bearer token-1'
        ? refusing(401, 'Bearer error="invalid_token"')()
        : json({ ok: true }),
  })
  const answers = await Promise.all(Array.from({ length: 100 }, () => client.fetch(`${billing}/plan`, ask)))
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
  expect(tokenRequests).toHaveLength(2)
})

test('a refusal that comes late leaves the new token alone', async () => {
  let refuseLate: (() => void) | undefined
  const { client, tokenRequests } = createStub({
    issue: (request, count) => issued(request, { access_token: `token-${count}` }),
    api: (request, count) => {
      if (request.headers.get('authorization') !== 'Bearer token-1') return json({ ok: true })
      const refused = refusing(401, 'Bearer error="invalid_token"')
      if (count === 1) return refused()
      return new Promise((resolve) => {
        refuseLate = () => resolve(refused())
      })
    },
  })
  await client.getDelegationToken(ask)
  const early = client.fetch(`${billing}/plan`, ask)
  const late = client.fetch(`${billing}/plan`, ask)
  expect((await early).status).toBe(200)
  refuseLate?.()
  expect((await late).status).toBe(200)
  expect(tokenRequests).toHaveLength(2)
})

test.each([
  [403, 'Bearer error="insufficient_scope"'],
  [403, 'Bearer error="invalid_token"'],
  [403, 'Bearer error="insufficient_user_authentication"'],
  [401, 'Bearer realm="x"'],
  [503, 'Bearer error="invalid_token"'],
])('an answer that another token would not change is handed on: %i %s', async (status, challenge) => {
  const { client, tokenRequests, apiRequests } = createStub({ api: refusing(status, challenge) })
  const response = await client.fetch(`${billing}/plan`, ask)
  expect([response.status, await response.text()]).toEqual([status, 'no'])
  expect([tokenRequests.length, apiRequests.length]).toEqual([1, 1])
})

test('a redirect is handed on, and nothing sent there', async () => {
  const { client, apiRequests } = createStub({
    api: () => new Response(null, { status: 307, headers: { location: 'https://thief.example.com' } }),
  })
  expect((await client.fetch(`${billing}/plan`, ask)).status).toBe(307)
  expect(apiRequests.map(({ url, redirect }) => [url, redirect])).toEqual([[`${billing}/plan`, 'manual']])
})

test.each(['http://billing.example.com/plan', 'http://127.0.0.1.example.com/', 'http://localhost.example.com/'])(
  'no token goes to %s',
  async (url) => {
    const { client, apiRequests, tokenRequests } = createStub()
    await expect(client.fetch(url, { ...ask, apiUrl: url })).rejects.toThrow('https')
    expect([apiRequests.length, tokenRequests.length]).toEqual([0, 0])
  },
)

test.each(['http://127.0.0.1:4001/', 'http://[::1]:4001/', 'http://localhost:4001/'])('but to %s', async (url) => {
  const { client, apiRequests } = createStub()
  await client.fetch(url, { ...ask, apiUrl: url, headers: { 'x-own': '1' } })
  expect(apiRequests[0]?.headers.get('x-own')).toBe('1')
})

test('the nonce of the token endpoint is used at once, and from then on', async () => {
  const nonces: (string | null)[] = []
  const { client, tokenRequests } = createStub({
    options: { dpop: true },
    issue: (request) => {
      const nonce = nonceOf(request.headers.get('dpop'))
      nonces.push(nonce)
      return nonce === 'n-1'
        ? issued(request, { token_type: 'DPoP' })
        : json({ error: 'use_dpop_nonce' }, 400, { 'dpop-nonce': 'n-1' })
    },
  })
  expect(await client.getDelegationToken(ask)).toMatchObject({ tokenType: 'DPoP' })
  await client.getDelegationToken({ ...ask, singleUse: true })
  expect(nonces).toEqual([null, 'n-1', 'n-1'])
  const assertions = tokenRequests.map(({ form }) => form.get('client_assertion'))
  expect(new Set(assertions).size).toBe(3)
})

test('a nonce that is never enough ends', async () => {
  const { client, tokenRequests } = createStub({
    options: { dpop: true },
    issue: () => json({ error: 'use_dpop_nonce' }, 400, { 'dpop-nonce': 'n-1' }),
  })
  await expect(client.getDelegationToken(ask)).rejects.toMatchObject({ code: 'use_dpop_nonce' })
  expect(tokenRequests).toHaveLength(2)
})

test('the nonce of an API is used at once, with the same token', async () => {
  const { client, tokenRequests, apiRequests } = createStub({
    options: { dpop: true },
    issue: (request) => issued(request, { token_type: 'DPoP' }),
    api: (request) =>
      nonceOf(request.headers.get('dpop')) === 'n-2'
        ? json({ ok: true })
        : new Response('', {
            status: 401,
            headers: { 'www-authenticate': 'DPoP error="use_dpop_nonce"', 'dpop-nonce': 'n-2' },
          }),
  })
  expect((await client.fetch(`${billing}/plan`, ask)).status).toBe(200)
  expect([tokenRequests.length, apiRequests.length]).toEqual([1, 2])
  const sent = apiRequests.map(({ headers }) => headers.get('authorization'))
  expect(sent[0]).toMatch(/^DPoP /)
  expect(new Set(sent).size).toBe(1)
})

/** `nonce` of a proof. */
function nonceOf(proof: string | null): string | null {
  // the middle of a proof is JSON
  const { nonce } = JSON.parse(Buffer.from(proof?.split('.')[1] ?? '', 'base64url').toString() || '{}') as {
    readonly nonce?: string
  }
  return nonce ?? null
}
