import { describe, expect, it } from 'vitest'
import type { PolicyQuestion, VerdictCode } from '../../../packages/auth-server/dist/policy/decision.js'
import type { Condition, PolicyDocument } from '../../../packages/auth-server/dist/policy/document.js'
import { adminResource, ask, noon, orders, policyOf, shop, withRules } from './scene.js'

/** A question that is refused, and the nearest one that is not. */
interface Pair {
  readonly name: string
  readonly code: VerdictCode
  readonly row: string
  readonly refused: PolicyQuestion
  readonly allowed: PolicyQuestion
  readonly document?: PolicyDocument
}

/** Reading orders demands a sign-in within a minute. */
const fresh: PolicyDocument = {
  ...shop,
  permissions: {
    ...shop.permissions,
    'orders:read': { resource: orders, words: 'Read your orders', risk: 'low', consent: 'once', maxAge: 60 },
  },
}
const readOrders = { resource: orders, scope: ['orders:read'] }
const reader = { id: 'alice', permissions: ['orders:read'] }

const pairs: readonly Pair[] = [
  {
    name: 'a suspended agent',
    code: 'agent_inactive',
    row: 'agents.agent:support.status',
    refused: ask({ agent: { status: 'suspended' } }),
    allowed: ask(),
  },
  {
    name: 'a retired agent',
    code: 'agent_inactive',
    row: 'agents.agent:support.status',
    refused: ask({ agent: { status: 'retired' } }),
    allowed: ask(),
  },
  {
    name: 'a locked agent, until the lock ends',
    code: 'agent_locked',
    row: 'agents.agent:support.lockedUntil',
    refused: ask({ agent: { lockedUntil: noon + 1 } }),
    allowed: ask({ agent: { lockedUntil: noon } }),
  },
  {
    name: 'a deny rule, whatever the roles say',
    code: 'denied_by_rule',
    row: 'rules.no-refunds',
    document: withRules({ id: 'no-refunds', effect: 'deny', when: { permissions: ['billing:refund'] } }),
    refused: ask({ scope: ['billing:refund'], tool: 'refund' }),
    allowed: ask(),
  },
  {
    name: 'a permission that no one knows',
    code: 'unknown_permission',
    row: 'unknownPermission',
    refused: ask({ scope: ['billing:erase'] }),
    allowed: ask(),
  },
  {
    name: 'a permission of another API',
    code: 'other_resource',
    row: 'permissions.orders:read.resource',
    refused: ask({ scope: ['orders:read'] }),
    allowed: ask({ scope: ['orders:read'], resource: orders }),
  },
  {
    name: 'a tool that the permission is not for',
    code: 'tool_not_allowed',
    row: 'permissions.billing:read.tools',
    refused: ask({ tool: 'refund' }),
    allowed: ask({ tool: 'get_billing' }),
  },
  {
    name: 'no tool, where the permission lists its tools',
    code: 'tool_not_allowed',
    row: 'permissions.billing:read.tools',
    refused: ask({ tool: undefined }),
    allowed: ask(),
  },
  {
    name: 'a tool that no permission knows, where the permission takes any',
    code: 'tool_not_allowed',
    row: 'permissions.orders:read.tools',
    refused: ask({ scope: ['orders:read'], resource: orders, tool: 'made_up' }),
    allowed: ask({ scope: ['orders:read'], resource: orders, tool: 'refund' }),
  },
  {
    name: 'above the ceiling of the agent',
    code: 'above_ceiling',
    row: 'agents.agent:support.ceiling',
    refused: ask({ agent: { ceiling: ['orders:read'] } }),
    allowed: ask({ agent: { ceiling: ['orders:read', 'billing:read'] } }),
  },
  {
    name: 'a ceiling of nothing',
    code: 'above_ceiling',
    row: 'agents.agent:support.ceiling',
    refused: ask({ agent: { ceiling: [] } }),
    allowed: ask({ agent: { ceiling: null } }),
  },
  {
    name: 'what the person may not do themselves',
    code: 'subject_lacks',
    row: 'accounts.alice.permissions',
    refused: ask({ subject: { id: 'alice', permissions: ['orders:read'] } }),
    allowed: ask({ subject: { id: 'alice', permissions: ['billing:read'] } }),
  },
  {
    name: 'a sign-in that is older than the permission allows',
    code: 'sign_in_too_old',
    row: 'permissions.orders:read.maxAge',
    document: fresh,
    refused: ask({ ...readOrders, subject: { ...reader, authTime: noon - 61 } }),
    allowed: ask({ ...readOrders, subject: { ...reader, authTime: noon - 60 } }),
  },
  {
    name: 'a sign-in of which nobody knows when it was',
    code: 'sign_in_too_old',
    row: 'permissions.orders:read.maxAge',
    document: fresh,
    refused: ask({ ...readOrders, subject: reader }),
    allowed: ask({ ...readOrders, subject: undefined }),
  },
  {
    name: 'an agent without a role, whatever the sign-in',
    code: 'no_role',
    row: 'agents.agent:support.roles',
    document: fresh,
    refused: ask({ ...readOrders, agent: { roles: [] }, subject: reader }),
    allowed: ask({ ...readOrders, subject: { ...reader, authTime: noon } }),
  },
  {
    name: 'an agent without a role for it',
    code: 'no_role',
    row: 'agents.agent:support.roles',
    refused: ask({ agent: { roles: ['reader'] }, scope: ['billing:refund'], tool: 'refund' }),
    allowed: ask({ agent: { roles: ['reader', 'support'] }, scope: ['billing:refund'], tool: 'refund' }),
  },
  {
    name: 'a role that the document does not have',
    code: 'no_role',
    row: 'agents.agent:support.roles',
    refused: ask({ agent: { roles: ['constructor', '__proto__'] } }),
    allowed: ask({ agent: { roles: ['reader'] } }),
  },
]

