import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Agents } from '../../../packages/auth-server/dist/agents/agent.js'
import { createAgents } from '../../../packages/auth-server/dist/agents/agents.js'
import {
  ConflictError,
  InvalidInputError,
  NotFoundError,
  StaleVersionError,
} from '../../../packages/auth-server/dist/errors.js'
import { describeWith } from '../../support/services.js'
import { createPostgresDatabase, type Ground, hasPostgres, openGround } from '../support/ground.js'

let shared: Ground
beforeAll(async () => {
  shared = await openGround()
})
afterAll(() => shared.close())

async function open(options: Parameters<typeof openGround>[0] = {}) {
  await shared.database.query('delete from agents')
  const ground = await openGround(options, shared.database)
  return { ...ground, agents: createAgents(ground) }
}

const support = { id: 'agent:support', name: 'Support', owner: 'ops@example.com' }

describe('agents', () => {
  it('are kept as they were registered', async () => {
    const { agents, clock } = await open()
    const created = await agents.create({
      ...support,
      description: 'Answers\ncustomers',
      roles: ['support'],
      ceiling: ['billing:read'],
    })
    expect(created).toEqual({
      ...support,
      description: 'Answers\ncustomers',
      status: 'active',
      roles: ['support'],
      ceiling: ['billing:read'],
      lockedUntil: null,
      version: 1,
      createdAt: clock.seconds,
      updatedAt: clock.seconds,
    })
    expect(await agents.find('agent:support')).toEqual(created)
    expect(await agents.find('agent:unknown')).toBeUndefined()
    expect(await agents.create({ ...support, id: 'agent:bare' })).toMatchObject({ roles: [], ceiling: null })
  })

  it('have an id of their own', async () => {
    const { agents } = await open()
    await agents.create(support)
    await expect(agents.create({ ...support, name: 'Another' })).rejects.toThrow(ConflictError)
    expect(await agents.find(support.id)).toMatchObject({ name: 'Support' })
  })

  it.each(['agent:a', 'agent:support-2.eu_west', `agent:${'a'.repeat(100)}`])('may be called %s', async (id) => {
    const { agents } = await open()
    expect(await agents.create({ ...support, id })).toMatchObject({ id })
  })

  it.each([
    'support',
    'agent:',
    'agent:Support',
    'AGENT:support',
    'agent:a b',
    'agent:-a',
    'agent:a\u0000',
    'agent:ä',
    '',
  ])('may not be called %j', async (id) => {
    const { agents } = await open()
    await expect(agents.create({ ...support, id })).rejects.toThrow(InvalidInputError)
    expect(await agents.find(id)).toBeUndefined()
  })

  it.each([
    { name: '' },
    { name: 'two\nlines' },
    { name: 'turned \u202e round' },
    { owner: 7 },
    { roles: ['one', 'one'] },
    { roles: ['with space'] },
    { ceiling: 'billing:read' },
    { status: 'deleted' },
    { unknown: true },
  ])('refuse %j', async (wrong) => {
    const { agents } = await open()
    const input = { ...support, ...wrong } as typeof support
    await expect(agents.create(input)).rejects.toThrow(InvalidInputError)
    await agents.create(support)
    await expect(agents.change(support.id, wrong as object)).rejects.toThrow(InvalidInputError)
    expect(await agents.find(support.id)).toMatchObject({ ...support, version: 1 })
  })

  it('change member by member, from the version that was looked at', async () => {
    const { agents, clock } = await open()
    await agents.create({ ...support, roles: ['support'], ceiling: ['billing:read'] })
    clock.seconds += 5
    const changed = await agents.change(support.id, { roles: ['support', 'refunds'], name: undefined }, 1)
    expect(changed).toMatchObject({ ...support, roles: ['support', 'refunds'], ceiling: ['billing:read'], version: 2 })
    expect(changed.updatedAt).toBe(changed.createdAt + 5)
    await expect(agents.change(support.id, { name: 'Late' }, 1)).rejects.toThrow(StaleVersionError)
    expect(await agents.change(support.id, { ceiling: null }, 2)).toMatchObject({ ceiling: null, version: 3 })
    expect(await agents.change(support.id, { ceiling: [] })).toMatchObject({ ceiling: [], name: 'Support', version: 4 })
    await expect(agents.change('agent:unknown', { name: 'Nobody' })).rejects.toThrow(NotFoundError)
  })

  it('are listed in order, page by page', async () => {
    const { agents } = await open()
    for (const id of ['agent:c', 'agent:a', 'agent:b']) await agents.create({ ...support, id })
    const ids = async (page: Parameters<typeof agents.list>[0]) => (await agents.list(page)).map(({ id }) => id)
    expect(await ids({ limit: 2 })).toEqual(['agent:a', 'agent:b'])
    expect(await ids({ after: 'agent:b', limit: 2 })).toEqual(['agent:c'])
  })

  it('lose what they were given when they are suspended or retired', async () => {
    const { agents, withdrawn } = await open()
    await agents.create(support)
    await agents.change(support.id, { name: 'Renamed' })
    expect(withdrawn).toEqual([])
    await agents.change(support.id, { status: 'suspended' }, undefined, 'alice')
    await agents.change(support.id, { status: 'suspended' })
    expect(withdrawn).toEqual([{ kind: 'agent', value: support.id, reason: 'agent_suspended', by: 'alice' }])
    expect(await agents.change(support.id, { status: 'active' })).toMatchObject({ status: 'active' })
    await agents.change(support.id, { status: 'retired' })
    expect(withdrawn.at(-1)).toMatchObject({ reason: 'agent_retired', by: 'server' })
  })

  it('stay active when what they were given cannot be withdrawn', async () => {
    const ground = await open()
    const revocations = {
      ...ground.revocations,
      withdraw: async () => {
        throw new Error('away')
      },
    }
    const agents = createAgents({ ...ground, revocations })
    await agents.create(support)
    await expect(agents.change(support.id, { status: 'suspended' })).rejects.toThrow('away')
    expect(await agents.find(support.id)).toMatchObject({ status: 'active', version: 1 })
  })

  it('never come back once retired', async () => {
    const { agents } = await open()
    await agents.create(support)
    await agents.change(support.id, { status: 'retired' })
    for (const change of [{ status: 'active' as const }, { status: 'suspended' as const }, { roles: ['support'] }]) {
      await expect(agents.change(support.id, change)).rejects.toThrow(ConflictError)
    }
    await expect(agents.create(support)).rejects.toThrow(ConflictError)
    expect(await agents.find(support.id)).toMatchObject({ status: 'retired', version: 2 })
  })
})

