import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Context } from '../../../packages/auth-server/dist/context.js'
import { describeWith, isListening } from '../../support/services.js'
import { agent, billing, openScene, openServerScene, orders, otherAgent, type Scene, start } from '../consents/scene.js'

type Request = Parameters<Context['grants']['request']>[0]
type Need = Parameters<Context['grants']['use']>[0]

const request: Request = {
  agentId: agent,
  subject: 'user_a',
  resource: billing,
  scope: ['billing:pay', 'billing:read'],
  justification: 'The refund of order 7 is due today',
  duration: 600,
  maxUses: null,
  transaction: null,
}
const use: Need = { agentId: agent, subject: 'user_a', resource: billing, scope: ['billing:pay'], transaction: null }

describe('just-in-time grants', () => {
  let scene: Scene
  beforeAll(async () => {
    scene = await openScene()
  })
  beforeEach(() => scene.empty())
  afterAll(() => scene.close())

  async function approved(change: Partial<Request> = {}) {
    const { id } = await scene.grants.request({ ...request, ...change })
    return scene.grants.decide(id, 'approved', 'approver')
  }

  it('open with the approval and close with the window', async () => {
    const { id } = await scene.grants.request(request)
    expect(await scene.grants.use(use)).toBeUndefined()
    scene.clock.now = start + 100
    const grant = await scene.grants.decide(id, 'approved', 'approver')
    expect(grant).toMatchObject({ notBefore: start + 100, expiresAt: start + 700, decidedBy: 'approver' })
    expect(await scene.grants.use(use)).toMatchObject({ id, uses: 1 })
    scene.clock.now = start + 699
    expect(await scene.grants.use(use)).toMatchObject({ id, uses: 2 })
    scene.clock.now = start + 700
    expect(await scene.grants.use(use)).toBeUndefined()
    expect(scene.recorded.map(({ type }) => type)).toEqual(['jit.requested', 'jit.approved', 'jit.used', 'jit.used'])
  })

  it('denied ones never open', async () => {
    const { id } = await scene.grants.request(request)
    expect(await scene.grants.decide(id, 'denied', 'approver')).toMatchObject({ status: 'denied', expiresAt: null })
    expect(await scene.grants.use(use)).toBeUndefined()
    await expect(scene.grants.decide(id, 'approved', 'approver')).rejects.toThrow('the grant is denied')
    await expect(scene.grants.decide('grt_none', 'approved', 'approver')).rejects.toThrow('no such grant')
  })

  it('are used no more often than was asked for', async () => {
    await approved({ maxUses: 2 })
    expect(await scene.grants.use(use)).toMatchObject({ uses: 1 })
    expect(await scene.grants.use(use)).toMatchObject({ uses: 2 })
    expect(await scene.grants.use(use)).toBeUndefined()
  })

  const strangers: readonly (readonly [string, Partial<Need>])[] = [
    ['another agent', { agentId: otherAgent }],
    ['another person', { subject: 'user_b' }],
    ['the agent itself', { subject: null }],
    ['another API', { resource: orders }],
    ['one permission more', { scope: ['billing:pay', 'billing:list'] }],
    ['another task', { transaction: 'task_2' }],
    ['no task', { transaction: null }],
  ]
  it.each(strangers)('never serve %s', async (_, change) => {
    await approved({ transaction: 'task_1' })
    const own = { ...use, transaction: 'task_1' }
    expect(await scene.grants.use({ ...own, ...change })).toBeUndefined()
    expect(await scene.grants.use(own)).toMatchObject({ uses: 1 })
  })

  it('of an agent itself serve no person', async () => {
    await approved({ subject: null })
    expect(await scene.grants.use(use)).toBeUndefined()
    expect(await scene.grants.use({ ...use, subject: null })).toMatchObject({ uses: 1 })
  })

  it('serve no more once revoked', async () => {
    const { id } = await approved()
    expect(await scene.grants.use(use)).toMatchObject({ id })
    await scene.database.query(`update grants set status = 'revoked' where id = $1`, [id])
    expect(await scene.grants.use(use)).toBeUndefined()
  })

  it('give a use back to a request that fails afterwards', async () => {
    await approved({ maxUses: 1 })
    const failing = scene.database.transaction(async () => {
      expect(await scene.grants.use(use)).toMatchObject({ uses: 1 })
      throw new Error('later')
    })
    await expect(failing).rejects.toThrow('later')
    expect(await scene.grants.use(use)).toMatchObject({ uses: 1 })
  })

  it('asked for twice while they wait are one, whatever the order of their scope', async () => {
    const one = await scene.grants.request(request)
    expect(await scene.grants.request({ ...request, scope: ['billing:read', 'billing:pay'] })).toMatchObject({
      id: one.id,
    })
    expect((await scene.grants.request({ ...request, duration: 601 })).id).not.toBe(one.id)
    await scene.grants.decide(one.id, 'denied', 'approver')
    expect((await scene.grants.request(request)).id).not.toBe(one.id)
  })

  const wrong: readonly (readonly [string, Partial<Request>])[] = [
    ['justification: say why', { justification: '' }],
    ['justification: say why', { justification: ' \n\u0000\u200b ' }],
    ['justification: at most', { justification: 'a'.repeat(501) }],
    ['scope: 1 to', { scope: [] }],
    ['duration', { duration: 0 }],
    ['duration', { duration: 1.5 }],
    ['duration', { duration: 604_801 }],
    ['duration', { duration: Number.NaN }],
    ['maxUses', { maxUses: 0 }],
    ['maxUses', { maxUses: -1 }],
  ]
  it.each(wrong)('refuse a wrong request: %s %j', async (message, change) => {
    await expect(scene.grants.request({ ...request, ...change })).rejects.toThrow(message)
  })

  it('keep what an agent says on one line, without what is not seen', async () => {
    const said = `Needed\r\nnow\u202e!\u0007 ${'a'.repeat(480)}`
    const { justification } = await scene.grants.request({ ...request, justification: said })
    expect(justification).toBe(`Needed now! ${'a'.repeat(480)}`)
  })

  it('that ran out say so, once', async () => {
    const { id } = await approved()
    expect(await scene.grants.expire()).toBe(0)
    scene.clock.now = start + 600
    expect(await scene.grants.expire()).toBe(1)
    expect(await scene.grants.expire()).toBe(0)
    expect(await scene.grants.find(id)).toMatchObject({ status: 'expired' })
    expect(scene.recorded.filter(({ type }) => type === 'jit.expired')).toHaveLength(1)
  })

  it('are listed by agent and status', async () => {
    const { id } = await approved()
    await scene.grants.request({ ...request, duration: 60 })
    expect(await scene.grants.list({ limit: 10 })).toHaveLength(2)
    expect(await scene.grants.list({ status: 'approved', limit: 10 })).toMatchObject([{ id }])
    expect(await scene.grants.list({ agentId: otherAgent, limit: 10 })).toEqual([])
  })
})