describe('a decision', () => {
  it.each(pairs)('refuses $name, and allows its twin', ({ code, row, refused, allowed, document = shop }) => {
    const policy = policyOf(document)
    const decision = policy.decide(refused)
    expect(decision).toMatchObject({ allowed: false, version: 7, verdicts: [{ allowed: false, code, row }] })
    expect(policy.decide(allowed)).toMatchObject({ allowed: true, verdicts: [{ allowed: true, code: 'role' }] })
  })

  it('allows no more than every permission asked for together', () => {
    const policy = policyOf(shop)
    const scope = ['billing:read', 'billing:erase']
    const decision = policy.decide(ask({ scope }))
    expect(decision.allowed).toBe(false)
    expect(decision.verdicts.map(({ name, allowed }) => [name, allowed])).toEqual([
      ['billing:read', true],
      ['billing:erase', false],
    ])
  })

  it('refuses a question about nothing', () => {
    expect(policyOf(shop).decide(ask({ scope: [] }))).toEqual({ allowed: false, version: 7, verdicts: [] })
  })

  it('answers a permission asked for twice once', () => {
    expect(policyOf(shop).decide(ask({ scope: ['billing:read', 'billing:read'] })).verdicts).toHaveLength(1)
  })

  it('names the first role that has it, and hands over the permission', () => {
    const decision = policyOf(shop).decide(ask({ agent: { roles: ['operator', 'reader', 'support'] } }))
    expect(decision.verdicts[0]).toMatchObject({
      row: 'roles.reader',
      permission: { words: 'Read your billing details' },
    })
  })

  it('knows nothing that objects inherit', () => {
    for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
      expect(policyOf(shop).decide(ask({ scope: [name] })).verdicts[0]).toMatchObject({ code: 'unknown_permission' })
      expect(policyOf(shop).permission(name)).toBe(undefined)
      expect(policyOf(shop).document.permissions[name]).toBe(undefined)
    }
  })

  it('lets an allow rule give what no role gives, to whom it names', () => {
    const allow: Condition = { agents: ['agent:support'], permissions: ['billing:refund'] }
    const policy = policyOf(withRules({ id: 'trial', effect: 'allow', when: allow }))
    const question = { agent: { roles: [] }, scope: ['billing:refund'], tool: 'refund' }
    expect(policy.decide(ask(question))).toMatchObject({
      allowed: true,
      verdicts: [{ code: 'allow_rule', row: 'rules.trial' }],
    })
    const other = ask({ ...question, agent: { roles: [], id: 'agent:other' } })
    expect(policy.decide(other)).toMatchObject({ allowed: false, verdicts: [{ code: 'no_role' }] })
  })

  it('lets a deny win over an allow that stands before it, and names the first of two denies', () => {
    const when: Condition = { agents: ['agent:support'] }
    const policy = policyOf(
      withRules(
        { id: 'yes', effect: 'allow', when },
        { id: 'no', effect: 'deny', when: { permissions: ['billing:read'] } },
        { id: 'no-again', effect: 'deny', when },
      ),
    )
    expect(policy.decide(ask()).verdicts[0]).toMatchObject({ code: 'denied_by_rule', row: 'rules.no' })
  })

  it('has the admin API built in, for roles to name', () => {
    const question = ask({
      agent: { roles: ['operator'] },
      resource: adminResource,
      scope: ['admin:read'],
      tool: undefined,
    })
    const policy = policyOf(shop)
    expect(policy.decide(question)).toMatchObject({ allowed: true, verdicts: [{ row: 'roles.operator' }] })
    expect(policy.decide({ ...question, scope: ['admin:write'] })).toMatchObject({ allowed: false })
    expect(policy.decide({ ...question, resource: orders }).verdicts[0]).toMatchObject({ code: 'other_resource' })
    expect(policy.resource(adminResource)).toBeDefined()
    expect(policy.permission('admin:write')).toMatchObject({ resource: adminResource, risk: 'high' })
  })
})

