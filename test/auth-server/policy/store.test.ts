import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { AuditRecord } from '../../../packages/auth-server/dist/audit/record.js'
import type { Database } from '../../../packages/auth-server/dist/database/database.js'
import { InvalidInputError, StaleVersionError } from '../../../packages/auth-server/dist/errors.js'
import { createPolicyStore } from '../../../packages/auth-server/dist/policy/create-policy-store.js'
import type { PolicyDocument } from '../../../packages/auth-server/dist/policy/document.js'
import type { PolicyStore } from '../../../packages/auth-server/dist/policy/policy-store.js'
import { describeWith } from '../../support/services.js'
import { createPostgresDatabase, type Ground, hasPostgres, openGround } from '../support/ground.js'
import { adminResource, ask, noon, shop, withRules } from './scene.js'

const closed: PolicyDocument = withRules({ id: 'stop', effect: 'deny', when: {} })

/** One process of a server, with what it recorded. */
function createStore(database: Database): PolicyStore & { readonly records: AuditRecord[] } {
  const records: AuditRecord[] = []
  const record = async (record: AuditRecord): Promise<void> => void records.push(record)
  return {
    ...createPolicyStore({ database, now: () => noon, settings: { adminResource }, audit: { record } }),
    records,
  }
}

describe('a policy store', () => {
  let ground: Ground
  let database: Database
  beforeAll(async () => {
    ground = await openGround()
    database = ground.database
  })
  afterAll(() => ground.close())
  beforeEach(() => database.query('truncate policy_versions'))

  it('refuses everything before there is a policy', async () => {
    const store = createStore(database)
    const policy = await store.current()
    expect(policy).toMatchObject({ version: 0, document: { permissions: {}, rules: [] } })
    expect(policy.decide(ask())).toMatchObject({ allowed: false, verdicts: [{ code: 'unknown_permission' }] })
    await store.replace(shop, { by: 'alice' })
    expect((await store.current()).decide(ask()).allowed).toBe(true)
  })

  it('counts from the next question on, in every process', async () => {
    const [one, two] = [createStore(database), createStore(database)]
    await one.replace(shop, { by: 'alice' })
    expect((await two.current()).decide(ask())).toMatchObject({ allowed: true, version: 1 })
    await two.replace(closed, { by: 'bob', expectedVersion: 1 })
    expect((await one.current()).decide(ask())).toMatchObject({ allowed: false, version: 2 })
    await one.replace(shop, { by: 'alice' })
    expect((await two.current()).decide(ask())).toMatchObject({ allowed: true, version: 3 })
  })

  it('keeps what it read while nothing changes, at one statement a question', async () => {
    const statements: string[] = []
    const counted: Database = {
      ...database,
      query: (text, values) => {
        statements.push(text)
        return database.query(text, values)
      },
    }
    await createStore(database).replace(shop, { by: 'alice' })
    const store = createStore(counted)
    const policy = await store.current()
    expect(statements).toHaveLength(2)
    expect(await store.current()).toBe(policy)
    expect(await store.current()).toBe(policy)
    expect(statements).toHaveLength(4)
  })

  it('hands over earlier versions, and lists who made them', async () => {
    const store = createStore(database)
    await store.replace(shop, { by: 'alice' })
    await store.replace(closed, { by: 'bob' })
    expect((await store.at(1))?.decide(ask())).toMatchObject({ allowed: true, version: 1 })
    expect((await store.at(2))?.decide(ask())).toMatchObject({ allowed: false, version: 2 })
    expect((await store.at(0))?.document.rules).toEqual([])
    expect(await store.at(3)).toBe(undefined)
    const versions = await store.versions({ limit: 10 })
    expect(versions).toMatchObject([
      { version: 2, createdBy: 'bob' },
      { version: 1, createdBy: 'alice' },
    ])
    expect(await store.versions({ limit: 1 })).toHaveLength(1)
    expect(await store.versions({ before: 2, limit: 10 })).toMatchObject([{ version: 1 }])
  })

  it('refuses a change made from another version, and takes the same one from the newest', async () => {
    const store = createStore(database)
    await store.replace(shop, { by: 'alice', expectedVersion: 0 })
    await expect(store.replace(closed, { by: 'bob', expectedVersion: 0 })).rejects.toThrow(StaleVersionError)
    await expect(store.replace(closed, { by: 'bob', expectedVersion: 2 })).rejects.toThrow(StaleVersionError)
    expect(await store.current()).toMatchObject({ version: 1 })
    expect(await store.replace(closed, { by: 'bob', expectedVersion: 1 })).toMatchObject({ version: 2 })
  })

  it('refuses a document that is wrong, and keeps nothing of it', async () => {
    const store = createStore(database)
    const wrong = { ...shop, roles: { r: { permissions: ['gone'] } } }
    await expect(store.replace(wrong, { by: 'alice' })).rejects.toThrow(InvalidInputError)
    expect(await store.current()).toMatchObject({ version: 0 })
    expect(store.records).toEqual([])
  })

  it('makes no version of what is there already', async () => {
    const store = createStore(database)
    await store.replace(shop, { by: 'alice' })
    const reversed = Object.fromEntries(Object.entries(shop).toReversed())
    expect(await store.replace(reversed, { by: 'bob' })).toMatchObject({ version: 1 })
    expect(store.records).toHaveLength(2)
  })

  it('forgets a version that was rolled back, also when another takes its number', async () => {
    const [one, two] = [createStore(database), createStore(database)]
    const failed = database.transaction(async () => {
      await one.replace(shop, { by: 'alice' })
      expect(await one.current()).toMatchObject({ version: 1, document: { rules: [] } })
      throw new Error('no')
    })
    await expect(failed).rejects.toThrow('no')
    expect(await one.current()).toMatchObject({ version: 0 })
    await two.replace(closed, { by: 'bob' })
    expect((await one.current()).document.rules).toHaveLength(1)
  })

  it('records what became different, as it was and as it is', async () => {
    const store = createStore(database)
    await store.replace(shop, { by: 'alice' })
    store.records.length = 0
    const { reader: _, ...others } = shop.roles
    const support = { permissions: ['billing:read'] }
    await store.replace({ ...closed, roles: { ...others, support } }, { by: 'bob' })
    const [policy, role, rule, ...rest] = store.records
    expect(rest).toEqual([])
    expect(policy).toMatchObject({
      type: 'policy.changed',
      change: { by: 'bob', before: { version: 1 }, after: { version: 2 } },
    })
    expect(role).toMatchObject({
      type: 'role.changed',
      change: {
        by: 'bob',
        before: { support: shop.roles.support, reader: shop.roles.reader },
        after: { support, reader: null },
      },
    })
    expect(rule).toMatchObject({
      type: 'rule.changed',
      change: { before: { stop: null }, after: { stop: { effect: 'deny' } } },
    })
    expect(JSON.stringify(role)).not.toContain('operator')
  })

  it('records permissions with the policy, and rules in another order', async () => {
    const store = createStore(database)
    const rules = ['one', 'two'].map((id) => ({ id, effect: 'deny' as const, when: { agents: [id] } }))
    await store.replace(withRules(...rules), { by: 'alice' })
    store.records.length = 0
    await store.replace(withRules(...rules.toReversed()), { by: 'alice' })
    expect(store.records).toMatchObject([{ type: 'policy.changed', detail: { reordered: true } }])
    store.records.length = 0
    const { 'orders:read': read, ...others } = shop.permissions
    await store.replace(
      {
        ...withRules(...rules.toReversed()),
        permissions: { ...others, 'orders:read': { ...read, words: 'See orders' } },
      },
      { by: 'alice' },
    )
    expect(store.records).toMatchObject([
      {
        type: 'policy.changed',
        detail: { reordered: false },
        change: {
          before: { permissions: { 'orders:read': { words: 'Read your orders' } } },
          after: { permissions: { 'orders:read': { words: 'See orders' } } },
        },
      },
    ])
  })

  it('says what a document would change, and changes nothing', async () => {
    const store = createStore(database)
    await store.replace(shop, { by: 'alice' })
    const tried = await store.dryRun(closed, [ask(), ask({ scope: ['made:up'] })])
    expect(tried).toMatchObject({
      version: 1,
      changed: true,
      answers: [
        { changed: true, before: { allowed: true }, after: { allowed: false, permissions: [{ row: 'rules.stop' }] } },
        {
          changed: true,
          before: { permissions: [{ code: 'unknown_permission' }] },
          after: { permissions: [{ code: 'denied_by_rule' }] },
        },
      ],
    })
    expect(await store.dryRun(shop, [ask()])).toMatchObject({ changed: false, answers: [{ changed: false }] })
    await expect(store.dryRun({ ...shop, extra: 1 }, [])).rejects.toThrow(InvalidInputError)
    expect(await store.current()).toMatchObject({ version: 1 })
    expect(await store.versions({ limit: 10 })).toHaveLength(1)
  })

  it('fails, rather than refuses, where the database does', async () => {
    const broken: Database = { ...database, query: () => Promise.reject(new Error('gone')) }
    await expect(createStore(broken).current()).rejects.toThrow('gone')
  })
})

