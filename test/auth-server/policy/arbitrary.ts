import * as fc from 'fast-check'
import type { PolicyQuestion } from '../../../packages/auth-server/dist/policy/decision.js'
import type { Condition, Permission, PolicyDocument, Rule } from '../../../packages/auth-server/dist/policy/document.js'

const agents = ['agent:a', 'agent:b', 'agent:c']
const roles = ['r1', 'r2', 'r3']
const permissions = ['p1', 'p2', 'p3', 'p4']
const resources = ['https://one.example.com', 'https://two.example.com']
const subjects = ['alice', 'bob']
const tools = ['t1', 't2', 't3']
const risks = ['low', 'medium', 'high'] as const
const acrs = ['pwd', 'mfa']
const times = ['00:00', '06:30', '12:00', '23:59']

const some = <Item>(items: readonly Item[]): fc.Arbitrary<Item[]> => fc.subarray([...items], { minLength: 1 })
const maybe = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> =>
  fc.option(value, { nil: undefined, freq: 2 })
const without = <Shape extends object>(shape: Shape): Shape =>
  Object.fromEntries(Object.entries(shape).filter(([, value]) => value !== undefined)) as Shape // undefined members alone go

const condition: fc.Arbitrary<Condition> = fc
  .record({
    agents: maybe(some(agents)),
    roles: maybe(some(roles)),
    permissions: maybe(some(permissions)),
    resources: maybe(some(resources)),
    subjects: fc.option(some(subjects), { nil: undefined, freq: 1 }),
    tools: fc.option(some(tools), { nil: undefined, freq: 1 }),
    risks: fc.option(some(risks), { nil: undefined, freq: 1 }),
    mode: fc.option(fc.constantFrom('delegated' as const, 'direct' as const), { nil: undefined, freq: 1 }),
    hours: fc.option(
      fc
        .subarray(times, { minLength: 2, maxLength: 2 })
        .chain(([a = '', b = '']) => fc.constantFrom({ from: a, to: b }, { from: b, to: a })),
      { nil: undefined, freq: 1 },
    ),
    weekdays: fc.option(some([1, 2, 3, 4, 5, 6, 7]), { nil: undefined, freq: 1 }),
    acrNot: fc.option(some(acrs), { nil: undefined, freq: 1 }),
  })
  .map(without)

const permission: fc.Arbitrary<Permission> = fc
  .record({
    resource: fc.constantFrom(...resources),
    words: fc.constant('Something'),
    risk: fc.constantFrom(...risks),
    consent: fc.constant('none' as const),
    tools: maybe(some(tools)),
    maxAge: fc.option(fc.constantFrom(60, 300), { nil: undefined, freq: 1 }),
  })
  .map(without)

const rules: fc.Arbitrary<Rule[]> = fc
  .array(fc.record({ effect: fc.constantFrom('allow' as const, 'deny' as const), when: condition }), { maxLength: 12 })
  .map((list) => list.map((rule, index) => ({ id: `rule-${index}`, ...rule })))

/** Any document over a few names. */
export const document: fc.Arbitrary<PolicyDocument> = fc.record({
  schema: fc.constant('behalf-policy/1' as const),
  resources: fc.constant(Object.fromEntries(resources.map((name) => [name, { name }]))),
  permissions: fc.record(Object.fromEntries(permissions.map((name) => [name, permission]))),
  roles: fc.record(
    Object.fromEntries(roles.map((name) => [name, fc.record({ permissions: fc.subarray(permissions) })])),
  ),
  rules,
})

/** Any question over the same names, and one more of each. */
export const question: fc.Arbitrary<PolicyQuestion> = fc
  .record({
    agent: fc.record({
      id: fc.constantFrom(...agents, 'agent:z'),
      status: fc.constantFrom(...(['active', 'active', 'active', 'active', 'suspended', 'retired'] as const)),
      roles: fc.subarray([...roles, 'r9']),
      ceiling: fc.option(fc.subarray(permissions), { nil: null, freq: 1 }),
      lockedUntil: fc.constantFrom(null, null, null, undefined, 0, 4_000_000_000),
    }),
    subject: maybe(
      fc.record({
        id: fc.constantFrom(...subjects, 'zoe'),
        permissions: fc.subarray(permissions),
        acr: fc.constantFrom(...acrs, undefined),
      }),
    ),
    resource: fc.constantFrom(...resources),
    scope: fc.subarray([...permissions, 'p9'], { minLength: 1 }),
    tool: fc.constantFrom(...tools, 't9', undefined),
    now: fc.integer({ min: 0, max: 3_000_000_000 }),
    signInAge: fc.constantFrom(0, 60, 61, 300, 301, undefined),
  })
  .map(({ signInAge, subject, ...rest }) => ({
    ...rest,
    ...(subject && { subject: { ...subject, ...(signInAge !== undefined && { authTime: rest.now - signInAge }) } }),
  }))
