import { describe, expect, it } from 'vitest'
import type { PolicyDocument, Rule } from '../../../packages/auth-server/dist/policy/document.js'
import type { PolicyFacts } from '../../../packages/auth-server/dist/policy/lint.js'
import { billing, orders, policyOf, shop, withRules } from './scene.js'

type When = Rule['when']
const deny = (id: string, when: When): Rule => ({ id, effect: 'deny', when })
const allow = (id: string, when: When): Rule => ({ id, effect: 'allow', when })

/** The findings about rules, as `code row < other`. */
function ruleFindings(...rules: readonly Rule[]): readonly string[] {
  return policyOf(withRules(...rules))
    .lint()
    .filter(({ row }) => row.startsWith('rules.'))
    .map(({ code, row, other }) => `${code} ${row}${other === undefined ? '' : ` < ${other}`}`)
}

const narrow: When = { agents: ['a'], permissions: ['billing:read'] }

/** Two rules of which the second is odd because of the first, and a first one that leaves it its use. */
const pairs: readonly [string, Rule, string, Rule][] = [
  [
    'a deny after a broader deny',
    deny('wide', { agents: ['a', 'b'] }),
    'shadowed_rule',
    deny('wide', { agents: ['b'] }),
  ],
  ['a deny after the same deny', deny('wide', narrow), 'shadowed_rule', deny('wide', { ...narrow, weekdays: [1] })],
  [
    'a deny after one of its API',
    deny('wide', { resources: [billing] }),
    'shadowed_rule',
    deny('wide', { resources: [orders] }),
  ],
  [
    'a deny after one of its risk',
    deny('wide', { risks: ['low'] }),
    'shadowed_rule',
    deny('wide', { risks: ['medium', 'high'] }),
  ],
  ['a deny after one of both modes', deny('wide', {}), 'shadowed_rule', deny('wide', { mode: 'direct' })],
  [
    'a deny after one of every hour but none',
    deny('wide', { permissions: ['billing:read'] }),
    'shadowed_rule',
    deny('wide', { hours: { from: '00:00', to: '23:59' } }),
  ],
]

describe('lint of rules', () => {
  it.each(pairs)('finds %s, and nothing where it still counts', (_name, first, code, harmless) => {
    const second = deny('narrow', narrow)
    expect(ruleFindings(first, second)).toEqual([`${code} rules.narrow < rules.wide`])
    expect(ruleFindings(harmless, second)).toEqual([])
  })

  it('does not call the first of two denies shadowed', () => {
    expect(ruleFindings(deny('narrow', narrow), deny('wide', { agents: ['a'] }))).toEqual([])
  })

  it('finds an allow that a deny takes back, wherever the deny stands', () => {
    const rules = [allow('yes', narrow), deny('no', { permissions: ['billing:read'] })]
    expect(ruleFindings(...rules)).toEqual(['unreachable_rule rules.yes < rules.no'])
    expect(ruleFindings(...rules.toReversed())).toEqual(['unreachable_rule rules.yes < rules.no'])
    expect(ruleFindings(allow('yes', narrow), deny('no', { permissions: ['billing:refund'] }))).toEqual([])
  })

  it('finds an allow of what its roles have anyway', () => {
    const when = { roles: ['reader'], permissions: ['billing:read'] }
    expect(ruleFindings(allow('yes', when))).toEqual(['shadowed_rule rules.yes < roles.reader'])
    expect(ruleFindings(allow('yes', { ...when, permissions: ['billing:refund'] }))).toEqual([])
  })

  it('finds the narrower of two stretches of hours, over midnight too', () => {
    const night = deny('night', { hours: { from: '22:00', to: '06:00' } })
    expect(ruleFindings(night, deny('late', { hours: { from: '23:00', to: '05:00' } }))).toEqual([
      'shadowed_rule rules.late < rules.night',
    ])
    expect(ruleFindings(night, deny('early', { hours: { from: '05:00', to: '07:00' } }))).toEqual([])
  })

  it('finds a stricter demand on the authentication covered by a laxer one', () => {
    const strict = deny('strict', { acrNot: ['mfa'] })
    expect(ruleFindings(strict, deny('lax', { acrNot: ['mfa', 'pwd'] }))).toEqual([
      'shadowed_rule rules.lax < rules.strict',
    ])
    expect(ruleFindings(deny('lax', { acrNot: ['mfa', 'pwd'] }), strict)).toEqual([])
  })

  it.each<[string, When, When]>([
    [
      'permissions and resources that do not go together',
      { permissions: ['billing:read'], resources: [orders] },
      { permissions: ['billing:read'], resources: [billing] },
    ],
    [
      'risks that none of its permissions has',
      { permissions: ['billing:read'], risks: ['high'] },
      { permissions: ['billing:read'], risks: ['low'] },
    ],
    ['a person in direct access', { mode: 'direct', subjects: ['alice'] }, { mode: 'delegated', subjects: ['alice'] }],
    [
      'tools that may not use its permissions',
      { permissions: ['billing:read'], tools: ['refund'] },
      { permissions: ['billing:read'], tools: ['get_billing'] },
    ],
  ])('finds a rule of %s', (_name, never, sometimes) => {
    expect(ruleFindings(deny('odd', never))).toEqual(['unreachable_rule rules.odd'])
    expect(ruleFindings(deny('odd', sometimes))).toEqual([])
  })

  it('finds an allow that is broader than it looks', () => {
    expect(ruleFindings(allow('yes', { permissions: ['billing:read'] }))).toEqual(['broad_allow rules.yes'])
    expect(ruleFindings(allow('yes', { agents: ['a'] }))).toEqual(['broad_allow rules.yes'])
    expect(ruleFindings(allow('yes', narrow))).toEqual([])
  })

  it('finds a tool that no permission lists', () => {
    const finding = 'unknown_name rules.odd.when.tools'
    expect(ruleFindings(deny('odd', { tools: ['refund', 'made_up'] }))).toEqual([finding])
    expect(ruleFindings(deny('odd', { tools: ['refund'] }))).toEqual([])
  })
})

