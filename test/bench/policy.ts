import { type AuthServer, createAuthServer, type PolicyDocument } from '@behalf/auth-server'
import { type Contender, measure } from './measure.js'
import type { Scale } from './scale.js'
import { statistic } from './statistic.js'
import { formatCount, formatRatio, type Section } from './table.js'
import { atMost, verdict } from './target.js'

type PolicyStore = AuthServer['context']['policy']
type Policy = Awaited<ReturnType<PolicyStore['current']>>
type PolicyQuestion = Parameters<Policy['decide']>[0]
type Rule = PolicyDocument['rules'][number]
type Condition = Rule['when']

const sizes = [10, 100, 1_000, 10_000]
const agents = 500
const permissions = 100

/** How rules are spread over what they name. */
interface Spread {
  readonly name: string
  readonly when: (index: number) => Condition
}

const spreads: readonly Spread[] = [
  {
    name: 'an agent and a permission each',
    when: (index) => ({ agents: [agentOf(index)], permissions: [permissionOf(Math.floor(index / agents) + index)] }),
  },
  {
    name: 'an agent each, one permission',
    when: (index) => ({ agents: [agentOf(index)], permissions: [permissionOf(0)] }),
  },
  {
    name: 'a role and an API each',
    when: (index) => ({ roles: [`role-${index % 20}`], resources: [resourceOf(index)], mode: 'delegated' }),
  },
  { name: 'an authentication alone: all are looked at', when: (index) => ({ acrNot: ['mfa', `level-${index}`] }) },
]

/** How long a decision takes as rules grow. */
export const policySection: Section<Scale> = {
  id: 'policy',
  title: 'Policy decisions of the auth server',
  async measure({ policy }) {
    const rows: (readonly string[])[] = []
    const server = await createAuthServer({ issuer: 'https://auth.example.com' })
    for (const spread of spreads) rows.push(...(await rowsOf(server.context.policy, spread, policy)))
    await server.close()
    return {
      columns: [
        'rules that name',
        'rules',
        'µs per decision',
        'median of decisions',
        '99 %',
        'growth',
        'target',
        'reached',
      ],
      rows,
      notes: [
        `A decision on three permissions of one API for a person, by one of ${agents} agents with five of 20 roles; ${permissions} permissions at ten APIs. Half of the rules deny; a rule that would deny what is asked is sure to be met now and then.`,
        `µs per decision: ${policy.rounds} rounds of ${formatCount(policy.calls)} decisions, sizes in turns; median of rounds (quartiles). Growth: against 10 rules, in the same rounds.`,
        `Median of decisions, 99 %: of ${formatCount(policy.calls)} decisions timed one by one.`,
        'Rules by authentication alone cannot be filed under anything: the worst there is.',
      ],
    }
  },
}

async function rowsOf(
  store: PolicyStore,
  spread: Spread,
  { calls, rounds }: Scale['policy'],
): Promise<readonly (readonly string[])[]> {
  const policies: (readonly [number, Policy])[] = []
  for (const size of sizes) policies.push([size, await createSample(store, spread, size)])
  const questions = createQuestions()
  const contenders = policies.map(
    ([size, policy]): Contender => ({
      name: String(size),
      asynchronous: false,
      call: (index) => policy.decide(questions[index % questions.length] ?? refuse()),
    }),
  )
  const measurement = await measure(contenders, { rounds, calls, slice: 20 })
  const [smallest = 1] = sizes
  const base = measurement.get(String(smallest)) ?? []
  return policies.map(([size, policy]) => {
    const times = measurement.get(String(size)) ?? []
    const one = timeEach(policy, questions, calls)
    const growth = statistic(times.map((time, round) => time / (base[round] ?? Number.NaN)))
    const target = size === 10_000 ? [atMost(one.median / 1_000, 1, '≤ 1 ms at the median')] : []
    return [
      spread.name,
      formatCount(size),
      formatRatio(statistic(times)),
      `${one.median.toFixed(1)} µs`,
      `${one.high.toFixed(1)} µs`,
      formatRatio(growth),
      ...verdict(target),
    ]
  })
}

