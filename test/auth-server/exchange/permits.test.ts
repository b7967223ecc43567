import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { billing, policy } from './policy.js'
import { createScene, type Scene, statusesOf } from './scene.js'

let scene: Scene
beforeAll(async () => {
  scene = await createScene()
})
afterAll(async () => {
  await scene.server.close()
})

const ask = (scope: string, fields: Record<string, string> = {}) => scene.exchange({ fields: { scope, ...fields } })
const approve = async (id: unknown, by = 'alice') =>
  scene.server.context.approvals.decide(String(id), 'approved', by, 'session-1')

describe('consent', () => {
  test('once: asked in the inbox, and then for good', async () => {
    const refused = await ask('billing:once')
    expect(refused.body).toEqual({
      error: 'consent_required',
      error_description: expect.any(String),
      approval_id: expect.any(String),
      consent_uri: `${scene.issuer}/approvals`,
    })
    const [event] = await scene.events('delegation.requested')
    expect(event).toMatchObject({ reason: { code: 'consent_missing' }, subject: { id: 'alice' } })
    expect((await ask('billing:once')).body.approval_id).toBe(refused.body.approval_id)
    await approve(refused.body.approval_id)
    const granted = await ask('billing:once')
    expect(granted.status).toBe(200)
    expect((await ask('billing:once')).status).toBe(200)
    const record = await scene.server.context.tokens.find(String(granted.claims.jti))
    expect(record?.consents).toHaveLength(1)
  })

  test('once: not for another agent, nor another person', async () => {
    expect((await scene.exchange({ client: 'other', fields: { scope: 'billing:once' } })).body.error).toBe(
      'consent_required',
    )
    const bob = await scene.personToken({ subject: 'bob' })
    expect((await ask('billing:once', { subject_token: bob })).body.error).toBe('consent_required')
    expect((await ask('billing:once')).status).toBe(200)
  })

  test('per task: for this task alone, and never without one', async () => {
    expect((await ask('billing:task')).body).toMatchObject({ error: 'invalid_request' })
    const refused = await ask('billing:task', { txn: 'task-1' })
    expect(refused.body.error).toBe('consent_required')
    await approve(refused.body.approval_id)
    expect((await ask('billing:task', { txn: 'task-1' })).status).toBe(200)
    expect((await ask('billing:task', { txn: 'task-1' })).status).toBe(200)
    expect((await ask('billing:task', { txn: 'task-2' })).body.error).toBe('consent_required')
  })

  test('each time: for one call, also when several come at once', async () => {
    await approve((await ask('billing:refund')).body.approval_id)
    const answers = await Promise.all([1, 2, 3].map(() => ask('billing:refund')))
    expect(statusesOf(answers)).toEqual([200, 400, 400])
    expect((await ask('billing:refund')).body.error).toBe('consent_required')
  })

  test('is not used up by a request that is refused for something else', async () => {
    const pending = (await ask('billing:refund')).body.approval_id
    await approve(pending)
    expect((await ask('billing:refund billing:window')).body.error).toBe('invalid_scope')
    expect((await ask('billing:refund billing:task', { txn: 'task-9' })).body.error).toBe('consent_required')
    expect((await ask('billing:refund')).status).toBe(200)
  })

  test('a token never outlives it', async () => {
    const { consents } = scene.server.context
    const need = {
      subject: 'bob',
      agentId: 'agent:support',
      permission: 'billing:once',
      resource: billing,
      detailsDigest: '',
    }
    await consents.grant({ ...need, mode: 'once', transaction: null, sessionId: null, expiresAt: scene.now() + 30 })
    const bob = await scene.personToken({ subject: 'bob' })
    expect((await ask('billing:once', { subject_token: bob })).body.expires_in).toBeLessThanOrEqual(30)
  })
})

