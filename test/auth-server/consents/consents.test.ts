import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ConsentNeed } from '../../../packages/auth-server/dist/consents/consent.js'
import { describeWith, isListening } from '../../support/services.js'
import { agent, kept, need, openScene, openServerScene, otherAgent, type Process, type Scene, start } from './scene.js'

describe('consents', () => {
  let scene: Scene
  beforeAll(async () => {
    scene = await openScene()
  })
  beforeEach(() => scene.empty())
  afterAll(() => scene.close())

  it('given once serves every call until it expires', async () => {
    const given = await scene.consents.grant({ ...need(), ...kept })
    for (const _ of [1, 2, 3]) {
      expect(await scene.consents.use([need()])).toMatchObject([{ id: given.id, status: 'granted' }])
    }
    scene.clock.now = start + 999
    expect(await scene.consents.use([need()])).toHaveLength(1)
    scene.clock.now = start + 1000
    expect(await scene.consents.use([need()])).toBeUndefined()
  })

  it('given for each time serves one call', async () => {
    const each = need({ permission: 'billing:pay', mode: 'each_time' })
    await scene.consents.grant({ ...each, ...kept })
    expect(await scene.consents.use([each])).toMatchObject([{ status: 'used' }])
    expect(await scene.consents.use([each])).toBeUndefined()
    expect(scene.recorded.map(({ type }) => type)).toEqual(['consent.granted', 'consent.used'])
  })

  it('given for each time twice serves two calls, and two needs of one call', async () => {
    const each = need({ mode: 'each_time' })
    await scene.consents.grant({ ...each, ...kept })
    expect(await scene.consents.use([each, each])).toBeUndefined()
    await scene.consents.grant({ ...each, ...kept })
    const used = await scene.consents.use([each, each])
    expect(new Set(used?.map(({ id }) => id)).size).toBe(2)
    expect(await scene.consents.use([each])).toBeUndefined()
  })

  it('given for a task serves that task alone, as often as it needs', async () => {
    const task = need({ mode: 'per_task', transaction: 'task_1' })
    await scene.consents.grant({ ...task, ...kept })
    expect(await scene.consents.use([task])).toHaveLength(1)
    expect(await scene.consents.use([task])).toHaveLength(1)
    expect(await scene.consents.use([{ ...task, transaction: 'task_2' }])).toBeUndefined()
    expect(await scene.consents.use([{ ...task, transaction: null }])).toBeUndefined()
  })

  it('for a task names the task', async () => {
    await expect(scene.consents.grant({ ...need({ mode: 'per_task' }), ...kept })).rejects.toThrow('names the task')
  })

  const strangers: readonly (readonly [string, Partial<ConsentNeed>])[] = [
    ['another person', { subject: 'user_b' }],
    ['another agent', { agentId: otherAgent }],
    ['another permission', { permission: 'billing:pay' }],
    ['another API', { resource: 'https://orders.example.com' }],
    ['another record', { detailsDigest: 'other' }],
    ['a call with no record', { detailsDigest: '' }],
    ['another mode', { mode: 'once' }],
    ['another task', { transaction: 'task_2' }],
    ['no task', { transaction: null }],
    ['a person whose name only looks the same', { subject: 'USER_A' }],
  ]
  it.each(strangers)('never serves %s', async (_, change) => {
    const each = need({ mode: 'each_time', detailsDigest: 'record', transaction: 'task_1' })
    await scene.consents.grant({ ...each, ...kept })
    expect(await scene.consents.use([{ ...each, ...change }])).toBeUndefined()
    expect(await scene.consents.use([each])).toHaveLength(1)
  })

  it('uses nothing up where one of several is missing', async () => {
    const each = need({ permission: 'billing:pay', mode: 'each_time' })
    await scene.consents.grant({ ...each, ...kept })
    expect(await scene.consents.use([each, need({ permission: 'zzz' })])).toBeUndefined()
    expect(await scene.consents.use([need({ permission: 'aaa' }), each])).toBeUndefined()
    expect(await scene.consents.use([each])).toHaveLength(1)
  })

  it('is not used up by a request that fails afterwards', async () => {
    const each = need({ mode: 'each_time' })
    await scene.consents.grant({ ...each, ...kept })
    const failing = scene.database.transaction(async () => {
      expect(await scene.consents.use([each])).toHaveLength(1)
      throw new Error('later')
    })
    await expect(failing).rejects.toThrow('later')
    expect(await scene.consents.use([each])).toHaveLength(1)
  })

  it('serves no more once withdrawn', async () => {
    const { id } = await scene.consents.grant({ ...need(), ...kept })
    expect(await scene.consents.use([need()])).toHaveLength(1)
    await scene.database.query(`update consents set status = 'withdrawn', ended_at = $2 where id = $1`, [id, start])
    expect(await scene.consents.use([need()])).toBeUndefined()
    expect(await scene.consents.find(id)).toMatchObject({ status: 'withdrawn' })
  })

  it('given again is the same one, lasting longer: so that withdrawing it leaves none', async () => {
    const one = await scene.consents.grant({ ...need(), ...kept })
    const two = await scene.consents.grant({ ...need(), sessionId: 'ses_2', expiresAt: start + 2000 })
    expect(two).toMatchObject({ id: one.id, expiresAt: start + 2000, sessionId: 'ses_2' })
    const other = await scene.consents.grant({ ...need({ subject: 'user_b' }), ...kept })
    expect(other.id).not.toBe(one.id)
  })

  it('needs nothing where nothing is asked', async () => {
    expect(await scene.consents.use([])).toEqual([])
  })

  it('are listed by person and agent, newest first', async () => {
    await scene.consents.grant({ ...need(), ...kept })
    scene.clock.now += 1
    await scene.consents.grant({ ...need({ permission: 'billing:pay' }), ...kept })
    await scene.consents.grant({ ...need({ subject: 'user_b' }), ...kept })
    const own = await scene.consents.list({ subject: 'user_a', limit: 10 })
    expect(own.map(({ permission }) => permission)).toEqual(['billing:pay', 'billing:read'])
    expect(await scene.consents.list({ subject: 'user_a', agentId: otherAgent, limit: 10 })).toEqual([])
    expect(await scene.consents.list({ agentId: agent, limit: 1 })).toHaveLength(1)
  })
})