describe('an agent that is refused again and again', () => {
  const escalation = { limit: 3, window: 100, duration: 1_000 }

  async function openLocking() {
    const { agents, ...ground } = await open({ escalation })
    await agents.create(support)
    const refuse = () => agents.countRefusal(support.id)
    const lock = async () => (await agents.find(support.id))?.lockedUntil
    return { ...ground, agents, refuse, lock }
  }

  it('is locked for a while by the last of the limit, which is recorded', async () => {
    const { refuse, lock, clock, recorded } = await openLocking()
    expect([await refuse(), await refuse()]).toEqual([false, false])
    expect(await lock()).toBeNull()
    expect(recorded).toEqual([])
    expect(await refuse()).toBe(true)
    expect(await lock()).toBe(clock.seconds + 1_000)
    expect(recorded).toEqual([
      {
        type: 'agent.locked',
        decision: 'deny',
        reason: { code: 'repeated_escalation' },
        actor: { id: support.id, iss: 'https://auth.example.com', profile: 'ai_agent' },
        detail: { locked_until: clock.seconds + 1_000, refusals: 3, window: 100 },
      },
    ])
  })

  it('is not locked longer by what it asks for while it is', async () => {
    const { refuse, lock, clock } = await openLocking()
    for (let i = 0; i < 3; i += 1) await refuse()
    const until = await lock()
    clock.seconds += 500
    expect([await refuse(), await refuse(), await refuse()]).toEqual([false, false, false])
    expect(await lock()).toBe(until)
    clock.seconds += 500
    expect([await refuse(), await refuse(), await refuse()]).toEqual([false, false, true])
  })

  it('is not locked for refusals longer ago than the window', async () => {
    const { refuse, clock } = await openLocking()
    await refuse()
    clock.seconds += 50
    await refuse()
    clock.seconds += 50
    // the first one is out of the window, the second is not: a window that slides
    expect(await refuse()).toBe(false)
    clock.seconds += 49
    expect(await refuse()).toBe(true)
  })

  it('can be unlocked before', async () => {
    const { agents, refuse, lock } = await openLocking()
    expect(await agents.unlock(support.id)).toMatchObject({ version: 1 })
    for (let i = 0; i < 3; i += 1) await refuse()
    expect(await agents.unlock(support.id)).toMatchObject({ lockedUntil: null, version: 2 })
    expect([await refuse(), await refuse()]).toEqual([false, false])
    expect(await lock()).toBeNull()
    await expect(agents.unlock('agent:unknown')).rejects.toThrow(NotFoundError)
  })

  it('is counted by itself', async () => {
    const { agents, refuse } = await openLocking()
    await agents.create({ ...support, id: 'agent:other' })
    for (let i = 0; i < 2; i += 1) await refuse()
    expect(await agents.countRefusal('agent:other')).toBe(false)
    expect(await agents.countRefusal('agent:unknown')).toBe(false)
    expect(await refuse()).toBe(true)
  })
})

