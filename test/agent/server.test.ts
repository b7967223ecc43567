import { DelegationError, InteractionRequiredError } from '@behalf/agent'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { billing, createScene, type Scene } from './scene.js'

let scene: Scene
let ada: string
let bob: string
const ask = { resource: billing, scope: 'billing:read' }

beforeAll(async () => {
  scene = await createScene()
  ada = await scene.personToken('ada')
  bob = await scene.personToken('bob')
})
beforeEach(() => scene.counts())
afterAll(() => scene.close())

describe('a token', () => {
  test('says for whom, through whom and where, and is bound to a key', async () => {
    const token = await scene.createClient().getDelegationToken({ ...ask, subjectToken: ada, transaction: 'task-1' })
    expect(token).toMatchObject({ tokenType: 'DPoP', resource: billing, scope: ['billing:read'] })
    const claims = decodeJwt(token.accessToken)
    expect(claims).toMatchObject({ sub: 'ada', aud: billing, act: { sub: 'agent:support' }, txn: 'task-1' })
    expect(claims.cnf).toEqual({ jkt: expect.any(String) })
    expect(Math.abs(token.expiresAt / 1000 - (claims.exp ?? 0))).toBeLessThan(30)
  })

  test('of the agent itself', async () => {
    const { accessToken } = await scene.createClient({ dpop: false }).getDelegationToken(ask)
    expect(decodeJwt(accessToken)).toMatchObject({ sub: 'support-app', aud: billing })
    expect(decodeJwt(accessToken)).not.toHaveProperty('act')
  })

  test('is asked for once by a hundred at a time', async () => {
    const client = scene.createClient()
    const request = { ...ask, subjectToken: ada }
    const tokens = await Promise.all(Array.from({ length: 100 }, () => client.getDelegationToken(request)))
    expect(new Set(tokens).size).toBe(1)
    expect(await scene.counts()).toEqual({ calls: 0, tokens: 1 })
  })
})

describe('a call', () => {
  test('of two people at a time is always for the one who was meant', async () => {
    const client = scene.createClient()
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const response = await client.fetch(`${scene.api}/plan`, {
          ...ask,
          apiUrl: scene.api,
          subjectToken: index % 2 === 0 ? ada : bob,
        })
        return response.json()
      }),
    )
    const expected = answers.map((_, index) => ({
      subject: index % 2 === 0 ? 'ada' : 'bob',
      actor: 'agent:support',
      scopes: ['billing:read'],
    }))
    expect(answers).toEqual(expected)
    expect((await scene.counts()).tokens).toBe(2)
  })

  test('gets the nonce that the API demands, and keeps to it', async () => {
    const client = scene.createClient()
    const call = { ...ask, apiUrl: scene.api, subjectToken: ada, method: 'POST', body: 'a body' }
    expect((await client.fetch(`${scene.api}/plan`, call)).status).toBe(200)
    expect(await scene.counts()).toEqual({ calls: 2, tokens: 1 })
    expect((await client.fetch(`${scene.api}/plan`, call)).status).toBe(200)
    expect(await scene.counts()).toEqual({ calls: 1, tokens: 0 })
  })

  test('with a token that was withdrawn is made again with a fresh one, once', async () => {
    const client = scene.createClient()
    const call = { ...ask, apiUrl: scene.api, subjectToken: ada }
    await client.fetch(`${scene.api}/plan`, call)
    const { jti } = decodeJwt((await client.getDelegationToken(call)).accessToken)
    scene.revocations.revoke({ issuer: scene.server.issuer, tokenId: String(jti) })
    await scene.counts()
    expect((await client.fetch(`${scene.api}/plan`, call)).status).toBe(200)
    expect(await scene.counts()).toEqual({ calls: 2, tokens: 1 })
  })

  test('that is forbidden is not made again', async () => {
    const client = scene.createClient()
    const call = { ...ask, apiUrl: scene.api, subjectToken: ada }
    await client.fetch(`${scene.api}/plan`, call)
    await scene.counts()
    const response = await client.fetch(`${scene.api}/other`, call)
    expect([response.status, (await response.text()).includes('scope_insufficient')]).toEqual([403, true])
    expect(await scene.counts()).toEqual({ calls: 1, tokens: 0 })
  })

  test('that needs a stronger sign-in says so', async () => {
    const call = scene.createClient().fetch(`${scene.api}/careful`, { ...ask, apiUrl: scene.api, subjectToken: ada })
    await expect(call).rejects.toMatchObject({
      name: 'InteractionRequiredError',
      interaction: { kind: 'sign_in', acrValues: ['urn:behalf:acr:key'] },
    })
  })
})

