import { AccessError, type Requirement } from '@behalf/core'
import { expect } from 'vitest'
import type { Route } from '../support/routes.js'
import { delegated, type Json, mint } from '../support/token.js'
import { expectAllowed, expectRefused, seenBy } from './answer.js'
import { createSuite } from './suite.js'

const { refuses, allows, proves } = createSuite()
const to = (path: string, changes: Json = {}) => ({ path, token: mint(changes) })
const scoped = (path: string, scopes: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(scopes).map(([name, scope]) => [name, to(path, { scope })]))
const agent = (sub: string) => ({ act: { sub } })

refuses(
  'RFC6750-3.1-insufficient-scope',
  {
    code: 'scope_insufficient',
    scope: 'billing:read',
    cases: scoped('/invoices', { none: '', another: 'billing:write' }),
    twins: scoped('/invoices', { exact: 'billing:read', more: 'a billing:read b' }),
  },
  {
    code: 'scope_insufficient',
    scope: 'billing:read billing:write',
    cases: scoped('/both', { none: '', 'one of them': 'billing:read' }),
    twins: scoped('/both', { both: 'billing:read billing:write' }),
  },
)

refuses('BEHALF-every-scope', {
  code: 'scope_insufficient',
  scope: 'billing:read billing:write',
  cases: scoped('/both', {
    first: 'billing:read',
    second: 'billing:write',
    neither: 'billing:admin',
    'the first twice': 'billing:read billing:read',
  }),
  twins: scoped('/both', { both: 'billing:read billing:write', 'in other order': 'billing:write x billing:read' }),
})

refuses('BEHALF-any-scope', {
  code: 'scope_insufficient',
  scope: 'billing:read billing:admin',
  cases: scoped('/either', { none: '', another: 'billing:write' }),
  twins: scoped('/either', { first: 'billing:read', second: 'billing:admin', both: 'billing:admin billing:read' }),
})

refuses('RFC6749-3.3-scope-exact', {
  code: 'scope_insufficient',
  scope: 'billing:read',
  cases: scoped('/invoices', {
    'upper case': 'Billing:Read',
    'a prefix': 'billing',
    'a shorter one': 'billing:rea',
    'a longer one': 'billing:reading',
    wildcard: 'billing:*',
    star: '*',
    'a tab': 'other\tbilling:read',
    'a line feed': 'other\nbilling:read',
    'a comma': 'other,billing:read',
    'a semicolon': 'billing:read;other',
    'a plus sign': 'other+billing:read',
    'no-break space': 'other\u00a0billing:read',
    'ideographic space': 'other\u3000billing:read',
    'zero width': 'billing:\u200bread',
    'a NUL': 'billing:read\0',
    quoted: '"billing:read"',
    'look-alike': 'billing:re\u0430d',
    'a list written as text': '["billing:read"]',
  }),
  twins: scoped('/invoices', {
    exact: 'billing:read',
    'two spaces': 'other  billing:read',
    'spaces around': ' billing:read ',
  }),
})

refuses(
  'BEHALF-delegation-required',
  {
    code: 'delegation_required',
    cases: { direct: to('/delegated'), 'the client itself': to('/delegated', { sub: 'client-1' }) },
    twins: { delegated: to('/delegated', agent('agent:any')) },
  },
  {
    code: 'delegation_forbidden',
    cases: { delegated: to('/direct', agent('agent:any')) },
    twins: { direct: to('/direct') },
  },
)

refuses('BEHALF-actor-allowed', {
  code: 'actor_not_allowed',
  cases: {
    another: to('/support', agent('agent:other')),
    'of several': to('/agents', agent('agent:other')),
    'a direct token': to('/support'),
    'a direct token of that name': to('/support', { sub: 'agent:support', client_id: 'agent:support' }),
    'a client of that name': to('/support', { ...agent('agent:other'), client_id: 'agent:support' }),
  },
  twins: {
    'the one': to('/support', agent('agent:support')),
    'the first': to('/agents', agent('agent:support')),
    'the second': to('/agents', agent('agent:sales')),
  },
})