/** Conditions of a deny, with a question that each matches and one that it does not. */
const conditions: readonly [string, Condition, PolicyQuestion, PolicyQuestion][] = [
  ['agents', { agents: ['agent:support'] }, ask(), ask({ agent: { id: 'agent:other' } })],
  ['roles', { roles: ['operator'] }, ask({ agent: { roles: ['reader', 'operator'] } }), ask()],
  ['permissions', { permissions: ['billing:read'] }, ask(), ask({ scope: ['billing:refund'], tool: 'refund' })],
  ['resources', { resources: [orders] }, ask({ resource: orders, scope: ['orders:read'] }), ask()],
  ['subjects', { subjects: ['alice'] }, ask(), ask({ subject: { id: 'bob', permissions: ['billing:read'] } })],
  ['subjects, without a person', { subjects: ['alice'] }, ask(), ask({ subject: undefined })],
  ['tools', { tools: ['refund'] }, ask({ scope: ['billing:refund'], tool: 'refund' }), ask()],
  ['risks', { risks: ['high'] }, ask({ scope: ['billing:refund'], tool: 'refund' }), ask()],
  ['mode delegated', { mode: 'delegated' }, ask(), ask({ subject: undefined })],
  ['mode direct', { mode: 'direct' }, ask({ subject: undefined }), ask()],
  ['hours', { hours: { from: '12:00', to: '13:00' } }, ask(), ask({ now: noon + 3600 })],
  ['hours, their start', { hours: { from: '12:00', to: '13:00' } }, ask(), ask({ now: noon - 1 })],
  ['hours over midnight, before', { hours: { from: '22:00', to: '06:00' } }, ask({ now: noon + 43_199 }), ask()],
  ['hours over midnight, after', { hours: { from: '22:00', to: '06:00' } }, ask({ now: noon + 43_200 }), ask()],
  [
    'hours over midnight, their end',
    { hours: { from: '22:00', to: '06:00' } },
    ask({ now: noon - 21_601 }),
    ask({ now: noon - 21_600 }),
  ],
  ['weekdays', { weekdays: [7] }, ask(), ask({ now: noon + 43_200 })],
  ['weekdays, Monday', { weekdays: [1] }, ask({ now: noon + 86_400 }), ask()],
  ['acrNot', { acrNot: ['mfa'] }, ask(), ask({ subject: { id: 'alice', permissions: ['billing:read'], acr: 'mfa' } })],
  [
    'acrNot, where nothing is known',
    { acrNot: ['mfa'] },
    ask({ subject: { id: 'alice', permissions: ['billing:read'] } }),
    ask({ subject: undefined }),
  ],
]

