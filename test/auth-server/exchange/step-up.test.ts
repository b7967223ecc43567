import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { billing } from './policy.js'
import { createScene, type Scene } from './scene.js'

let scene: Scene
beforeAll(async () => {
  scene = await createScene({ escalation: { limit: 2, window: 600, duration: 600 } })
})
afterAll(async () => {
  await scene.server.close()
})

/** Asks with a token of somebody who signed in so many seconds ago; undefined: nobody knows when. */
async function ask(scope: string, age: number | undefined, fields: Record<string, string> = {}) {
  const claims = { auth_time: age === undefined ? undefined : scene.now() - age }
  return scene.exchange({ fields: { subject_token: await scene.personToken({ claims }), scope, ...fields } })
}

describe('a permission that demands a fresh sign-in (RFC 9470)', () => {
  test('is refused with the age that would do, and granted to who signed in since', async () => {
    const refused = await ask('billing:fresh', 310)
    expect([refused.status, refused.headers.get('cache-control')]).toEqual([400, 'no-store'])
    expect(refused.body).toEqual({
      error: 'insufficient_user_authentication',
      error_description: 'the person has to sign in again first',
      max_age: 300,
    })
    const event = (await scene.events('delegation.denied')).at(-1)
    expect(event).toMatchObject({
      decision: 'deny',
      reason: {
        code: 'sign_in_too_old',
        oauth_error: 'insufficient_user_authentication',
        policy: 'permissions.billing:fresh.maxAge@1',
      },
      subject: { id: 'alice' },
      requested: { scope: ['billing:fresh'] },
      assurance: { auth_time: expect.any(Number) },
    })
    expect((await ask('billing:fresh', 290)).status).toBe(200)
  })

  test('is on record with the tool it was asked for, in a refusal as in what is issued', async () => {
    const tool = { tool: 'get_bill' }
    expect((await ask('billing:fresh', 310, tool)).status).toBe(400)
    expect((await scene.events('delegation.denied')).at(-1)).toMatchObject({ tool: { name: 'get_bill' } })
    expect((await ask('billing:read', 310, tool)).status).toBe(200)
    expect((await scene.events('delegation.issued')).at(-1)).toMatchObject({ tool: { name: 'get_bill' } })
  })

  test('is refused where the token does not say when', async () => {
    expect((await ask('billing:fresh', undefined)).body).toMatchObject({ max_age: 300 })
    const odd = await scene.personToken({ claims: { auth_time: `${scene.now()}` } })
    expect((await scene.exchange({ fields: { subject_token: odd, scope: 'billing:fresh' } })).body).toMatchObject({
      error: 'insufficient_user_authentication',
    })
    expect((await ask('billing:export', undefined)).status).toBe(200)
  })

  test('asks for the smallest age of all that are too old', async () => {
    expect((await ask('billing:fresh billing:fresher billing:export', 310)).body.max_age).toBe(60)
    expect((await ask('billing:fresh billing:fresher billing:export', 100)).body.max_age).toBe(60)
    expect((await ask('billing:fresh billing:export', 310)).body.max_age).toBe(300)
  })

  test('opens no item and takes no use before the sign-in is fresh', async () => {
    const { grants, approvals, consents } = scene.server.context
    const { id } = await grants.request({
      ...{ agentId: 'agent:support', subject: 'alice', resource: billing, scope: ['billing:fresher'] },
      ...{ justification: 'a test', duration: 300, maxUses: 1, transaction: null },
    })
    await grants.decide(id, 'approved', 'root')
    expect((await ask('billing:fresher', 100)).body).not.toHaveProperty('approval_id')
    expect(await approvals.list({ subject: 'alice', limit: 10 })).toEqual([])
    expect(await grants.find(id)).toMatchObject({ uses: 0 })

    const waiting = await ask('billing:fresher', 10)
    expect(waiting.body.error).toBe('consent_required')
    await approvals.decide(String(waiting.body.approval_id), 'approved', 'alice', 'session-1')
    expect((await ask('billing:fresher', 100)).body.error).toBe('insufficient_user_authentication')
    expect(await consents.list({ subject: 'alice', limit: 10 })).toMatchObject([{ status: 'granted' }])
    expect((await ask('billing:fresher', 10)).status).toBe(200)
    expect(await grants.find(id)).toMatchObject({ uses: 1 })
  })

  test('is what @behalf/agent asks a person to sign in for', async () => {
    const client = await scene.sdk()
    const claims = { auth_time: scene.now() - 310 }
    const call = { resource: billing, scope: 'billing:fresh', subjectToken: await scene.personToken({ claims }) }
    await expect(client.getDelegationToken(call)).rejects.toMatchObject({
      name: 'InteractionRequiredError',
      code: 'insufficient_user_authentication',
      interaction: { kind: 'sign_in', acrValues: [], maxAge: 300 },
    })
    const fresh = { ...call, subjectToken: await scene.personToken() }
    expect(await client.getDelegationToken(fresh)).toMatchObject({ scope: ['billing:fresh'] })
  })

  test('holds at the next hop: the sign-in is that of the person', async () => {
    const first = await scene.exchange({
      fields: {
        subject_token: await scene.personToken({ claims: { auth_time: scene.now() - 290 } }),
        scope: 'billing:fresh',
      },
    })
    const again = { subject_token: first.token, scope: 'billing:fresh' }
    expect((await scene.exchange({ fields: again })).status).toBe(200)
    scene.advance(20)
    expect((await scene.exchange({ fields: again })).body).toMatchObject({ max_age: 300 })
  })

  test('says nothing of the sign-in where something else is refused too', async () => {
    const own = await createScene()
    try {
      const claims = { auth_time: own.now() - 1000 }
      const asked = { scope: 'billing:fresh billing:denied', subject_token: await own.personToken({ claims }) }
      expect((await own.exchange({ fields: asked })).body).toMatchObject({ error: 'invalid_scope' })
      expect(await own.events('escalation.denied')).toHaveLength(1)
      const roleless = { scope: 'billing:fresh', subject_token: asked.subject_token }
      expect((await own.exchange({ client: 'roleless', fields: roleless })).body).toMatchObject({
        error: 'invalid_scope',
      })
    } finally {
      await own.server.close()
    }
  })

  test('is no concern of direct access: there is no person', async () => {
    expect((await scene.direct({ fields: { scope: 'billing:fresh' } })).status).toBe(200)
  })

  test('never counts towards a lock of the agent', async () => {
    for (let n = 0; n < 4; n++) expect((await ask('billing:fresh', 400)).body.max_age).toBe(300)
    expect(await scene.events('escalation.denied')).toEqual([])
    expect((await ask('billing:fresh', 1)).status).toBe(200)
  })
})