function findings(document: PolicyDocument, facts?: PolicyFacts): readonly string[] {
  return policyOf(document)
    .lint(facts)
    .map(({ code, row }) => `${code} ${row}`)
}

const facts: PolicyFacts = {
  agents: [
    { id: 'agent:support', status: 'active', roles: ['support', 'operator'], ceiling: null },
    { id: 'agent:reader', status: 'suspended', roles: ['reader'], ceiling: ['billing:read', 'admin:read'] },
  ],
  accounts: [{ subject: 'alice', permissions: ['billing:read', 'admin:write'] }],
  clients: [{ id: 'billing-api' }],
}

describe('lint of the rest', () => {
  it('finds nothing in a shop where everything fits', () => {
    expect(findings(shop, facts)).toEqual([])
    expect(findings(shop)).toEqual([])
  })

  it('finds roles that give nothing', () => {
    expect(findings({ ...shop, roles: { ...shop.roles, idle: { permissions: [] } } })).toEqual([
      'unusable_role roles.idle',
    ])
    const stop = deny('stop', { permissions: ['billing:read', 'orders:read'] })
    expect(findings(withRules(stop))).toEqual(['unusable_role roles.reader'])
    expect(findings(withRules(deny('stop', { permissions: ['billing:read'] })))).toEqual([])
    expect(findings(withRules(deny('stop', { permissions: ['billing:read', 'orders:read'], weekdays: [1] })))).toEqual(
      [],
    )
  })

  it('finds permissions that no role has, resources without any, and names that read as everything', () => {
    const extra = { resource: billing, words: 'Everything', risk: 'high', consent: 'none' } as const
    const document = {
      ...shop,
      resources: { ...shop.resources, 'urn:idle': { name: 'Idle' } },
      permissions: { ...shop.permissions, 'billing:*': extra, 'billing.all': extra, 'billing:allowance': extra },
      roles: { ...shop.roles, wide: { permissions: ['billing:*', 'billing.all'] } },
    }
    expect(findings(document)).toEqual([
      'unused_permission permissions.billing:allowance',
      'unused_resource resources.urn:idle',
      'wildcard_scope permissions.billing.all',
      'wildcard_scope permissions.billing:*',
    ])
    const given = [allow('yes', { agents: ['a'], permissions: ['billing:allowance'] })]
    expect(findings({ ...document, rules: given })).not.toContain('unused_permission permissions.billing:allowance')
  })

  it('finds a permission whose downstream demands a fresher sign-in than it does', () => {
    const read = { resource: billing, words: 'Read', risk: 'low', consent: 'none' } as const
    const withAges = (outer: object, inner: object) =>
      findings({
        ...shop,
        permissions: {
          ...shop.permissions,
          'billing:outer': { ...read, downstream: ['orders:read', 'billing:inner'], ...outer },
          'billing:inner': { ...read, ...inner },
        },
        roles: { ...shop.roles, both: { permissions: ['billing:outer', 'billing:inner'] } },
      })
    const found = ['stricter_downstream permissions.billing:outer.downstream']
    expect(withAges({}, { maxAge: 60 })).toEqual(found)
    expect(withAges({ maxAge: 300 }, { maxAge: 60 })).toEqual(found)
    expect(withAges({ maxAge: 60 }, { maxAge: 60 })).toEqual([])
    expect(withAges({ maxAge: 60 }, {})).toEqual([])
  })

  it('takes no wildcard for more than its own name', () => {
    const star = { resource: billing, words: 'Everything', risk: 'high', consent: 'none' } as const
    const policy = policyOf({
      ...shop,
      permissions: { ...shop.permissions, 'billing:*': star },
      roles: { r: { permissions: ['billing:*'] } },
    })
    const question = {
      agent: { id: 'a', status: 'active', roles: ['r'], ceiling: null },
      resource: billing,
      now: 0,
    } as const
    expect(policy.decide({ ...question, scope: ['billing:*'] }).allowed).toBe(true)
    expect(policy.decide({ ...question, scope: ['billing:read'], tool: 'get_billing' }).allowed).toBe(false)
  })

  it('finds a role that no agent has, and names that no one has, once it is told who there is', () => {
    const document = withRules(deny('one', { agents: ['agent:gone'], subjects: ['zoe'] }))
    expect(findings(document)).toEqual([])
    expect(findings(document, { agents: [], accounts: [], clients: [] })).toEqual([
      'unused_role roles.operator',
      'unused_role roles.reader',
      'unused_role roles.support',
      'unknown_name rules.one.when.agents',
      'unknown_name rules.one.when.subjects',
      'unknown_name resources.https://billing.example.com.clients',
    ])
  })

  it('finds what agents and people still have of a document that was', () => {
    const agents = [{ id: 'agent:old', status: 'active' as const, roles: ['gone'], ceiling: ['gone:too'] }]
    const accounts = [{ subject: 'bob', permissions: ['billing:read', 'gone:as-well'] }]
    expect(findings(shop, { ...facts, agents: [...(facts.agents ?? []), ...agents], accounts })).toEqual([
      'unknown_name agents.agent:old.roles',
      'unknown_name agents.agent:old.ceiling',
      'unknown_name accounts.bob.permissions',
    ])
  })

  it('counts a retired agent as none', () => {
    const retired = (facts.agents ?? []).map((agent) => ({ ...agent, status: 'retired' as const }))
    expect(findings(shop, { agents: retired })).toHaveLength(3)
  })
})