describe('just-in-time grants', () => {
  const open = async (scope: string, change: { subject?: string | null; duration?: number; maxUses?: number } = {}) => {
    const { grants } = scene.server.context
    const { id } = await grants.request({
      ...{ agentId: 'agent:support', subject: 'alice', resource: billing, scope: [scope], justification: 'a test' },
      ...{ duration: 300, maxUses: 1, transaction: null },
      ...change,
    })
    return grants.decide(id, 'approved', 'root')
  }

  test('are needed, used up, and never outlived', async () => {
    expect((await ask('billing:window')).body.error).toBe('invalid_scope')
    const grant = await open('billing:window', { duration: 20 })
    const answer = await ask('billing:window')
    expect(answer.status).toBe(200)
    expect(answer.claims.grant_id).toBe(grant.id)
    expect(Number(answer.claims.exp)).toBeLessThanOrEqual(Number(grant.expiresAt))
    expect((await ask('billing:window')).body.error).toBe('invalid_scope')
  })

  test('are not used up by a request that is refused for want of consent', async () => {
    const grant = await open('billing:both')
    const refused = await ask('billing:both')
    expect(refused.body.error).toBe('consent_required')
    expect((await scene.server.context.grants.find(grant.id))?.uses).toBe(0)
    await approve(refused.body.approval_id)
    expect((await ask('billing:both')).status).toBe(200)
    expect((await scene.server.context.grants.find(grant.id))?.uses).toBe(1)
  })

  test('of one use serve one of many at the same time', async () => {
    await open('billing:window')
    const answers = await Promise.all([1, 2, 3, 4].map(() => ask('billing:window')))
    expect(statusesOf(answers)).toEqual([200, 400, 400, 400])
  })

  test('are given by policy where it says so, each on record', async () => {
    const answers = [await ask('billing:auto'), await ask('billing:auto')]
    const ids = answers.map(({ claims }) => claims.grant_id)
    expect(new Set(ids).size).toBe(2)
    expect(await scene.server.context.grants.find(String(ids[0]))).toMatchObject({
      uses: 1,
      maxUses: 1,
      decidedBy: 'policy',
    })
  })

  test('are for a person, or for the agent itself', async () => {
    await open('billing:window', { subject: null })
    expect((await ask('billing:window')).body.error).toBe('invalid_scope')
    expect((await scene.direct({ fields: { scope: 'billing:window' } })).status).toBe(200)
  })

  test('do not count as escalation when they are missing', async () => {
    const before = (await scene.events('escalation.denied')).length
    expect((await ask('billing:window')).body.error).toBe('invalid_scope')
    expect(await scene.events('escalation.denied')).toHaveLength(before)
  })
})

describe('repeated escalation', () => {
  test('locks the agent for a while', async () => {
    const own = await createScene({ escalation: { limit: 3, window: 60, duration: 120 } })
    try {
      const client = 'escalating'
      expect((await own.exchange({ client })).status).toBe(200)
      for (let n = 0; n < 3; n++) {
        expect((await own.exchange({ client, fields: { scope: 'billing:admin' } })).body.error).toBe('invalid_scope')
      }
      expect((await own.exchange({ client })).body.error).toBe('access_denied')
      expect((await own.direct({ client })).body.error).toBe('access_denied')
      expect((await own.exchange()).status).toBe(200)
      expect(await own.events('agent.locked')).toHaveLength(1)
      own.advance(121)
      expect((await own.exchange({ client })).status).toBe(200)
    } finally {
      await own.server.close()
    }
  })
})

describe('what a person lacks', () => {
  test('never locks the agent, or one person could lock it for all', async () => {
    const own = await createScene({ escalation: { limit: 2, window: 60, duration: 120 } })
    try {
      const subject_token = await own.personToken({ subject: 'carol' })
      for (let n = 0; n < 4; n++) {
        const { body } = await own.exchange({ fields: { subject_token, scope: 'billing:export' } })
        expect(body.error).toBe('invalid_scope')
      }
      expect(await own.events('escalation.denied')).toHaveLength(4)
      expect(await own.events('agent.locked')).toHaveLength(0)
      expect((await own.exchange()).status).toBe(200)
    } finally {
      await own.server.close()
    }
  })
})

describe('a permission that nobody knows', () => {
  test('is looked at by people where the policy says so, and nothing is issued', async () => {
    const { policy: store, approvals } = scene.server.context
    await store.replace({ ...policy, unknownPermission: 'pending' }, { by: 'test' })
    const subject_token = await scene.personToken({ scope: ['billing:magic'] })
    const { body } = await ask('billing:magic', { subject_token })
    expect(body).toMatchObject({ error: 'invalid_scope', approval_id: expect.any(String) })
    expect(body).not.toHaveProperty('consent_uri')
    expect(await approvals.find(String(body.approval_id))).toMatchObject({
      kind: 'permission',
      agentId: 'agent:support',
      subject: null,
      request: { resource: billing, scope: ['billing:magic'] },
    })
    expect((await ask('billing:magic', { subject_token })).body.approval_id).toBe(body.approval_id)
    expect((await ask('billing:export')).status).toBe(200)
  })
})
