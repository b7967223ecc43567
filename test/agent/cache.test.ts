import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { billing, createStub, issued, json, tokenText } from './stub.js'

const ask = { resource: billing, scope: 'billing:read', subjectToken: 'token-of-ada' }

test('a token is handed out again until shortly before it ends', async () => {
  const { client, tokenRequests, clock } = createStub()
  const first = await client.getDelegationToken(ask)
  clock.now += 40_000
  expect(await client.getDelegationToken(ask)).toBe(first)
  clock.now += 12_000 // 52 of 60 seconds: the last 10 to 12.5 are not used
  expect(await client.getDelegationToken(ask)).not.toBe(first)
  expect(tokenRequests).toHaveLength(2)
})

test('a hundred at once make one request', async () => {
  const { client, tokenRequests, discoveries } = createStub()
  const tokens = await Promise.all(Array.from({ length: 100 }, () => client.getDelegationToken(ask)))
  expect(new Set(tokens).size).toBe(1)
  expect([tokenRequests.length, discoveries()]).toEqual([1, 1])
})

test('whatever makes two tokens different makes two requests', async () => {
  const { client, tokenRequests } = createStub()
  const different = [
    ask,
    { ...ask, subjectToken: 'token-of-bob' },
    { resource: billing, scope: 'billing:read' },
    { ...ask, resource: 'https://orders.example.com' },
    { ...ask, scope: 'billing:read orders:read' },
    { ...ask, tool: 'get_plan' },
    { ...ask, transaction: 'task-1' },
    { ...ask, details: [{ type: 'customer_record', id: '1' }] },
    { ...ask, details: [{ type: 'customer_record', id: '2' }] },
  ]
  for (const request of [...different, ...different]) {
    const { accessToken } = await client.getDelegationToken(request)
    expect(
      accessToken.startsWith(`${'subjectToken' in request ? request.subjectToken : '-'}|${request.resource}|`),
    ).toBe(true)
  }
  expect(new Set(tokenRequests.map(({ form }) => tokenText(form))).size).toBe(different.length)
  expect(tokenRequests).toHaveLength(different.length)
})

test('the order of scopes and members makes no difference', async () => {
  const { client, tokenRequests } = createStub()
  await client.getDelegationToken({ ...ask, scope: ['b', 'a'], details: [{ type: 't', id: '1' }] })
  await client.getDelegationToken({ ...ask, scope: 'a  b', details: [{ id: '1', type: 't' }] })
  expect(tokenRequests).toHaveLength(1)
})

test('two people through one client, 10,000 times: no token ever crosses', async () => {
  const { client, tokenRequests, clock } = createStub({
    issue: async (request, count) => {
      for (let turns = count % 4; turns > 0; turns -= 1) await turn()
      return count % 50 === 0 ? json({ error: 'temporarily_unavailable' }, 503) : issued(request)
    },
    options: { maxTokens: 7, retries: 1 }, // fewer than there are tokens: some are always pushed out
  })
  const people = ['ada', 'bob']
  const wrong: string[] = []
  let served = 0
  for (let round = 0; round < 100; round += 1) {
    clock.now += 1_500
    if (round % 10 === 0) client.forget(`token-of-${people[round % 2]}`)
    const calls = Array.from({ length: 100 }, async (_, index) => {
      const subjectToken = `token-of-${people[(round + index) % 2]}`
      const scope = ['a', 'b', 'c'][index % 3] ?? ''
      const resource = index % 5 === 0 ? 'https://orders.example.com' : billing
      const response = await client.fetch(`${resource}/x`, { resource, scope, subjectToken }).catch(() => undefined)
      if (response === undefined) return
      const token = response.headers.get('x-token') ?? ''
      served += 1
      if (token !== `Bearer ${subjectToken}|${resource}|${scope}|-|-|-`) wrong.push(token)
    })
    await Promise.all(calls)
  }
  expect(wrong).toEqual([])
  expect(served).toBeGreaterThan(9_000)
  expect(tokenRequests.length).toBeLessThan(9_000)
})

test('a token for one call is neither kept nor taken from what is kept', async () => {
  const { client, tokenRequests } = createStub()
  const kept = await client.getDelegationToken(ask)
  const single = [
    await client.getDelegationToken({ ...ask, singleUse: true }),
    await client.getDelegationToken({ ...ask, singleUse: true }),
  ]
  expect(new Set([kept, ...single]).size).toBe(3)
  expect(await client.getDelegationToken(ask)).toBe(kept)
  expect(tokenRequests).toHaveLength(3)
})

test('nothing is kept where nothing may be', async () => {
  const { client, tokenRequests } = createStub({ options: { maxTokens: 0 } })
  await client.getDelegationToken(ask)
  await client.getDelegationToken(ask)
  client.forget(ask.subjectToken)
  client.forget()
  expect(tokenRequests).toHaveLength(2)
})

test('a token without a lifetime is not kept', async () => {
  const { client, tokenRequests } = createStub({ issue: (request) => issued(request, { expires_in: undefined }) })
  await client.getDelegationToken(ask)
  await client.getDelegationToken(ask)
  expect(tokenRequests).toHaveLength(2)
})

test("forget() drops one person's tokens, or all", async () => {
  const { client, tokenRequests } = createStub()
  const other = { ...ask, subjectToken: 'token-of-bob' }
  const get = () => Promise.all([client.getDelegationToken(ask), client.getDelegationToken(other)])
  const [ada, bob] = await get()
  client.forget(ask.subjectToken)
  const again = await get()
  expect([again[0] === ada, again[1] === bob]).toEqual([false, true])
  client.forget()
  await get()
  expect(tokenRequests).toHaveLength(5)
})

test.each(['invalid_request', 'invalid_grant'])(
  'when the server no longer takes the token of a person (%s), none that it brought is handed out again',
  async (code) => {
    let isWithdrawn = false
    const { client, tokenRequests } = createStub({
      issue: (request) =>
        isWithdrawn && request.form.get('subject_token') === ask.subjectToken
          ? json({ error: code }, 400)
          : issued(request),
    })
    const bob = { ...ask, subjectToken: 'token-of-bob' }
    await Promise.all([client.getDelegationToken(ask), client.getDelegationToken(bob)])
    isWithdrawn = true
    await client.getDelegationToken(ask) // it is held, and nobody knows yet
    for (const request of [{ ...ask, singleUse: true }, ask, ask])
      await expect(client.getDelegationToken(request)).rejects.toMatchObject({ code })
    await client.getDelegationToken(bob)
    expect(tokenRequests).toHaveLength(4)
  },
)

test.each([
  ['invalid_scope', 1],
  ['access_denied', 1],
  ['consent_required', 3],
  ['invalid_client', 3],
])('a refusal that stays is remembered for a while: %s', async (error, requests) => {
  let isRefused = true
  const { client, tokenRequests, clock } = createStub({
    issue: (request) => (isRefused ? json({ error }, 400) : issued(request)),
  })
  for (let count = 0; count < 3; count += 1)
    await expect(client.getDelegationToken(ask)).rejects.toMatchObject({ code: error })
  expect(tokenRequests).toHaveLength(requests)
  isRefused = false
  clock.now += 5_001
  await expect(client.getDelegationToken(ask)).resolves.toMatchObject({ scope: ['billing:read'] })
})
