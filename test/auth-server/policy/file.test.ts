import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createAccounts } from '../../../packages/auth-server/dist/accounts/accounts.js'
import { createAgents } from '../../../packages/auth-server/dist/agents/agents.js'
import type { AuditRecord } from '../../../packages/auth-server/dist/audit/record.js'
import { ConflictError, InvalidInputError, StaleVersionError } from '../../../packages/auth-server/dist/errors.js'
import { createPolicyStore } from '../../../packages/auth-server/dist/policy/create-policy-store.js'
import { type ImportContext, importPolicyFile } from '../../../packages/auth-server/dist/policy/import-policy-file.js'
import type { PolicyFile } from '../../../packages/auth-server/dist/policy/policy-file.js'
import { formatPolicyFile, writePolicyFile } from '../../../packages/auth-server/dist/policy/write-policy-file.js'
import { type Ground, openGround } from '../support/ground.js'
import { shop, withRules } from './scene.js'

const rule = {
  id: 'nights',
  effect: 'deny',
  when: { hours: { from: '22:00', to: '06:00' }, weekdays: [6, 7] },
} as const

const file: PolicyFile = {
  ...withRules(rule),
  agents: {
    'agent:support': { name: 'Support', owner: 'care team', roles: ['support'], ceiling: ['billing:read'] },
    'agent:new': { name: 'New', owner: 'yes', description: 'Two\nlines', status: 'suspended' },
  },
  accounts: { alice: { permissions: ['billing:read', 'orders:read'] } },
}

interface Server extends ImportContext {
  readonly recorded: AuditRecord[]
  readonly withdrawn: Ground['withdrawn']
}

let ground: Ground
let server: Server

beforeAll(async () => {
  ground = await openGround()
  const { accounts } = await startServer()
  const password = 'a long password'
  await accounts.create({ subject: 'alice', username: 'alice', name: 'Alice', permissions: [], password })
  await accounts.create({ subject: 'bob', username: 'bob', name: 'Bob', permissions: [], password })
})
afterAll(() => ground.close())
beforeEach(async () => {
  for (const table of ['policy_versions', 'agents']) await ground.database.query(`truncate ${table} cascade`)
  server = await startServer()
  await server.accounts.change('alice', { permissions: [] })
  await server.accounts.change('bob', { permissions: ['orders:read'] })
})

/** The parts of a server that a file is about. */
async function startServer(): Promise<Server> {
  const own = await openGround({}, ground.database)
  return { ...own, agents: createAgents(own), accounts: createAccounts(own), policy: createPolicyStore(own) }
}

const by = 'carol'
const load = (text: string, more: object = {}) => importPolicyFile(server, text, { by, ...more })