describeWith('PostgreSQL on 127.0.0.1:5432', await isListening(5432), 'consents of two processes', () => {
  let scene: Scene
  beforeAll(async () => {
    scene = await openServerScene()
  })
  afterAll(() => scene.close())

  it('serve one call each, whoever is first', async () => {
    const processes = [scene, scene.another()]
    const each = need({ mode: 'each_time' })
    for (let round = 0; round < 10; round += 1) {
      await scene.consents.grant({ ...each, ...kept })
      const answers = await Promise.all(
        processes.flatMap((one) => [one.consents.use([each]), one.consents.use([each])]),
      )
      expect(answers.filter((answer) => answer !== undefined)).toHaveLength(1)
    }
  })

  it('never hang on each other, in whatever order they need several', async () => {
    const other = scene.another()
    const pair = ['billing:pay', 'billing:record'].map((permission) => need({ permission, mode: 'each_time' }))
    const reversed = pair.toReversed()
    for (let round = 0; round < 10; round += 1) {
      for (const each of pair) await scene.consents.grant({ ...each, ...kept })
      const answers = await Promise.all([scene.consents.use(pair), other.consents.use(reversed)])
      expect(answers.filter((answer) => answer !== undefined)).toHaveLength(1)
    }
  })

  it('are kept once when two pages are sent at the same time', async () => {
    const other = scene.another()
    const given = await Promise.all(
      [scene, other, scene, other].map((one) => one.consents.grant({ ...need(), ...kept })),
    )
    expect(new Set(given.map(({ id }) => id)).size).toBe(1)
  })

  it('a withdrawal waits for the call that uses one, and the next call finds none', async () => {
    const other = scene.another()
    const { id } = await scene.consents.grant({ ...need({ subject: 'user_w' }), ...kept })
    const order: string[] = []
    let withdrawing: Promise<unknown> = Promise.resolve()
    await scene.database.transaction(async () => {
      expect(await scene.consents.use([need({ subject: 'user_w' })])).toHaveLength(1)
      withdrawing = other.database
        .query(`update consents set status = 'withdrawn' where id = $1`, [id])
        .then(() => order.push('withdrawn'))
      await waitForLock(other)
      order.push('issued')
    })
    await withdrawing
    expect(order).toEqual(['issued', 'withdrawn'])
    expect(await scene.consents.use([need({ subject: 'user_w' })])).toBeUndefined()
  })
})

/** Until some statement waits for a lock. Not asked inside a transaction: it would see one moment alone. */
async function waitForLock({ database }: Process): Promise<void> {
  for (let attempt = 0; attempt < 1000; attempt += 1) {
    const rows = await database.query(
      `select 1 as waits from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    )
    if (rows.length > 0) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error('nothing waited')
}
