import { expect } from 'vitest'
import { AUDIENCE, claims, delegated, forge, ISSUER, issuerKey, type Json, jwks, mint } from '../support/token.js'
import { expectAllowed, expectRefused, seenBy } from './answer.js'
import { createSuite } from './suite.js'

const { refuses, allows, proves } = createSuite()
const partner = 'https://partner.example.com'
const key = issuerKey()

/** A call with this `act`, to a route that demands delegation unless told otherwise. */
const acting = (act: unknown, changes: Json = {}, path = '/delegated') => ({ path, token: mint({ act, ...changes }) })
const actings = (acts: Readonly<Record<string, unknown>>, path?: string) =>
  Object.fromEntries(Object.entries(acts).map(([name, act]) => [name, acting(act, {}, path)]))

/** A chain of so many actors, newest first. */
function chain(depth: number, inner?: unknown): Json {
  let act: Json | undefined
  for (let i = depth; i > 0; i--)
    act = { sub: `agent:${i}`, ...(act ?? (inner === undefined ? {} : { act: inner })), ...(act && { act }) }
  return act ?? {}
}

proves('RFC8693-4.1-current-actor', async (api) => {
  const outcome = await api.call(acting({ sub: 'agent:support', sub_profile: 'ai_agent' }))
  expectAllowed(outcome)
  expect(seenBy(outcome)).toMatchObject({
    subject: 'user-1',
    issuer: ISSUER,
    mode: 'delegated',
    actor: { subject: 'agent:support', issuer: ISSUER, profile: 'ai_agent' },
    clientId: 'client-1',
  })
  const nested = await api.call(acting({ sub: 'agent:support', act: { sub: 'agent:first' } }))
  expect(seenBy(nested).actor).toEqual({ subject: 'agent:support', issuer: ISSUER })
  expectRefused(await api.call({ path: '/delegated', token: mint() }), 'delegation_required')
})

proves('BEHALF-direct-mode', async (api) => {
  for (const token of [
    mint(),
    mint({ sub: 'client-1' }),
    mint({ client_id: 'user-1' }),
    mint({ azp: 'agent:support' }),
  ]) {
    const outcome = await api.call({ path: '/direct', token })
    expectAllowed(outcome)
    expect(seenBy(outcome).mode).toBe('direct')
    expect(seenBy(outcome)).not.toHaveProperty('actor')
    expectRefused(await api.call({ path: '/delegated', token }), 'delegation_required')
  }
  expectRefused(
    await api.call({ path: '/direct', token: mint({ act: { sub: 'agent:support' } }) }),
    'delegation_forbidden',
  )
})

refuses('RFC8693-4.1-prior-actors', {
  code: 'actor_not_allowed',
  cases: {
    'the allowed actor came before': acting({ sub: 'agent:evil', act: { sub: 'agent:support' } }, {}, '/support'),
    'before that': acting(
      { sub: 'agent:evil', act: { sub: 'agent:other', act: { sub: 'agent:support' } } },
      {},
      '/support',
    ),
    'beside the current one': acting(
      { sub: 'agent:evil', actors: ['agent:support'], prior: { sub: 'agent:support' } },
      {},
      '/support',
    ),
  },
  twins: {
    alone: acting({ sub: 'agent:support' }, {}, '/support'),
    'after one that is not allowed': acting({ sub: 'agent:support', act: { sub: 'agent:evil' } }, {}, '/support'),
    'after one of an issuer nobody trusts': acting(
      { sub: 'agent:support', act: { sub: 'agent:evil', iss: 'https://evil.example' } },
      {},
      '/support',
    ),
  },
})

allows(
  'RFC8693-4.1-identity-claims-only',
  actings({
    'over and not yet begun': { sub: 'agent:support', exp: 1, nbf: 4_000_000_000, iat: 'never' },
    'for another audience': { sub: 'agent:support', aud: 'https://orders.example.com' },
    'bound to a key': { sub: 'agent:support', cnf: { jkt: 'x' }, jti: 1, scope: null },
    'allowed to delegate': { sub: 'agent:support', may_act: { sub: 'agent:evil' }, client_id: 7 },
  }),
)

refuses(
  'RFC8693-4.4-may-act',
  {
    code: 'delegation_required',
    cases: {
      'may_act alone': { path: '/delegated', token: mint({ may_act: { sub: 'agent:support' } }) },
      'may_act inside nothing': { path: '/delegated', token: mint({ may_act: { act: { sub: 'agent:support' } } }) },
    },
    twins: { 'an actor beside it': acting({ sub: 'agent:support' }, { may_act: { sub: 'agent:evil' } }) },
  },
  {
    code: 'actor_not_allowed',
    cases: {
      'may_act names the allowed one': acting({ sub: 'agent:evil' }, { may_act: { sub: 'agent:support' } }, '/support'),
    },
    twins: {
      'may_act names another': acting({ sub: 'agent:support' }, { may_act: { sub: 'agent:evil' } }, '/support'),
    },
  },
)

