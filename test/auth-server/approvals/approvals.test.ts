import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Approval } from '../../../packages/auth-server/dist/approvals/approval.js'
import { detailsDigest } from '../../../packages/auth-server/dist/consents/consent-needs.js'
import { describeWith, isListening } from '../../support/services.js'
import {
  agent,
  billing,
  issuer,
  need,
  openScene,
  openServerScene,
  orders,
  type Scene,
  start,
} from '../consents/scene.js'

type Item = Pick<Approval, 'kind' | 'agentId' | 'subject' | 'request'>

const consent: Item = {
  kind: 'consent',
  agentId: agent,
  subject: 'user_a',
  request: { resource: billing, scope: ['billing:pay'] },
}
const permission: Item = {
  kind: 'permission',
  agentId: agent,
  subject: null,
  request: { resource: billing, scope: ['x'] },
}

describe('approvals', () => {
  let scene: Scene
  beforeAll(async () => {
    scene = await openScene()
  })
  beforeEach(() => scene.empty())
  afterAll(() => scene.close())

  it('asked for twice while they wait are one', async () => {
    const one = await scene.approvals.ask(consent)
    expect(await scene.approvals.ask(consent)).toMatchObject({ id: one.id })
    expect((await scene.approvals.ask({ ...consent, subject: 'user_b' })).id).not.toBe(one.id)
    expect(scene.recorded.map(({ type }) => type)).toEqual(['consent.requested', 'consent.requested'])
  })

  it('approved keep the consent that the call needs, and no other', async () => {
    const { id } = await scene.approvals.ask(consent)
    const pay = need({ permission: 'billing:pay', mode: 'each_time' })
    expect(await scene.consents.use([pay])).toBeUndefined()
    expect(await scene.approvals.decide(id, 'approved', 'user_a', 'ses_1')).toBe(true)
    expect(await scene.consents.list({ limit: 10 })).toMatchObject([{ sessionId: 'ses_1', permission: 'billing:pay' }])
    expect(await scene.consents.use([pay])).toHaveLength(1)
    expect(await scene.consents.use([pay])).toBeUndefined()
    expect(await scene.approvals.find(id)).toMatchObject({ status: 'approved', decidedBy: 'user_a' })
  })

  it('denied keep nothing', async () => {
    const { id } = await scene.approvals.ask(consent)
    expect(await scene.approvals.decide(id, 'denied', 'user_a', null)).toBe(true)
    expect(await scene.consents.list({ limit: 10 })).toEqual([])
    expect(scene.recorded.at(-1)).toMatchObject({ type: 'consent.denied', decision: 'deny' })
  })

  it('are decided once: a second time changes nothing', async () => {
    const { id } = await scene.approvals.ask(consent)
    expect(await scene.approvals.decide(id, 'approved', 'user_a', null)).toBe(true)
    expect(await scene.approvals.decide(id, 'approved', 'user_a', null)).toBe(false)
    expect(await scene.approvals.decide(id, 'denied', 'user_a', null)).toBe(false)
    expect(await scene.consents.list({ limit: 10 })).toHaveLength(1)
  })

  it('of a person are decided by that person alone, not even by an administrator', async () => {
    const { id } = await scene.approvals.ask(consent)
    expect(await scene.approvals.decide(id, 'approved', 'user_b', null)).toBe(false)
    expect(await scene.approvals.decide('apr_none', 'approved', 'user_a', null)).toBe(false)
    expect(await scene.approvals.decide(id, 'approved', 'user_a', null)).toBe(true)
  })

  it('run out, and asked for again are another item', async () => {
    const { id, expiresAt } = await scene.approvals.ask(consent)
    expect(expiresAt).toBe(start + 600)
    scene.clock.now = start + 600
    expect(await scene.approvals.find(id)).toMatchObject({ status: 'expired' })
    expect(await scene.approvals.list({ subject: 'user_a', status: 'pending', limit: 10 })).toEqual([])
    expect(await scene.approvals.decide(id, 'approved', 'user_a', null)).toBe(false)
    const again = await scene.approvals.ask(consent)
    expect(again.id).not.toBe(id)
    expect(await scene.approvals.list({ subject: 'user_a', limit: 10 })).toMatchObject([
      { id: again.id },
      { status: 'expired' },
    ])
    expect(await scene.approvals.decide(again.id, 'approved', 'user_a', null)).toBe(true)
  })

  it('that ran out are marked', async () => {
    await scene.approvals.ask(consent)
    expect(await scene.approvals.expire()).toBe(0)
    scene.clock.now = start + 600
    expect(await scene.approvals.expire()).toBe(1)
  })

  it('bind a consent for a task to it, and for a record to that one', async () => {
    const entry = { type: 'record', identifier: 'cus_1', locations: [billing] }
    const items: readonly Item[] = [
      { ...consent, request: { resource: orders, scope: ['orders:change'], transaction: 'task_1' } },
      { ...consent, request: { resource: billing, scope: ['billing:record'], details: [entry] } },
    ]
    for (const item of items) {
      const { id } = await scene.approvals.ask(item)
      expect(await scene.approvals.decide(id, 'approved', 'user_a', null)).toBe(true)
    }
    const task = need({ permission: 'orders:change', resource: orders, mode: 'per_task', transaction: 'task_1' })
    expect(await scene.consents.use([task])).toHaveLength(1)
    expect(await scene.consents.use([{ ...task, transaction: 'task_2' }])).toBeUndefined()
    const record = need({
      permission: 'billing:record',
      detailsDigest: detailsDigest({ identifier: 'cus_1', type: 'record' }),
    })
    expect(await scene.consents.use([record])).toHaveLength(1)
    expect(
      await scene.consents.use([{ ...record, detailsDigest: detailsDigest({ identifier: 'cus_2' }) }]),
    ).toBeUndefined()
  })

  it('for the server itself cover every API, but no task that has no name', async () => {
    const scope = ['billing:read', 'billing:pay', 'billing:list', 'orders:change']
    const { id } = await scene.approvals.ask({ ...consent, request: { resource: issuer, scope } })
    await scene.approvals.decide(id, 'approved', 'user_a', null)
    const keptNames = (await scene.consents.list({ limit: 10 })).map((each) => each.permission)
    expect(keptNames.toSorted()).toEqual(['billing:pay', 'billing:read'])
  })

  it.each([
    ['approved', true],
    ['denied', false],
  ] as const)('of a grant, once %s, open it: %s', async (decision, isOpen) => {
    const asked = { agentId: agent, subject: 'user_a', resource: billing, scope: ['billing:pay'], transaction: null }
    const grant = await scene.grants.request({ ...asked, justification: 'why not', duration: 60, maxUses: 1 })
    const { id } = await scene.approvals.ask({
      ...{ kind: 'grant', agentId: agent, subject: null },
      request: { resource: billing, scope: ['billing:pay'], grantId: grant.id },
    })
    expect(await scene.approvals.decide(id, decision, 'approver', null)).toBe(true)
    expect(await scene.grants.find(grant.id)).toMatchObject({ status: decision, decidedBy: 'approver' })
    expect((await scene.grants.use(asked)) !== undefined).toBe(isOpen)
  })

  it('of a grant that was decided elsewhere change nothing, and wait no longer', async () => {
    const asked = { agentId: agent, subject: null, resource: billing, scope: ['billing:pay'], transaction: null }
    const grant = await scene.grants.request({ ...asked, justification: 'why not', duration: 60, maxUses: 1 })
    const request = { resource: billing, scope: ['billing:pay'], grantId: grant.id }
    const { id } = await scene.approvals.ask({ kind: 'grant', agentId: agent, subject: null, request })
    await scene.grants.decide(grant.id, 'denied', 'someone else')
    expect(await scene.approvals.decide(id, 'approved', 'approver', null)).toBe(false)
    expect(await scene.grants.find(grant.id)).toMatchObject({ status: 'denied', decidedBy: 'someone else' })
    expect(await scene.approvals.find(id)).toMatchObject({ status: 'expired' })
    expect(scene.recorded.map(({ type }) => type)).not.toContain('approval.granted')
  })

  it('of an unknown permission record the decision and open nothing', async () => {
    const { id } = await scene.approvals.ask(permission)
    expect(await scene.approvals.decide(id, 'approved', 'approver', null)).toBe(true)
    expect(await scene.consents.list({ limit: 10 })).toEqual([])
    expect(scene.recorded.map(({ type }) => type)).toEqual(['approval.requested', 'approval.granted'])
  })

  it('are in one inbox: a person for consents, approvers for the rest', async () => {
    await scene.approvals.ask(consent)
    await scene.approvals.ask(permission)
    await expect(scene.approvals.ask({ ...consent, subject: null })).rejects.toThrow('subject')
    await expect(scene.approvals.ask({ ...permission, subject: 'user_a' })).rejects.toThrow('subject')
    expect(await scene.approvals.list({ subject: 'user_a', limit: 10 })).toMatchObject([{ kind: 'consent' }])
    expect(await scene.approvals.list({ subject: null, limit: 10 })).toMatchObject([{ kind: 'permission' }])
    expect(await scene.approvals.list({ limit: 10 })).toHaveLength(2)
  })

  it('tell who listens inside the decision: what a listener refuses is undone', async () => {
    const told: (readonly [string, string | null])[] = []
    let isBroken = true
    scene.approvals.onDecided(async ({ status }, sessionId) => {
      if (isBroken) throw new Error('not now')
      told.push([status, sessionId])
    })
    const { id } = await scene.approvals.ask(consent)
    await expect(scene.approvals.decide(id, 'approved', 'user_a', 'ses_1')).rejects.toThrow('not now')
    expect(await scene.approvals.find(id)).toMatchObject({ status: 'pending' })
    expect(await scene.consents.list({ limit: 10 })).toEqual([])
    isBroken = false
    expect(await scene.approvals.decide(id, 'approved', 'user_a', 'ses_1')).toBe(true)
    expect(told).toEqual([['approved', 'ses_1']])
  })
})