refuses('BEHALF-subject-owns', {
  code: 'subject_mismatch',
  cases: {
    another: to('/customers/user-2'),
    'upper case': to('/customers/USER-1'),
    'a longer one': to('/customers/user-10'),
    'a shorter one': to('/customers/user-'),
    'an escaped space': to('/customers/user-1%20'),
    'the agent, not the user': to('/customers/agent:support', agent('agent:support')),
    'the client, not the user': to('/customers/client-1'),
  },
  twins: {
    'the same': to('/customers/user-1'),
    'through an agent': to('/customers/user-1', agent('agent:support')),
    escaped: to('/customers/%75ser-1'),
    'a query beside it': to('/customers/user-1?id=user-2'),
  },
})

/** A route per name, guarded by `protect` with what the name stands for. */
const routesOf = (requirements: Readonly<Record<string, () => unknown>>): Route[] =>
  Object.entries(requirements).map(([name, make]) => ({
    method: 'GET',
    path: `/${name}`,
    guards: [{ protect: make() as Requirement }],
  }))
const callsOf = (requirements: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.keys(requirements).map((name) => [name, to(`/${name}`)]))
const checking = (check: () => unknown) => () => ({ check })

const answers = {
  false: checking(() => false),
  'later-false': checking(async () => false),
  undefined: checking(() => undefined),
  'later-undefined': checking(async () => undefined),
  null: checking(() => null),
  zero: checking(() => 0),
  one: checking(() => 1),
  text: checking(() => 'true'),
  'later-text': checking(async () => 'true'),
  object: checking(() => ({ allowed: true })),
  'boolean-object': checking(() => Reflect.construct(Boolean, [true])),
  'a-function': checking(() => () => true),
  list: checking(() => [true]),
}
const passes = { true: checking(() => true), 'later-true': checking(async () => true) }
createSuite({ routes: routesOf({ ...answers, ...passes }) }).refuses('BEHALF-check', {
  code: 'policy_denied',
  cases: callsOf(answers),
  twins: callsOf(passes),
})

const raise = (value: unknown): never => {
  throw value
}
const never = () => new Promise<never>(() => {})
const failures = {
  throws: checking(() => {
    throw new Error('a secret of the database')
  }),
  rejects: checking(async () => {
    throw new Error('a secret of the database')
  }),
  'throws-text': checking(() => raise('a secret of the database')),
  'throws-nothing': checking(() => raise(undefined)),
  'throws-status': checking(() => {
    throw Object.assign(new Error('a secret of the database'), { status: 200, code: 'token_missing', expose: true })
  }),
  hangs: checking(never),
  'throws-late': checking(async () => {
    await new Promise((resolve) => setTimeout(resolve, 5))
    throw new TypeError('a secret of the database')
  }),
}
const failing = createSuite({ options: { policyTimeout: 50 }, routes: routesOf({ ...failures, ...passes }) })
failing.refuses('BEHALF-check-fails', { code: 'internal_error', cases: callsOf(failures), twins: callsOf(passes) })
failing.proves('BEHALF-check-fails', async (api) => {
  for (const name of Object.keys(failures)) {
    const { response, events } = await api.call(to(`/${name}`))
    expect(response.raw.toString() + JSON.stringify(events)).not.toMatch(/database/)
  }
})

const refusals = {
  denied: checking(() => {
    throw new AccessError('policy_denied')
  }),
  'later-denied': checking(async () => {
    throw new AccessError('policy_denied')
  }),
}
createSuite({ routes: routesOf({ ...refusals, ...passes }) }).refuses('BEHALF-check-refuses', {
  code: 'policy_denied',
  cases: callsOf(refusals),
  twins: callsOf(passes),
})
const mismatch = { mismatch: checking(() => Promise.reject(new AccessError('subject_mismatch'))) }
createSuite({ routes: routesOf({ ...mismatch, ...passes }) }).refuses('BEHALF-check-refuses', {
  code: 'subject_mismatch',
  cases: callsOf(mismatch),
  twins: callsOf(passes),
})

const asking: Route[] = [
  { method: 'GET', path: '/by/:scope', guards: [{ protect: (param) => ({ scope: param('scope') ?? 'none' }) }] },
  {
    method: 'GET',
    path: '/later/:id',
    guards: [
      {
        async protect(param) {
          await new Promise((resolve) => setImmediate(resolve))
          return { subject: param('id') ?? 'none' }
        },
      },
    ],
  },
]
createSuite({ routes: asking }).refuses(
  'BEHALF-requirement-function',
  {
    code: 'scope_insufficient',
    scope: 'other',
    cases: { 'a scope from the path': to('/by/other') },
    twins: { 'another from the path': to('/by/billing:read') },
  },
  {
    code: 'subject_mismatch',
    cases: { 'a subject, later': to('/later/user-2') },
    twins: { 'the right one, later': to('/later/user-1') },
  },
)