const malformed: Readonly<Record<string, unknown>> = {
  null: null,
  false: false,
  true: true,
  zero: 0,
  number: 1,
  'empty string': '',
  string: 'agent:support',
  'empty list': [],
  list: [{ sub: 'agent:support' }],
  'empty object': {},
  'no sub': { iss: ISSUER },
  'sub: empty': { sub: '' },
  'sub: null': { sub: null },
  'sub: number': { sub: 1 },
  'sub: list': { sub: ['agent:support'] },
  'sub: object': { sub: { id: 'agent:support' } },
  'sub: a character too long': { sub: 'a'.repeat(256) },
  'iss: empty': { sub: 'agent:support', iss: '' },
  'iss: null': { sub: 'agent:support', iss: null },
  'iss: number': { sub: 'agent:support', iss: 1 },
  'iss: list': { sub: 'agent:support', iss: [ISSUER] },
}
refuses('ACTOR-PROFILE-malformed-link', {
  code: 'delegation_malformed',
  cases: {
    ...actings(malformed),
    ...actings(malformed, '/token'),
    ...Object.fromEntries(
      Object.entries(malformed).map(([name, act]) => [`inner ${name}`, acting({ sub: 'agent:support', act })]),
    ),
    ...Object.fromEntries(Object.entries(malformed).map(([name, act]) => [`innermost ${name}`, acting(chain(3, act))])),
    'a sub of the prototype': {
      path: '/delegated',
      token: forge({
        header: { alg: key.algorithm, typ: 'at+jwt', kid: key.kid },
        claims: JSON.stringify(claims()).replace('{', '{"act":{"__proto__":{"sub":"agent:support"}},'),
        key,
      }),
    },
  },
  twins: actings({
    'sub alone': { sub: 'agent:support' },
    'sub and iss': { sub: 'agent:support', iss: ISSUER },
    'the longest sub': { sub: 'a'.repeat(255) },
    'unknown members': { sub: 'agent:support', x: null, constructor: 1 },
    'a chain': chain(3),
  }),
})

refuses('ACTOR-PROFILE-depth', {
  code: 'delegation_too_deep',
  cases: actings({ five: chain(5), ten: chain(10), 'thirty-two': chain(32) }),
  twins: actings({ one: chain(1), four: chain(4) }),
})

const deep = createSuite({ options: { delegation: { maxDepth: 32 } } })
const shallow = createSuite({ options: { delegation: { maxDepth: 1 } } })
deep.refuses('BEHALF-depth-setting', {
  code: 'delegation_malformed',
  cases: actings({ 'thirty-three': chain(33), 'some hundred': chain(200) }),
  twins: actings({ five: chain(5), 'thirty-two': chain(32) }),
})
shallow.refuses('BEHALF-depth-setting', {
  code: 'delegation_too_deep',
  cases: actings({ two: chain(2) }),
  twins: actings({ one: chain(1) }),
})

const named = createSuite({ options: { delegation: { actorIssuer: 'required' } } })
named.refuses('ACTOR-PROFILE-actor-issuer', {
  code: 'delegation_malformed',
  cases: actings({
    'no iss': { sub: 'agent:support' },
    'no iss inside': { sub: 'agent:support', iss: ISSUER, act: { sub: 'agent:first' } },
  }),
  twins: actings({
    iss: { sub: 'agent:support', iss: ISSUER },
    'iss everywhere': { sub: 'agent:support', iss: ISSUER, act: { sub: 'agent:first', iss: partner } },
  }),
})
proves('ACTOR-PROFILE-actor-issuer', async (api) => {
  const outcome = await api.call(acting({ sub: 'agent:support' }))
  expectAllowed(outcome)
  expect(seenBy(outcome).actor).toEqual({ subject: 'agent:support', issuer: ISSUER })
})

refuses('ACTOR-PROFILE-actor-trust', {
  code: 'actor_untrusted',
  cases: actings({
    'of a partner': { sub: 'agent:support', iss: partner },
    'of nearly the same issuer': { sub: 'agent:support', iss: `${ISSUER}/` },
    'of nobody': { sub: 'agent:support', iss: 'none' },
  }),
  twins: actings({ 'of the issuer': { sub: 'agent:support', iss: ISSUER } }),
})
const trusting = createSuite({ options: { issuer: { issuer: ISSUER, jwks: jwks(key), actorIssuers: [partner] } } })
trusting.refuses('ACTOR-PROFILE-actor-trust', {
  code: 'actor_untrusted',
  cases: actings({ 'of another partner': { sub: 'agent:support', iss: `${partner}/` } }),
  twins: actings({ 'of a partner': { sub: 'agent:support', iss: partner }, 'of the issuer': { sub: 'agent:support' } }),
})