describeWith('PostgreSQL on 127.0.0.1:5432', hasPostgres, 'agents of two processes', () => {
  let base: Awaited<ReturnType<typeof createPostgresDatabase>>
  let grounds: Ground[]
  let both: Agents[]
  const of = (i: number) => both[i % 2] as Agents
  beforeAll(async () => {
    base = await createPostgresDatabase()
    const options = { database: base.url, escalation: { limit: 10, window: 100, duration: 1_000 } }
    grounds = await Promise.all([0, 1].map(() => openGround(options)))
    both = grounds.map(createAgents)
  })
  afterAll(async () => {
    await Promise.all(grounds.map((ground) => ground.close()))
    await base.drop()
  })

  it('are locked once, after exactly as many refusals as the limit says', async () => {
    for (let round = 0; round < 5; round += 1) {
      const id = `agent:race-${round}`
      await of(0).create({ ...support, id })
      const nine = await Promise.all(Array.from({ length: 9 }, (_, i) => of(i).countRefusal(id)))
      expect(nine).not.toContain(true)
      const more = await Promise.all(Array.from({ length: 9 }, (_, i) => of(i).countRefusal(id)))
      expect(more.filter((locks) => locks === true)).toHaveLength(1)
    }
    expect(grounds.flatMap(({ recorded }) => recorded)).toHaveLength(5)
  })

  it('are changed by one of those that looked at the same version', async () => {
    await of(0).create({ ...support, id: 'agent:changed' })
    const changes = await Promise.allSettled(
      Array.from({ length: 6 }, (_, i) => of(i).change('agent:changed', { name: `Name ${i}` }, 1)),
    )
    expect(changes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const reasons = changes.flatMap((change) => (change.status === 'rejected' ? [change.reason as unknown] : []))
    for (const reason of reasons) expect(reason).toBeInstanceOf(StaleVersionError)
    expect(await of(1).find('agent:changed')).toMatchObject({ version: 2 })
  })

  it('are registered once', async () => {
    const made = await Promise.allSettled(
      [of(0), of(1)].map((agents) => agents.create({ ...support, id: 'agent:once' })),
    )
    expect(made.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
  })
})
