import { inspect } from 'node:util'
import { environmentKey, generatedKey, InteractionRequiredError, keyFrom } from '@behalf/agent'
import { fileKey } from '@behalf/agent/node'
import type { JWK } from 'jose'
import { describe, expect, test } from 'vitest'
import { adaToken, billing, createStub, failureOf, json, privateJwk } from './stub.js'

const ask = { resource: billing, scope: 'billing:read', subjectToken: adaToken }

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
        return adaToken
      }
    }
    const { client, tokenRequests } = createStub()
    await client.getDelegationToken(new Call())
    await client.fetch('/plan', Object.assign(new Call(), { method: 'GET' }))
    expect(tokenRequests.map(({ form }) => form.get('subject_token'))).toEqual([adaToken])
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
  expect(text).not.toContain(adaToken)
  expect(token.accessToken).toContain(adaToken)
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