describeWith('PostgreSQL on 127.0.0.1:5432', hasPostgres, 'policy stores of several processes', () => {
  let server: Awaited<ReturnType<typeof createPostgresDatabase>>
  const grounds: Ground[] = []
  beforeAll(async () => {
    server = await createPostgresDatabase()
    for (let process = 0; process < 3; process++) grounds.push(await openGround({ database: server.url }))
  })
  afterAll(async () => {
    for (const ground of grounds) await ground.close()
    await server.drop()
  })

  it('take one of several changes made from the same version', async () => {
    const stores = grounds.map(({ database }) => createStore(database))
    for (const expectedVersion of [0, 1, 2, 3]) {
      const outcomes = await Promise.allSettled(
        stores.map((store, index) =>
          store.replace(withRules({ id: `by-${index}-${expectedVersion}`, effect: 'deny', when: {} }), {
            by: 'x',
            expectedVersion,
          }),
        ),
      )
      expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected', 'rejected'])
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(StaleVersionError)
      }
      const seen = await Promise.all(stores.map((store) => store.current()))
      expect(new Set(seen.map(({ version, digest }) => `${version} ${digest}`)).size).toBe(1)
      expect(seen[0]?.version).toBe(expectedVersion + 1)
    }
  })

  it('take all of several changes that name no version, one after the other', async () => {
    const stores = grounds.map(({ database }) => createStore(database))
    const before = await stores[0]?.current()
    const made = await Promise.all(
      stores.map((store, index) =>
        store.replace(withRules({ id: `any-${index}`, effect: 'deny', when: {} }), { by: 'x' }),
      ),
    )
    const from = before?.version ?? 0
    expect(made.map(({ version }) => version).toSorted((a, b) => a - b)).toEqual([from + 1, from + 2, from + 3])
  })
})