const answering = (requirement: () => unknown) => () => requirement
const broken = {
  throws: answering(() => {
    throw new Error('a secret of the database')
  }),
  rejects: answering(async () => {
    throw new Error('a secret of the database')
  }),
  hangs: answering(never),
  undefined: answering(() => undefined),
  null: answering(() => null),
  true: answering(() => true),
  text: answering(() => 'billing:read'),
  list: answering(() => ['billing:read']),
  'a-function': answering(() => () => ({})),
  'unknown-member': answering(() => ({ scopes: 'billing:read' })),
  'a-member-of-another-type': answering(() => ({ scope: 7 })),
  'an-empty-list': answering(() => ({ scope: [] })),
  'an-empty-subject': answering(() => ({ subject: '' })),
  'no-delegation-word': answering(() => ({ delegation: true })),
}
const sound = { empty: answering(() => ({})), 'with-a-scope': answering(async () => ({ scope: 'billing:read' })) }
createSuite({ options: { policyTimeout: 50 }, routes: routesOf({ ...broken, ...sound }) }).refuses(
  'BEHALF-requirement-function-fails',
  { code: 'internal_error', cases: callsOf(broken), twins: callsOf(sound) },
)

const missing: Record<string, () => unknown> = Object.fromEntries(
  ['scope', 'anyScope', 'delegation', 'actor', 'subject', 'check'].map((member) => [
    member,
    answering(() => ({ [member]: undefined })),
  ]),
)
createSuite({ routes: routesOf({ ...missing, ...sound }) }).refuses('BEHALF-undefined-member', {
  code: 'internal_error',
  cases: callsOf(missing),
  twins: callsOf(sound),
})

const demanding: Route[] = [
  {
    method: 'GET',
    path: '/all/:id',
    guards: [
      {
        protect: (param) => ({
          check: () => param('id') !== 'locked',
          subject: param('id') ?? '',
          scope: 'billing:write',
          actor: 'agent:support',
          delegation: 'required',
        }),
      },
    ],
  },
]
createSuite({ routes: demanding }).proves('BEHALF-policy-order', async (api) => {
  const wrong = { scope: 'other' }
  expectRefused(await api.call(to('/all/user-2', wrong)), 'delegation_required')
  expectRefused(await api.call(to('/all/user-2', { ...wrong, ...agent('agent:other') })), 'actor_not_allowed')
  const right = agent('agent:support')
  expectRefused(await api.call(to('/all/user-2', { ...wrong, ...right })), 'scope_insufficient', {
    scope: 'billing:write',
  })
  expectRefused(await api.call(to('/all/user-2', { scope: 'billing:write', ...right })), 'subject_mismatch')
  expectRefused(await api.call(to('/all/locked', { sub: 'locked', scope: 'billing:write', ...right })), 'policy_denied')
  expectAllowed(await api.call(to('/all/user-1', { scope: 'billing:write', ...right })))
})

allows('BEHALF-no-requirement', {
  'a direct token': to('/token', { scope: undefined }),
  'a delegated token': { path: '/token', token: mint(delegated({ scope: '' })) },
})
refuses('BEHALF-no-requirement', {
  code: 'token_missing',
  cases: { 'no token': { path: '/token' } },
  twins: { token: to('/token') },
})

proves('BEHALF-stacked-guards', async (api) => {
  const outer = await api.call(to('/stacked'))
  expectRefused(outer, 'delegation_required')

  const inner = await api.call({ path: '/stacked', token: mint(delegated()), events: 2 })
  expect(inner.response.status).toBe(403)
  expect(inner.events.map(({ decision, reason }) => [decision, reason.code])).toEqual([
    ['allow', 'allowed'],
    ['deny', 'scope_insufficient'],
  ])
  expect(inner.events.map(({ requested }) => requested?.scope)).toEqual([undefined, ['billing:write']])

  const both = await api.call({ path: '/stacked', token: mint(delegated({ scope: 'billing:write' })), events: 2 })
  expectAllowed(both, 2)
  expect(seenBy(both)).toMatchObject({ subject: 'user-1', mode: 'delegated' })
  expect(new Set(both.events.map(({ id }) => id)).size).toBe(2)
})