describeWith('PostgreSQL on 127.0.0.1:5432', await isListening(5432), 'just-in-time grants of two processes', () => {
  let scene: Scene
  beforeAll(async () => {
    scene = await openServerScene()
  })
  afterAll(() => scene.close())

  it('give the last use to one of them', async () => {
    const other = scene.another()
    const { id } = await scene.grants.request({ ...request, maxUses: 5 })
    await scene.grants.decide(id, 'approved', 'approver')
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, turn) => (turn % 2 === 0 ? scene : other).grants.use(use)),
    )
    expect(answers.filter((answer) => answer !== undefined)).toHaveLength(5)
    expect(await scene.grants.find(id)).toMatchObject({ uses: 5 })
  })

  it('are decided once', async () => {
    const other = scene.another()
    const { id } = await scene.grants.request(request)
    const decisions = await Promise.allSettled([
      scene.grants.decide(id, 'approved', 'one'),
      other.grants.decide(id, 'denied', 'two'),
    ])
    expect(decisions.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
  })

  it('asked for at the same time are one', async () => {
    const other = scene.another()
    const asked = { ...request, subject: 'user_c' }
    const requested = await Promise.all([scene, other, scene, other].map((one) => one.grants.request(asked)))
    expect(new Set(requested.map(({ id }) => id)).size).toBe(1)
  })
})