describe('a policy file', () => {
  it('makes the server what it says, and is written as it was read', async () => {
    const text = formatPolicyFile(file)
    const result = await load(text)
    expect(result).toMatchObject({
      version: 1,
      agents: { registered: ['agent:new', 'agent:support'], changed: [] },
      accounts: { changed: ['alice'] },
      unlisted: { agents: [], accounts: ['bob'] },
    })
    expect((await server.policy.current()).document).toEqual(withRules(rule))
    expect(await server.agents.find('agent:support')).toMatchObject({
      roles: ['support'],
      ceiling: ['billing:read'],
      status: 'active',
    })
    expect(await server.agents.find('agent:new')).toMatchObject({
      description: 'Two\nlines',
      status: 'suspended',
      ceiling: null,
    })
    expect(await server.accounts.find('alice')).toMatchObject({ permissions: ['billing:read', 'orders:read'] })
    const everyone = { ...file, accounts: { ...file.accounts, bob: { permissions: ['orders:read'] } } }
    expect(await writePolicyFile(server)).toBe(formatPolicyFile(everyone))
  })

  it('changes nothing when what was written is read', async () => {
    await load(formatPolicyFile(file))
    const written = await writePolicyFile(server)
    server.recorded.length = 0
    const result = await load(written)
    expect(result).toEqual({
      version: 1,
      policy: { reordered: false },
      agents: { registered: [], changed: [] },
      accounts: { changed: [] },
      unlisted: { agents: [], accounts: [] },
    })
    expect(server.recorded).toEqual([])
    expect(await writePolicyFile(server)).toBe(written)
  })

  it('is the same text whatever the order of what it is made from', () => {
    const turned = (value: unknown): unknown =>
      typeof value !== 'object' || value === null || Array.isArray(value)
        ? value
        : Object.fromEntries(
            Object.entries(value)
              .toReversed()
              .map(([name, member]) => [name, turned(member)]),
          )
    const reversed = { ...file, ...(turned(file) as PolicyFile), rules: file.rules } // the same members in another order
    expect(formatPolicyFile(reversed)).toBe(formatPolicyFile(file))
    expect(formatPolicyFile(file)).toMatch(/^schema: behalf-policy\/1\nresources:\n/u)
  })

  it('reads JSON too', async () => {
    expect(await load(JSON.stringify(file))).toMatchObject({ version: 1 })
  })

  it('changes what differs, and records it with who asked', async () => {
    await load(formatPolicyFile(file))
    server.recorded.length = 0
    const changed: PolicyFile = {
      ...shop,
      agents: { 'agent:support': { name: 'Support', owner: 'care team', status: 'suspended', roles: ['reader'] } },
      accounts: { alice: { permissions: ['orders:read'] } },
    }
    const result = await load(formatPolicyFile(changed), { expectedVersion: 1 })
    expect(result).toMatchObject({
      version: 2,
      policy: { rules: { before: { nights: {} }, after: { nights: null } } },
      agents: { registered: [], changed: ['agent:support'] },
      accounts: { changed: ['alice'] },
      unlisted: { agents: ['agent:new'], accounts: ['bob'] },
    })
    expect(server.recorded.map(({ type, change }) => [type, change?.by])).toEqual([
      ['policy.changed', by],
      ['rule.changed', by],
      ['agent.suspended', by],
      ['role.changed', by],
      ['account.changed', by],
    ])
    expect(server.withdrawn).toMatchObject([{ kind: 'agent', value: 'agent:support', by }])
    expect(await server.agents.find('agent:support')).toMatchObject({ ceiling: null, roles: ['reader'] })
    expect(await server.agents.find('agent:new')).toMatchObject({ status: 'suspended' })
  })

  it('only says what it would change when asked to', async () => {
    const tried = await load(formatPolicyFile(file), { dryRun: true })
    expect(tried).toMatchObject({ version: 0, agents: { registered: ['agent:new', 'agent:support'] } })
    expect(await server.policy.current()).toMatchObject({ version: 0 })
    expect(await server.agents.list({ limit: 10 })).toEqual([])
    expect(server.recorded).toEqual([])
    const { version: _, ...changes } = tried
    expect(await load(formatPolicyFile(file))).toMatchObject(changes)
  })

  it('is taken whole or not at all', async () => {
    await load(formatPolicyFile(file))
    await server.agents.change('agent:new', { status: 'retired' })
    const before = await writePolicyFile(server)
    // the last change of the file is the one that cannot be made: who is retired stays so
    const wrong = { ...shop, agents: { ...file.agents, 'agent:another': { name: 'A', owner: 'o' } } }
    await expect(load(formatPolicyFile(wrong))).rejects.toThrow(ConflictError)
    expect(await writePolicyFile(server)).toBe(before)
    expect(await server.policy.current()).toMatchObject({ version: 1 })
  })

  it('is refused when the policy is another by now', async () => {
    await load(formatPolicyFile(file))
    await expect(load(formatPolicyFile(shop), { expectedVersion: 0 })).rejects.toThrow(StaleVersionError)
    expect(await load(formatPolicyFile(shop), { expectedVersion: 1 })).toMatchObject({ version: 2 })
  })

  it.each<[string, object, RegExp]>([
    ['a person without an account', { accounts: { zoe: { permissions: [] } } }, /accounts\.zoe: has no account/u],
    [
      'an unknown role',
      { agents: { 'agent:x': { name: 'X', owner: 'o', roles: ['gone'] } } },
      /agents\.agent:x\.roles: no role gone/u,
    ],
    [
      'an unknown ceiling',
      { agents: { 'agent:x': { name: 'X', owner: 'o', ceiling: ['gone'] } } },
      /ceiling: no permission gone/u,
    ],
    [
      'an unknown permission',
      { accounts: { alice: { permissions: ['gone'] } } },
      /accounts\.alice\.permissions: no permission gone/u,
    ],
    ['an agent that is not named as one', { agents: { alice: { name: 'X', owner: 'o' } } }, /agent:/u],
    ['a password', { accounts: { alice: { permissions: [], password: 'x' } } }, /password/u],
    ['a member it does not know', { clients: {} }, /clients/u],
  ])('with %s is refused whole', async (_name, wrong, words) => {
    await expect(load(JSON.stringify({ ...shop, ...wrong }))).rejects.toThrow(words)
    await expect(load(JSON.stringify({ ...shop, ...wrong }))).rejects.toThrow(InvalidInputError)
    expect(await server.policy.current()).toMatchObject({ version: 0 })
    expect(await load(JSON.stringify(shop))).toMatchObject({ version: 1 })
  })
})