/** Microseconds of single decisions. */
function timeEach(
  policy: Policy,
  questions: readonly PolicyQuestion[],
  calls: number,
): { median: number; high: number } {
  const times: number[] = []
  for (let i = 0; i < calls; i++) {
    const question = questions[i % questions.length] ?? refuse()
    const start = performance.now()
    policy.decide(question)
    times.push((performance.now() - start) * 1000)
  }
  const sorted = times.toSorted((a, b) => a - b)
  return {
    median: sorted[Math.floor(sorted.length / 2)] ?? Number.NaN,
    high: sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN,
  }
}

async function createSample(store: PolicyStore, { when }: Spread, size: number): Promise<Policy> {
  const rules = Array.from({ length: size }, (_, index): Rule => {
    return { id: `rule-${index}`, effect: index % 2 === 0 ? 'deny' : 'allow', when: when(index) }
  })
  const policy = await store.replace({ ...catalogue(), rules }, { by: 'benchmark' })
  assureItDecides(policy, rules)
  return policy
}

/** Everything but rules. */
function catalogue(): Omit<PolicyDocument, 'rules'> {
  const names = Array.from({ length: permissions }, (_, index) => permissionOf(index))
  return {
    schema: 'behalf-policy/1',
    resources: Object.fromEntries(Array.from({ length: 10 }, (_, index) => [resourceOf(index), { name: 'API' }])),
    permissions: Object.fromEntries(
      names.map((name, index) => [name, { resource: resourceOf(index), words: 'Do it', risk: 'low', consent: 'none' }]),
    ),
    roles: Object.fromEntries(
      Array.from({ length: 20 }, (_, role) => [
        `role-${role}`,
        { permissions: names.filter((_, index) => index % 4 === role % 4) },
      ]),
    ),
  }
}

function createQuestions(): readonly PolicyQuestion[] {
  return Array.from({ length: 1_000 }, (_, index) => ({
    agent: {
      id: agentOf(index * 7),
      status: 'active',
      roles: Array.from({ length: 5 }, (_, role) => `role-${(index + role) % 20}`),
      ceiling: null,
    },
    subject: {
      id: `user-${index}`,
      permissions: Array.from({ length: permissions }, (_, permission) => permissionOf(permission)),
      acr: 'mfa',
    },
    resource: resourceOf(index),
    scope: [0, 10, 20].map((step) => permissionOf(index + step)),
    now: 1_800_000_000 + index * 60,
  }))
}

/** A policy that refuses or allows everything, or leaves its rules unread, has no business in a table. */
function assureItDecides(policy: Policy, rules: readonly Rule[]): void {
  const answers = createQuestions().map((question) => policy.decide(question))
  if (!answers.some(({ allowed }) => allowed)) throw new Error('nothing is allowed')
  const [first] = rules
  const { agents = [], permissions = [], roles = [], resources = [] } = first?.when ?? {}
  const scope = permissions.length > 0 ? permissions : [permissionOf(0)]
  const denied = policy.decide({
    agent: { id: agents[0] ?? agentOf(0), status: 'active', roles, ceiling: null },
    subject: { id: 'user', permissions: scope },
    resource: resources[0] ?? resourceOf(0),
    scope,
    now: 0,
  })
  if (!denied.verdicts.every(({ code }) => code === 'denied_by_rule')) {
    throw new Error('the first rule denies nothing')
  }
}

function agentOf(index: number): string {
  return `agent:${index % agents}`
}

function permissionOf(index: number): string {
  return `api-${index % 10}:do-${index % permissions}`
}

function resourceOf(index: number): string {
  return `https://api-${index % 10}.example.com`
}

function refuse(): never {
  throw new Error('there is no question')
}