describeWith('PostgreSQL on 127.0.0.1:5432', await isListening(5432), 'approvals of two processes', () => {
  let scene: Scene
  beforeAll(async () => {
    scene = await openServerScene()
  })
  afterAll(() => scene.close())

  it('asked for at the same time are one, and decided by one page', async () => {
    const other = scene.another()
    for (let round = 0; round < 5; round += 1) {
      const items = await Promise.all([scene, other, scene, other].map((one) => one.approvals.ask(consent)))
      const ids = new Set(items.map(({ id }) => id))
      expect(ids.size).toBe(1)
      const [id = ''] = ids
      const decided = await Promise.all([
        scene.approvals.decide(id, 'approved', 'user_a', null),
        other.approvals.decide(id, 'approved', 'user_a', null),
        other.approvals.decide(id, 'denied', 'user_a', null),
      ])
      expect(decided.filter(Boolean)).toHaveLength(1)
    }
    const pay = need({ permission: 'billing:pay', mode: 'each_time' })
    const approvals = await scene.approvals.list({ subject: 'user_a', status: 'approved', limit: 100 })
    const consents = await scene.consents.list({ subject: 'user_a', limit: 100 })
    expect(consents).toHaveLength(approvals.length)
    for (const _ of consents) expect(await scene.consents.use([pay])).toHaveLength(1)
    expect(await scene.consents.use([pay])).toBeUndefined()
  })
})