refuses('ACTOR-PROFILE-self', {
  code: 'delegation_malformed',
  cases: actings({ 'without iss': { sub: 'user-1' }, 'with iss': { sub: 'user-1', iss: ISSUER } }),
  twins: actings({ 'another sub': { sub: 'user-10' } }),
})
trusting.allows('ACTOR-PROFILE-self', actings({ 'same sub, other issuer': { sub: 'user-1', iss: partner } }))

refuses('BEHALF-single-audience', {
  code: 'audience_mismatch',
  cases: {
    two: acting({ sub: 'agent:support' }, { aud: [AUDIENCE, 'https://orders.example.com'] }),
    'the same twice': acting({ sub: 'agent:support' }, { aud: [AUDIENCE, AUDIENCE] }),
  },
  twins: {
    string: acting({ sub: 'agent:support' }, { aud: AUDIENCE }),
    list: acting({ sub: 'agent:support' }, { aud: [AUDIENCE] }),
    'a direct token for two': { path: '/token', token: mint({ aud: [AUDIENCE, 'https://orders.example.com'] }) },
  },
})
const shared = createSuite({ options: { delegation: { singleAudience: false } } })
shared.allows('BEHALF-single-audience', {
  'two, where that is allowed': acting({ sub: 'agent:support' }, { aud: [AUDIENCE, 'https://orders.example.com'] }),
})

const listed = createSuite({ options: { delegation: { actors: ['agent:support'], actorProfiles: ['ai_agent'] } } })
listed.refuses('BEHALF-actor-lists', {
  code: 'actor_not_allowed',
  cases: actings(
    {
      'not listed': { sub: 'agent:other', sub_profile: 'ai_agent' },
      'no class': { sub: 'agent:support' },
      'another class': { sub: 'agent:support', sub_profile: 'user' },
      'class of the client': { sub: 'agent:support', client_profile: 'ai_agent' },
      'class of a prior actor': { sub: 'agent:support', act: { sub: 'agent:first', sub_profile: 'ai_agent' } },
    },
    '/token',
  ),
  twins: {
    ...actings({ both: { sub: 'agent:support', sub_profile: 'ai_agent' } }, '/token'),
    'a direct token': { path: '/token', token: mint() },
  },
})

refuses('BEHALF-actor-code-points', {
  code: 'actor_not_allowed',
  cases: actings(
    {
      'upper case': { sub: 'AGENT:SUPPORT' },
      'a space': { sub: 'agent:support ' },
      'a line feed': { sub: 'agent:support\n' },
      'a NUL': { sub: 'agent:support\0' },
      'zero width': { sub: 'agent:\u200bsupport' },
      'full width': { sub: 'agent\uff1asupport' },
      'look-alike': { sub: 'agent:supp\u043ert' },
      'a prefix': { sub: 'agent:supp' },
      'a longer one': { sub: 'agent:support2' },
      'two in one': { sub: 'agent:support,agent:sales' },
      'a property of lists': { sub: 'length' },
      'an index': { sub: '0' },
    },
    '/agents',
  ),
  twins: actings({ one: { sub: 'agent:support' }, other: { sub: 'agent:sales' } }, '/agents'),
})

proves('BEHALF-chain-recorded', async (api) => {
  const act = {
    sub: 'agent:3',
    act: { sub: 'agent:2', iss: partner, act: { sub: 'agent:1', sub_profile: 'ai_agent' } },
  }
  const token = mint(delegated({ act }))
  const { events } = await api.call({ path: '/delegated', token })
  expect(events[0]).toMatchObject({
    mode: 'delegated',
    subject: { id: 'user-1', iss: ISSUER },
    actor: { id: 'agent:3', iss: ISSUER },
    chain_depth: 3,
    chain_complete: true,
  })
  expect(events[0]?.chain).toEqual([
    { id: 'agent:3', iss: ISSUER },
    { id: 'agent:2', iss: partner },
    { id: 'agent:1', iss: ISSUER },
  ])
  const verified = await api.server.verify(token)
  expect(verified.delegation.map(({ subject, issuer }) => [subject, issuer])).toEqual([
    ['agent:3', ISSUER],
    ['agent:2', partner],
    ['agent:1', ISSUER],
  ])
})