describe('a refusal', () => {
  test('for more than there is', async () => {
    const client = scene.createClient()
    const request = { ...ask, scope: 'billing:never', subjectToken: ada }
    for (let count = 0; count < 3; count += 1) {
      await expect(client.getDelegationToken(request)).rejects.toMatchObject({
        code: 'invalid_scope',
        isTransient: false,
      })
    }
    expect((await scene.counts()).tokens).toBe(1)
  })

  test('until a person agrees', async () => {
    const client = scene.createClient()
    const request = { ...ask, scope: 'billing:once', subjectToken: ada }
    const error: unknown = await client.getDelegationToken(request).catch((reason: unknown) => reason)
    if (!(error instanceof InteractionRequiredError) || error.interaction.kind !== 'consent') throw error
    const { uri, approvalId } = error.interaction
    expect(uri).toBe(`${scene.server.issuer}/approvals`)
    await scene.server.context.approvals.decide(approvalId ?? '', 'approved', 'ada', null)
    await expect(client.getDelegationToken(request)).resolves.toMatchObject({ scope: ['billing:once'] })
  })

  test('until those who decide about the agent approve: the item waits for them', async () => {
    const request = { ...ask, scope: 'billing:unheard-of', subjectToken: ada }
    const error: unknown = await scene
      .createClient()
      .getDelegationToken(request)
      .catch((reason: unknown) => reason)
    if (!(error instanceof InteractionRequiredError) || error.interaction.kind !== 'approval') throw error
    expect(error).toMatchObject({ code: 'invalid_scope', interaction: { uri: null } })
    expect(await scene.server.context.approvals.find(error.interaction.approvalId)).toMatchObject({
      status: 'pending',
      agentId: 'agent:support',
      request: { resource: billing, scope: ['billing:unheard-of'] },
    })
  })

  test('of a client that is not what it says', async () => {
    const stranger = scene.createClient({ clientId: 'someone-else' })
    await expect(stranger.getDelegationToken({ ...ask, subjectToken: ada })).rejects.toMatchObject({
      code: 'invalid_client',
    })
  })

  test('of a token that is no token', async () => {
    const request = { ...ask, subjectToken: 'not-a-token' }
    const error: unknown = await scene
      .createClient()
      .getDelegationToken(request)
      .catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(DelegationError)
    expect(error).toMatchObject({ isTransient: false })
    expect(String(error)).not.toContain('not-a-token')
  })
})

describe('without the server', () => {
  test('what is held goes on, and what is not ends within its time limit', async () => {
    const client = scene.createClient({ retries: 1 })
    const call = { ...ask, apiUrl: scene.api, subjectToken: bob }
    await client.fetch(`${scene.api}/plan`, call)
    await scene.server.close()
    expect((await client.fetch(`${scene.api}/plan`, call)).status).toBe(200)
    for (const late of [client, scene.createClient({ retries: 0, timeout: 500 })]) {
      await expect(late.getDelegationToken({ ...ask, subjectToken: ada })).rejects.toMatchObject({
        code: 'server_unavailable',
        isTransient: true,
        message: 'The auth server cannot be reached.',
        cause: 'ECONNREFUSED',
      })
    }
  })
})
