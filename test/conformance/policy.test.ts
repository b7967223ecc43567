import type { ServerResponse } from 'node:http'
import { AccessError, type AuthorizationDetail, type AuthzenOptions, authzen, type Requirement } from '@behalf/core'
import { expect } from 'vitest'
import { type DecisionPoint, startDecisionPoint } from '../policy/decision-point.js'
import type { Api } from '../support/api.js'
import type { Route } from '../support/routes.js'
import type { TargetName } from '../support/targets.js'
import { AUDIENCE, delegated, type Json, mint, NOW } from '../support/token.js'
import { type Extras, expectAllowed, expectRefused, seenBy } from './answer.js'
import type { Code } from './error-table.js'
import { bound, present } from './proof.js'
import { createSuite, withApi } from './suite.js'

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
const judging = (actor: (actor: { subject: string }) => unknown) => () => ({ actor })
const verdicts = {
  'actor-false': judging(() => false),
  'actor-undefined': judging(() => undefined),
  'actor-one': judging(() => 1),
  'actor-text': judging(() => 'true'),
  'actor-object': judging(() => ({})),
  'actor-boolean-object': judging(() => Reflect.construct(Boolean, [true])),
}
const judged = {
  'actor-true': judging(() => true),
  'actor-named': judging(({ subject }) => subject === 'agent:support'),
}
const misjudges = { 'actor-throws': judging(() => raise(new Error('x'))), 'actor-later': judging(async () => true) }
const judges = { ...verdicts, ...judged, ...misjudges }
const agents = (requirements: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.keys(requirements).map((name) => [name, to(`/${name}`, agent('agent:support'))]))
createSuite({ routes: routesOf(judges) }).refuses(
  'BEHALF-actor-function',
  { code: 'actor_not_allowed', cases: agents(verdicts), twins: agents(judged) },
  { code: 'actor_not_allowed', cases: callsOf(judges), twins: agents(judged) },
  { code: 'internal_error', cases: agents(misjudges), twins: agents(judged) },
)

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
  [
    'scope',
    'anyScope',
    'delegation',
    'actor',
    'subject',
    'authorizationDetails',
    'purpose',
    'tool',
    'acr',
    'maxAge',
    'senderConstrained',
    'singleUse',
    'introspection',
    'check',
  ].map((member) => [member, answering(() => ({ [member]: undefined }))]),
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
  {
    method: 'GET',
    path: '/most',
    guards: [
      {
        protect: {
          acr: 'mfa',
          purpose: 'refund',
          subject: 'user-1',
          authorizationDetails: { type: 'customer' },
          scope: 'billing:write',
          delegation: 'required',
          senderConstrained: true,
        },
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

  expectRefused(await api.call(to('/most')), 'binding_required')
  const steps: readonly (readonly [Code, Json, Extras?])[] = [
    ['delegation_required', agent('agent:support')],
    ['scope_insufficient', { scope: 'billing:write' }, { scope: 'billing:write' }],
    ['details_insufficient', { authorization_details: [{ type: 'customer' }] }],
    ['subject_mismatch', { sub: 'user-1' }],
    ['purpose_mismatch', { tctx: { purpose: 'refund' } }],
    ['authentication_insufficient', { acr: 'mfa' }, { acrValues: 'mfa' }],
  ]
  let changes: Json = { sub: 'user-2' }
  for (const [code, next, extras] of steps) {
    const refused = await api.call(await present({ path: '/most', token: bound(changes) }))
    expectRefused(refused, code, { used: 'DPoP', ...extras })
    changes = { ...changes, ...next }
  }
  expectAllowed(await api.call(await present({ path: '/most', token: bound(changes) })))
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

const get = (path: string, requirement: Requirement): Route => ({
  method: 'GET',
  path,
  guards: [{ protect: requirement }],
})

const signingIn = createSuite({
  routes: [
    get('/strong', { acr: ['mfa', 'hwk'] }),
    get('/recent', { maxAge: 300 }),
    get('/both', { acr: ['mfa', 'hwk'], maxAge: 300 }),
    get('/now', { maxAge: 0 }),
  ],
})
const strong = { acr: 'mfa', auth_time: NOW - 10 }
const weak: Readonly<Record<string, Json>> = {
  'too weak': { ...strong, acr: 'pwd' },
  'too long ago': { ...strong, auth_time: NOW - 1000 },
  both: { acr: 'pwd', auth_time: NOW - 1000 },
  neither: {},
}
const each = (path: string, changes: Readonly<Record<string, Json>>) =>
  Object.fromEntries(Object.entries(changes).map(([name, change]) => [name, to(path, change)]))

signingIn.refuses(
  'RFC9470-3-challenge',
  {
    code: 'authentication_insufficient',
    acrValues: 'mfa hwk',
    maxAge: '300',
    cases: each('/both', weak),
    twins: each('/both', { first: strong, second: { ...strong, acr: 'hwk' } }),
  },
  {
    code: 'authentication_insufficient',
    acrValues: 'mfa hwk',
    cases: { 'acr alone': to('/strong') },
    twins: { 'acr alone': to('/strong', { acr: 'mfa' }) },
  },
  {
    code: 'authentication_insufficient',
    maxAge: '0',
    cases: { 'max_age alone': to('/now', { auth_time: NOW - 6 }) },
    twins: { 'max_age alone': to('/now', { auth_time: NOW - 5 }) },
  },
  {
    code: 'authentication_insufficient',
    acrValues: 'mfa hwk',
    maxAge: '300',
    used: 'DPoP',
    cases: { 'under DPoP': await present({ path: '/both' }) },
    twins: { 'under DPoP': await present({ path: '/both', token: bound(strong) }) },
  },
)
signingIn.refuses('RFC9470-6.1-acr', {
  code: 'authentication_insufficient',
  acrValues: 'mfa hwk',
  cases: each('/strong', {
    absent: {},
    another: { acr: 'pwd' },
    'upper case': { acr: 'MFA' },
    'a longer one': { acr: 'mfa2' },
    'both in one': { acr: 'mfa hwk' },
    'a list': { acr: ['mfa'] },
    'another claim': { amr: ['mfa'] },
  }),
  twins: each('/strong', { first: { acr: 'mfa' }, second: { acr: 'hwk' } }),
})
signingIn.refuses('RFC9470-6.1-age', {
  code: 'authentication_insufficient',
  maxAge: '300',
  cases: each('/recent', {
    absent: {},
    'too long ago': { auth_time: NOW - 306 },
    'in the future': { auth_time: NOW + 6 },
    'in milliseconds': { auth_time: NOW * 1000 },
    negative: { auth_time: -1 },
    text: { auth_time: String(NOW) },
    null: { auth_time: null },
    'a fresh token of an old sign-in': { iat: NOW, auth_time: NOW - 1000 },
  }),
  twins: each('/recent', { now: { auth_time: NOW }, 'at the limit': { auth_time: NOW - 305 } }),
})

const isEnough: Requirement['authorizationDetails'] = (details: readonly AuthorizationDetail[]) =>
  details.some(
    ({ actions, limit }) => actions?.includes('refund') === true && typeof limit === 'number' && limit >= 100,
  )
const detailedRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/customers/:id',
    guards: [
      {
        protect: (param) => ({
          scope: 'billing:read',
          authorizationDetails: { type: 'customer', action: 'read', identifier: param('id') ?? '' },
        }),
      },
    ],
  },
  get('/several', {
    authorizationDetails: { type: 'customer', action: ['read', 'write'], datatype: 'mail', privilege: 'admin' },
  }),
  get('/function', { authorizationDetails: isEnough }),
  get('/truthy', { authorizationDetails: (details) => details.length as unknown as boolean }),
]
const detailed = createSuite({ routes: detailedRoutes })
const record = { type: 'customer', actions: ['read'], identifier: 'cus_123' }
const details = (...elements: readonly unknown[]): Json => ({ authorization_details: elements })
const refusing = (
  path: string,
  cases: Readonly<Record<string, Json>>,
  twins: Readonly<Record<string, Json>> = { 'the record': details(record) },
) => ({ code: 'details_insufficient', cases: each(path, cases), twins: each(path, twins) }) as const

detailed.refuses(
  'RFC9396-2.2-record',
  refusing('/customers/cus_124', { '123': details(record) }, { '124': details({ ...record, identifier: 'cus_124' }) }),
)
detailed.refuses(
  'RFC9396-2.2-record',
  refusing(
    '/customers/cus_123',
    {
      'the scope alone': { scope: 'billing:read customer:read' },
      'no details': details(),
      'another record': details({ ...record, identifier: 'cus_124' }),
      'a longer one': details({ ...record, identifier: 'cus_1234' }),
      'upper case': details({ ...record, identifier: 'CUS_123' }),
      'no identifier': details({ type: 'customer', actions: ['read'] }),
      'another action': details({ ...record, actions: ['write'] }),
      'no actions': details({ type: 'customer', identifier: 'cus_123' }),
    },
    {
      'the record': details(record),
      'beside another': details({ ...record, identifier: 'cus_124' }, record),
      'more actions': details({ ...record, actions: ['write', 'read'] }),
    },
  ),
  {
    code: 'scope_insufficient',
    scope: 'billing:read',
    cases: each('/customers/cus_123', { 'the record without the scope': { ...details(record), scope: 'other' } }),
    twins: each('/customers/cus_123', { both: details(record) }),
  },
)
const whole = { type: 'customer', actions: ['read', 'write'], datatypes: ['mail'], privileges: ['admin'] }
detailed.refuses(
  'RFC9396-2-one-element',
  refusing(
    '/several',
    {
      'an action each': details({ ...whole, actions: ['read'] }, { ...whole, actions: ['write'] }),
      'a part each': details({ ...whole, datatypes: [] }, { ...whole, privileges: [] }),
      'no datatypes': details({ ...whole, datatypes: undefined }),
      'another privilege': details({ ...whole, privileges: ['user'] }),
    },
    { 'one for all': details(whole), 'more than that': details({ ...whole, datatypes: ['mail', 'phone'] }) },
  ),
)
detailed.refuses(
  'RFC9396-2.2-locations',
  refusing(
    '/customers/cus_123',
    {
      elsewhere: details({ ...record, locations: ['https://other.example.com'] }),
      nowhere: details({ ...record, locations: [] }),
      'below this': details({ ...record, locations: [`${AUDIENCE}/invoices`] }),
    },
    {
      here: details({ ...record, locations: [AUDIENCE] }),
      'here too': details({ ...record, locations: ['https://other.example.com', AUDIENCE] }),
      everywhere: details(record),
    },
  ),
)
const named = { aud: 'billing-api' }
createSuite({ options: { audience: 'billing-api', resource: `${AUDIENCE}/v1` }, routes: detailedRoutes }).refuses(
  'RFC9396-2.2-locations',
  refusing(
    '/customers/cus_123',
    {
      elsewhere: { ...named, ...details({ ...record, locations: ['https://other.example.com'] }) },
      'above this': { ...named, ...details({ ...record, locations: [AUDIENCE] }) },
      'below this': { ...named, ...details({ ...record, locations: [`${AUDIENCE}/v1/invoices`] }) },
      'a longer name': { ...named, ...details({ ...record, locations: ['billing-api-2'] }) },
    },
    {
      'by its URL': { ...named, ...details({ ...record, locations: [`${AUDIENCE}/v1`] }) },
      'by its name': { ...named, ...details({ ...record, locations: ['billing-api'] }) },
    },
  ),
)
createSuite({ options: { audience: 'billing-api' }, routes: detailedRoutes }).refuses('RFC9396-2.2-locations', {
  ...refusing(
    '/customers/cus_123',
    { 'a URL it does not have': { ...named, ...details({ ...record, locations: [AUDIENCE] }) } },
    { 'by its name': { ...named, ...details({ ...record, locations: ['billing-api'] }) } },
  ),
  schemes: ['Bearer'],
})
detailed.refuses(
  'RFC9396-2.1-type',
  refusing('/customers/cus_123', {
    another: details({ ...record, type: 'account' }),
    'a longer one': details({ ...record, type: 'customer_v2' }),
    'upper case': details({ ...record, type: 'Customer' }),
    none: details({ ...record, type: undefined }),
  }),
)
detailed.refuses(
  'RFC9396-2-malformed',
  refusing(
    '/customers/cus_123',
    {
      'an object': { authorization_details: record },
      text: { authorization_details: JSON.stringify([record]) },
      null: { authorization_details: null },
      'a list in a list': details([record]),
      'actions as text': details({ ...record, actions: 'read' }),
      'a number among actions': details({ ...record, actions: ['read', 1] }),
      'identifier as a list': details({ ...record, identifier: ['cus_123'] }),
      'locations as text': details({ ...record, locations: AUDIENCE }),
      'privileges as an object': details({ ...record, privileges: {} }),
      'a type that is no text': details({ ...record, type: ['customer'] }),
    },
    { 'a good one beside it': details(null, 7, { ...record, actions: 'read' }, record) },
  ),
)
const refund = { type: 'refund', actions: ['refund'], limit: 100 }
detailed.refuses(
  'BEHALF-details-function',
  refusing(
    '/function',
    {
      none: {},
      'too little': details({ ...refund, limit: 99 }),
      elsewhere: details({ ...refund, locations: ['https://other.example.com'] }),
      malformed: details({ ...refund, identifier: 7 }),
    },
    { enough: details(refund), here: details({ ...refund, locations: [AUDIENCE] }) },
  ),
  { ...refusing('/truthy', { one: details(refund), none: {} }), twins: each('/function', { enough: details(refund) }) },
)

createSuite({
  routes: [
    get('/refund', { purpose: 'refund' }),
    get('/either', { purpose: ['refund', 'dispute'] }),
    get('/tool', { tool: 'issue_refund' }),
    get('/both', { purpose: 'refund', tool: 'issue_refund' }),
  ],
}).refuses('BEHALF-purpose', {
  code: 'purpose_mismatch',
  cases: {
    ...each('/refund', {
      none: {},
      another: { tctx: { purpose: 'marketing' } },
      'upper case': { tctx: { purpose: 'Refund' } },
      'a list': { tctx: { purpose: ['refund'] } },
      'a text for the context': { tctx: 'refund' },
      'a list for the context': { tctx: [{ purpose: 'refund' }] },
      'beside the context': { purpose: 'refund' },
      'the tool': { tctx: { tool: 'refund' } },
    }),
    ...each('/tool', {
      'another tool': { tctx: { tool: 'read_invoice' } },
      'no tool': { tctx: { purpose: 'refund' } },
    }),
    ...each('/both', {
      'only the purpose': { tctx: { purpose: 'refund' } },
      'only the tool': { tctx: { tool: 'issue_refund' } },
    }),
  },
  twins: {
    ...each('/refund', { 'the purpose': { tctx: { purpose: 'refund', more: 1 } } }),
    ...each('/either', { 'one of two': { tctx: { purpose: 'dispute' } } }),
    ...each('/tool', { 'the tool': { tctx: { tool: 'issue_refund' } } }),
    ...each('/both', { both: { tctx: { purpose: 'refund', tool: 'issue_refund' } } }),
  },
})

createSuite({
  routes: [get('/bound', { senderConstrained: true }), get('/any', { senderConstrained: false })],
}).refuses('BEHALF-sender-constrained', {
  code: 'binding_required',
  cases: { 'a bearer token': to('/bound'), 'a bound token under Bearer': { path: '/bound', token: bound() } },
  twins: { proven: await present({ path: '/bound' }), 'where it is not demanded': to('/any') },
})

const acting = (sub?: string, ...prior: readonly string[]): Json =>
  sub === undefined ? {} : { act: { sub, ...acting(...prior) } }
const priorActors = [
  [
    { deniedActors: ['agent:bad'] },
    {
      current: acting('agent:bad'),
      prior: acting('agent:a', 'agent:bad'),
      first: acting('agent:a', 'agent:b', 'agent:bad'),
    },
    { others: acting('agent:a', 'agent:b'), direct: {}, 'a longer name': acting('agent:a', 'agent:bad2') },
  ],
  [
    { noRepeatedActor: true },
    { repeated: acting('agent:a', 'agent:b', 'agent:a'), 'at once': acting('agent:a', 'agent:a') },
    { each: acting('agent:a', 'agent:b', 'agent:c'), direct: {} },
  ],
  [
    { requiredOrigin: ['agent:front'] },
    { another: acting('agent:a', 'agent:b'), 'the current one': acting('agent:front', 'agent:b') },
    { first: acting('agent:a', 'agent:front'), only: acting('agent:front'), direct: {} },
  ],
] as const
for (const [delegation, cases, twins] of priorActors) {
  createSuite({ options: { delegation } }).refuses('BEHALF-prior-actors', {
    code: 'actor_not_allowed',
    cases: each('/token', {
      ...cases,
      ...Object.fromEntries(
        Object.entries(twins)
          .filter(([name]) => name !== 'direct')
          .map(([name, claims]) => [`${name}, with actors left out`, { ...claims, chain_complete: false }]),
      ),
    }),
    twins: each('/token', twins),
  })
}
allows('BEHALF-prior-actors', each('/token', { repeated: acting('agent:a', 'agent:b', 'agent:a') }))

const profiled = { sub: 'agent:support', sub_profile: 'ai_agent' }
createSuite({ options: { delegation: { actorProfiles: ['ai_agent', 'service'] } } }).refuses('ACTOR-PROFILE-profiles', {
  code: 'actor_not_allowed',
  cases: each('/token', {
    none: acting('agent:support'),
    another: { act: { ...profiled, sub_profile: 'human' } },
    'upper case': { act: { ...profiled, sub_profile: 'AI_agent' } },
    'of the prior actor': { act: { sub: 'agent:a', act: profiled } },
    'of the subject': { ...acting('agent:support'), sub_profile: 'ai_agent' },
  }),
  twins: each('/token', {
    first: { act: profiled },
    second: { act: { ...profiled, sub_profile: 'service' } },
    direct: {},
  }),
})

/** An API whose invoices are decided on by a policy decision point of their own. */
async function withDecisionPoint(
  target: TargetName,
  options: Partial<AuthzenOptions>,
  body: (api: Api, point: DecisionPoint) => Promise<void>,
): Promise<void> {
  const point = await startDecisionPoint()
  const protect = (param: (name: string) => string | undefined): Requirement => ({
    check: authzen({
      url: point.url,
      action: 'read',
      resource: { type: 'invoice', id: param('id') ?? '' },
      ...options,
    }),
  })
  const routes: readonly Route[] = [{ method: 'GET', path: '/invoices/:id', guards: [{ protect }] }]
  try {
    await withApi(target, { routes }, (api) => body(api, point))
  } finally {
    await point.close()
  }
}
const own = { path: '/invoices/inv-1', token: mint() }

createSuite().proves('AUTHZEN-6-evaluation', ({ target }) =>
  withDecisionPoint(target, {}, async (api) => {
    expectAllowed(await api.call(own))
    expectRefused(await api.call({ ...own, path: '/invoices/inv-2' }), 'policy_denied')
    expectAllowed(await api.call(own))
  }),
)

const answer = (status: number, body: string) => (response: ServerResponse) =>
  void response.writeHead(status, { 'Content-Type': 'application/json' }).end(body)
const outages = {
  'no answer': () => {},
  'a closed connection': (response: ServerResponse) => void response.destroy(),
  'status 503': answer(503, '{"decision":true}'),
  'status 401': answer(401, '{"decision":true}'),
  'half of JSON': answer(200, '{"decision":true'),
  'no decision': answer(200, '{}'),
  'a decision as a text': answer(200, '{"decision":"true"}'),
}
createSuite().proves('AUTHZEN-6-unavailable', async ({ target }) => {
  await withDecisionPoint(target, { timeout: 200 }, async (api, point) => {
    for (const fault of Object.values(outages)) {
      point.fault = fault
      expectRefused(await api.call(own), 'policy_unavailable')
    }
    point.fault = undefined
    expectAllowed(await api.call(own))
    await point.close()
    expectRefused(await api.call(own), 'policy_unavailable')
  })
  const fails = () => {
    throw new Error('no such record')
  }
  await withDecisionPoint(target, { resource: fails }, async (api) => {
    expectRefused(await api.call(own), 'internal_error')
  })
})