describe('a condition', () => {
  it.each(conditions)('on %s matches what it says and nothing else', (_name, when, matched, unmatched) => {
    const policy = policyOf(withRules({ id: 'no', effect: 'deny', when }))
    expect(policy.decide(matched).verdicts[0]).toMatchObject({ code: 'denied_by_rule', row: 'rules.no' })
    expect(policy.decide(unmatched).allowed).toBe(true)
  })

  it('on two members matches only both', () => {
    const when: Condition = { agents: ['agent:support'], weekdays: [7], risks: ['low'] }
    const policy = policyOf(withRules({ id: 'no', effect: 'deny', when }))
    expect(policy.decide(ask()).allowed).toBe(false)
    expect(policy.decide(ask({ now: noon + 86_400 })).allowed).toBe(true)
    expect(policy.decide(ask({ scope: ['billing:refund'], tool: 'refund' })).allowed).toBe(true)
  })

  it('of a deny on tools is not escaped by naming none, and of an allow is not met', () => {
    const question = ask({ resource: orders, scope: ['orders:read'], tool: undefined })
    const deny = policyOf(withRules({ id: 'no', effect: 'deny', when: { tools: ['refund'] } }))
    expect(deny.decide(question).verdicts[0]).toMatchObject({ code: 'denied_by_rule' })
    expect(deny.decide({ ...question, tool: 'get_billing' }).allowed).toBe(true)
    const allow = policyOf(withRules({ id: 'yes', effect: 'allow', when: { tools: ['refund'] } }))
    const roleless = { ...question, agent: { ...question.agent, roles: [] } }
    expect(allow.decide(roleless).verdicts[0]).toMatchObject({ code: 'no_role' })
    expect(allow.decide({ ...roleless, tool: 'refund' }).allowed).toBe(true)
  })

  it('of nothing matches everything', () => {
    const policy = policyOf(withRules({ id: 'stop', effect: 'deny', when: {} }))
    expect(policy.decide(ask()).verdicts[0]).toMatchObject({ row: 'rules.stop' })
  })
})

describe('an explanation', () => {
  const document = withRules(
    { id: 'yes', effect: 'allow', when: { agents: ['agent:support'] } },
    { id: 'no', effect: 'deny', when: { weekdays: [7] }, why: 'Sundays are quiet' },
    { id: 'elsewhere', effect: 'deny', when: { agents: ['agent:other'] } },
    { id: 'no-again', effect: 'deny', when: { risks: ['low'] } },
  )

  it('has every row that matched, in order, the one that decided first', () => {
    const question = ask({ agent: { ceiling: [], roles: ['reader', 'support'] } })
    const explanation = policyOf(document).explain(question)
    expect(explanation).toMatchObject({ allowed: false, version: 7 })
    const [permission] = explanation.permissions
    expect(permission).toMatchObject({ name: 'billing:read', code: 'denied_by_rule', row: 'rules.no' })
    expect(permission?.rows).toEqual([
      { row: 'rules.no', code: 'denied_by_rule', allowed: false, why: 'Sundays are quiet' },
      { row: 'rules.no-again', code: 'denied_by_rule', allowed: false },
      { row: 'agents.agent:support.ceiling', code: 'above_ceiling', allowed: false },
      { row: 'roles.reader', code: 'role', allowed: true },
      { row: 'roles.support', code: 'role', allowed: true },
      { row: 'rules.yes', code: 'allow_rule', allowed: true },
    ])
  })

  it('of what is allowed has nothing but what allows it', () => {
    const [permission] = policyOf(shop).explain(ask()).permissions
    expect(permission?.rows).toEqual([{ row: 'roles.support', code: 'role', allowed: true }])
  })

  it('of a sign-in that is too old says so before what allows it, and after what refuses it anyway', () => {
    const rowsOf = (agent: Partial<PolicyQuestion['agent']>) =>
      policyOf(fresh)
        .explain(ask({ ...readOrders, subject: reader, agent }))
        .permissions.flatMap(({ rows }) => rows.map(({ row }) => row))
    const old = 'permissions.orders:read.maxAge'
    expect(rowsOf({ roles: ['reader', 'support'] })).toEqual([old, 'roles.reader', 'roles.support'])
    expect(rowsOf({ roles: [] })).toEqual(['agents.agent:support.roles', old])
    expect(rowsOf({ ceiling: [] })).toEqual(['agents.agent:support.ceiling', old, 'roles.support'])
  })

  it('of what no row knows has the row that says so', () => {
    const [permission] = policyOf(shop).explain(ask({ scope: ['made:up'] })).permissions
    expect(permission?.rows).toEqual([{ row: 'unknownPermission', code: 'unknown_permission', allowed: false }])
  })
})
