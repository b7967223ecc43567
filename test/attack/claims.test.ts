import { expect } from 'vitest'
import { expectAllowed, expectRefused, seenBy } from '../conformance/answer.js'
import { createSuite } from '../conformance/suite.js'
import { startApi } from '../support/api.js'
import { AUDIENCE, claims, delegated, forge, ISSUER, issuerKey, type Json, jwks, mint, NOW } from '../support/token.js'
import type { ThreatId } from './threats.js'

const key = issuerKey()
const goodHeader = { alg: 'ES256', typ: 'at+jwt', kid: key.kid }
const { refuses, allows, proves } = createSuite<ThreatId>()
const raw = (body: string, header: string | Json = goodHeader) => forge({ header, claims: body, key })
const text = (changes: Json = {}) => JSON.stringify(claims(changes))

/** One value of every type, right ones included where they are wrong. */
const values: readonly unknown[] = [
  null,
  true,
  false,
  0,
  1,
  -1,
  1.5,
  1e21,
  '',
  ' ',
  '0',
  'true',
  'null',
  'undefined',
  '[object Object]',
  [],
  [[]],
  [null],
  [''],
  {},
  { length: 1 },
  { toString: 'x' },
  { valueOf: 1 },
  [{}],
]
const mistypes: Record<string, (value: unknown) => boolean> = {
  sub: (value) => typeof value !== 'string' || value === '',
  client_id: (value) => typeof value !== 'string' || value === '',
  jti: (value) => typeof value !== 'string' || value === '',
  iat: (value) => typeof value !== 'number' || value < 0 || value > Number.MAX_SAFE_INTEGER,
  exp: (value) => typeof value !== 'number' || value < 0 || value > Number.MAX_SAFE_INTEGER,
  nbf: (value) => typeof value !== 'number' || value < 0 || value > Number.MAX_SAFE_INTEGER,
  scope: (value) => typeof value !== 'string',
}
for (const [name, isWrong] of Object.entries(mistypes)) {
  refuses('type-confusion', {
    code: 'claim_invalid',
    cases: Object.fromEntries(
      values.filter(isWrong).map((value) => [`${name}: ${JSON.stringify(value)}`, mint({ [name]: value })]),
    ),
    twins: { right: mint() },
  })
}
refuses('type-confusion', {
  code: 'token_malformed',
  cases: {
    'claims in an array': raw(`[${text()}]`),
    'claims in an array of pairs': raw(JSON.stringify(Object.entries(claims()))),
    'claims in a string': raw(JSON.stringify(text())),
    'no claims': raw('null'),
    'header in an array': forge({ header: [goodHeader], claims: claims(), key }),
  },
  twins: { 'in an object': raw(text()) },
})
proves('type-confusion', async (api) => {
  for (const value of values) {
    for (const name of [
      'aud',
      'iss',
      'act',
      'cnf',
      'txn',
      'may_act',
      'acr',
      'auth_time',
      'authorization_details',
      'tctx',
      'sub_profile',
    ]) {
      const outcome = await api.call(mint({ [name]: value }))
      expect([name, value, outcome.response.status < 500]).toEqual([name, value, true])
      if (['aud', 'iss', 'act', 'cnf'].includes(name))
        expect([name, value, outcome.response.status]).toEqual([name, value, 401])
    }
  }
  expectAllowed(await api.call(mint()))
})

const near = (good: string): Record<string, unknown> => ({
  'a slash more': `${good}/`,
  'a character more': `${good}x`,
  'a character less': good.slice(0, -1),
  'in another case': good.toUpperCase(),
  'a prefix of it': good.slice(0, 12),
  'something before': `x${good}`,
  'a host after': `${good}.evil.example`,
  'a user before': good.replace('//', `//${good.slice(8)}@`),
  'a fragment': `${good}#`,
  'a query': `${good}?`,
  'a port': `${good}:443`,
  'a NUL': `${good}\0`,
  'a space': ` ${good}`,
  'a line feed': `${good}\n`,
  'a full-width letter': good.replace('e', '\uff45'),
  'a look-alike letter': good.replace('a', '\u0430'),
  'percent escaped': good.replace('e', '%65'),
  'another scheme': good.replace('https', 'http'),
  'two in one': `${good} https://evil.example`,
  'two in one, comma': `${good},https://evil.example`,
  'a pattern': '.*',
  'an object of it': { [good]: good },
})
refuses('issuer-confusion', {
  code: 'issuer_untrusted',
  cases: {
    ...Object.fromEntries(Object.entries(near(ISSUER)).map(([name, iss]) => [name, mint({ iss })])),
    'a list of it': mint({ iss: [ISSUER] }),
    'a list with it': mint({ iss: ['https://evil.example', ISSUER] }),
    'a property of maps': mint({ iss: 'get' }),
    __proto__: mint({ iss: '__proto__' }),
    constructor: mint({ iss: 'constructor' }),
  },
  twins: { exact: mint({ iss: ISSUER }) },
})
refuses('issuer-confusion', {
  code: 'audience_mismatch',
  cases: Object.fromEntries(
    Object.entries(near(AUDIENCE))
      .filter(([, aud]) => typeof aud === 'string')
      .flatMap(([name, aud]) => [
        [name, mint({ aud })],
        [`${name}, in a list`, mint({ aud: [aud, 'https://orders.example.com'] })],
      ]),
  ),
  twins: { exact: mint({ aud: AUDIENCE }), 'in a list': mint({ aud: ['x', AUDIENCE] }) },
})

const pollution =
  '{"sub":"admin","iss":"https://auth.example.com","scope":"billing:read","aud":"https://billing.example.com","isAdmin":true,"act":{"sub":"agent:support"}}'
proves('prototype-pollution', async (api) => {
  const before = Object.getOwnPropertyNames(Object.prototype).sort()
  const prefix = (member: string, body: string) => raw(`{"${member}":${pollution},${body.slice(1)}`)
  for (const member of [
    '__proto__',
    'constructor',
    'prototype',
    '__defineGetter__',
    'hasOwnProperty',
    'toString',
    'valueOf',
    '\\u005f_proto__',
  ]) {
    expectRefused(await api.call(prefix(member, text({ scope: undefined }))), 'scope_insufficient', {
      scope: 'billing:read',
    })
    expectRefused(await api.call(prefix(member, text({ sub: undefined }))), 'claim_missing')
    expectRefused(await api.call(prefix(member, text({ aud: undefined }))), 'claim_missing')
    expectRefused(await api.call(prefix(member, text({ iss: undefined }))), 'issuer_untrusted')
    expectRefused(await api.call({ path: '/delegated', token: prefix(member, text()) }), 'delegation_required')
    const allowed = await api.call(prefix(member, text()))
    expectAllowed(allowed)
    expect(seenBy(allowed)).toMatchObject({ subject: 'user-1', mode: 'direct' })

    const act = `{"act":{"${member}":{"sub":"agent:support","act":null}},${text().slice(1)}`
    expectRefused(await api.call({ path: '/support', token: raw(act) }), 'delegation_malformed')
    const inner = `{"act":{"sub":"agent:support","${member}":{"act":{"sub":"agent:evil"},"iss":"https://evil.example"}},${text().slice(1)}`
    const chain = await api.call({ path: '/support', token: raw(inner) })
    expectAllowed(chain)
    expect(chain.events[0]?.chain_depth).toBe(1)

    const header = (members: Json) =>
      `{"${member}":{"alg":"ES256","kid":"es256","typ":"at+jwt"},${JSON.stringify(members).slice(1)}`
    expectAllowed(await api.call(raw(text(), header(goodHeader))))
    expectRefused(await api.call(raw(text(), header({ ...goodHeader, alg: undefined }))), 'algorithm_rejected')
    expectRefused(await api.call(raw(text(), header({ ...goodHeader, typ: undefined }))), 'token_type_rejected')
    expectRefused(
      await api.call(
        raw(text(), `{"${member}":{"crit":["x"]},${JSON.stringify({ ...goodHeader, kid: '__proto__' }).slice(1)}`),
      ),
      'key_not_found',
    )
  }
  expect(Object.getOwnPropertyNames(Object.prototype).sort()).toEqual(before)
  expect(({} as Json).isAdmin).toBeUndefined()
  expect((Object.prototype as unknown as Json).sub).toBeUndefined()
})
proves('prototype-pollution', async ({ target }) => {
  // the other way round: somebody else polluted the prototype, and nothing of it counts as a claim or an option
  const polluted: Json = {
    iss: ISSUER,
    sub: 'admin',
    scope: 'billing:read',
    aud: AUDIENCE,
    act: { sub: 'agent:support' },
    cnf: {},
    crit: ['x'],
    jwk: key.jwk,
    delegation: 'forbidden',
  }
  const api = await startApi(target)
  const tokens = [
    mint({ scope: undefined }),
    mint({ sub: undefined }),
    mint({ iss: undefined }),
    mint({ act: { iss: ISSUER } }),
    mint(),
  ]
  for (const [name, value] of Object.entries(polluted)) {
    Reflect.defineProperty(Object.prototype, name, { value, configurable: true, enumerable: false, writable: true })
  }
  try {
    const decisions: unknown[] = []
    for (const token of tokens) {
      const headers = { get: (name: string) => (name === 'authorization' ? `Bearer ${token}` : null) }
      const decision = await api.server.protect({ scope: 'billing:read' })(
        { method: 'GET', url: '/', headers },
        {} as never,
      )
      decisions.push(decision.allowed ? [decision.principal.subject, decision.principal.mode] : decision.error.code)
    }
    expect(decisions).toEqual([
      'scope_insufficient',
      'claim_missing',
      'issuer_untrusted',
      'delegation_malformed',
      ['user-1', 'direct'],
    ])
  } finally {
    for (const name of Object.keys(polluted)) Reflect.deleteProperty(Object.prototype, name)
    await api.close()
  }
})

const tricks = [
  'billing',
  'billing:',
  'billing:rea',
  'billing:reads',
  'Billing:read',
  'BILLING:READ',
  'billing:read\t',
  '\tbilling:read',
  'x\nbilling:read',
  'x\rbilling:read',
  'x,billing:read',
  'billing:read,x',
  'x;billing:read',
  'x+billing:read',
  'x%20billing:read',
  'x\u00a0billing:read',
  'x\u2003billing:read',
  'x\u3000billing:read',
  'billing:read\0',
  '\0billing:read',
  'billing:read\u200b',
  'b\u0131lling:read',
  'billing\uff1aread',
  '*',
  'billing:*',
  '.*',
  '^billing:read$',
  '"billing:read"',
  "'billing:read'",
  '["billing:read"]',
  'scope=billing:read',
  'billing:read&x',
  'billing\\u003aread',
  'billing:re\u0301ad',
  '-billing:read',
  '!billing:read',
]
refuses('scope-trick', {
  code: 'scope_insufficient',
  scope: 'billing:read',
  cases: {
    ...Object.fromEntries(tricks.map((scope) => [JSON.stringify(scope), mint({ scope })])),
    'in another claim': mint({
      scope: undefined,
      scp: 'billing:read',
      scopes: ['billing:read'],
      permissions: ['billing:read'],
    }),
    'in the actor': mint({ scope: undefined, act: { sub: 'agent:support', scope: 'billing:read' } }),
    'in may_act': mint({ scope: '', may_act: { sub: 'x', scope: 'billing:read' } }),
    'in the header': mint({ scope: undefined }, { header: { scope: 'billing:read' } }),
  },
  twins: { exact: mint(), 'among many': mint({ scope: `${'x '.repeat(200)}billing:read` }) },
})

refuses('binding-downgrade', {
  code: 'binding_unsupported',
  cases: Object.fromEntries(
    [
      {},
      { jkt: 'x' },
      { 'x5t#S256': 'x' },
      { jwk: key.jwk },
      { kid: 'x' },
      { unknown: 1 },
      null,
      false,
      0,
      '',
      [],
      'x',
      { jkt: null },
    ].map((cnf) => [JSON.stringify(cnf), mint({ cnf })]),
  ),
  twins: { 'no cnf': mint(), 'cnf inside act': mint(delegated({ act: { sub: 'agent:support', cnf: { jkt: 'x' } } })) },
})

const agent = (act: unknown, path = '/support', changes: Json = {}) => ({ path, token: mint({ act, ...changes }) })
refuses('chain-forgery', {
  code: 'delegation_malformed',
  cases: Object.fromEntries(
    [
      null,
      false,
      0,
      '',
      [],
      'x',
      {},
      { sub: '' },
      { sub: null },
      { act: { sub: 'x' } },
      [{ sub: 'agent:evil' }],
      { sub: 'x'.repeat(256) },
    ].flatMap((end) => [
      [`ends with ${JSON.stringify(end).slice(0, 40)}`, agent({ sub: 'agent:support', act: end })],
      [
        `ends later with ${JSON.stringify(end).slice(0, 40)}`,
        agent({ sub: 'agent:support', act: { sub: 'a', act: { sub: 'b', act: end } } }),
      ],
    ]),
  ),
  twins: { 'ends where it ends': agent({ sub: 'agent:support', act: { sub: 'a', act: { sub: 'b' } } }) },
})
refuses('chain-forgery', {
  code: 'actor_not_allowed',
  cases: {
    'the right one inside': agent({ sub: 'agent:evil', act: { sub: 'agent:support' } }),
    'the right one as client': agent({ sub: 'agent:evil' }, '/support', {
      client_id: 'agent:support',
      azp: 'agent:support',
    }),
    'the right one in may_act': agent({ sub: 'agent:evil' }, '/support', { may_act: { sub: 'agent:support' } }),
    'the right one as subject': agent({ sub: 'agent:evil' }, '/support', { sub: 'agent:support' }),
    'the right one by another name': agent({
      sub: 'agent:evil',
      actor: 'agent:support',
      id: 'agent:support',
      client_id: 'agent:support',
    }),
    'no actor at all': { path: '/support', token: mint({ sub: 'agent:support', client_id: 'agent:support' }) },
    'look-alike': agent({ sub: 'agent:supp\u043ert' }),
    'not normalised': agent({ sub: 'agent:suppo\u0072\u0301t' }),
  },
  twins: { 'the right one': agent({ sub: 'agent:support' }) },
})
refuses('chain-forgery', {
  code: 'actor_untrusted',
  cases: { 'the right name of another issuer': agent({ sub: 'agent:support', iss: 'https://evil.example' }) },
  twins: { 'of this issuer': agent({ sub: 'agent:support', iss: ISSUER }) },
})
refuses('chain-forgery', {
  code: 'delegation_required',
  cases: Object.fromEntries(
    [
      { actor: { sub: 'agent:support' } },
      { may_act: { sub: 'agent:support' } },
      { Act: { sub: 'agent:support' } },
      { delegation_chain: [{ sub: 'x' }] },
    ].map((changes) => [JSON.stringify(changes), { path: '/delegated', token: mint(changes) }]),
  ),
  twins: { act: agent({ sub: 'agent:any' }, '/delegated') },
})

const never = [0, '0', '', null, false, true, [], {}, -1, '9999999999', [NOW + 60], { $gt: 0 }, 'Infinity', 'NaN']
proves('time-trick', async (api) => {
  for (const value of never) {
    expect([value, (await api.call(mint({ exp: value, iat: 0 }))).response.status]).toEqual([value, 401])
  }
  for (const value of never.filter((item) => item !== 0)) {
    expect([value, (await api.call(mint({ nbf: value }))).response.status]).toEqual([value, 401])
    expect([value, (await api.call(mint({ iat: value }))).response.status]).toEqual([value, 401])
  }
  const written = (name: string, number: string) => raw(text({ [name]: '@' }).replace('"@"', number))
  for (const number of [
    '1e400',
    '-1e400',
    '1e308',
    '9007199254740992',
    '18446744073709551616',
    '-9223372036854775808',
    '1e-400e0'.slice(0, 6),
  ]) {
    expect([number, (await api.call(written('exp', number))).response.status]).toEqual([number, 401])
    if (number !== '1e-400')
      expect([number, (await api.call(written('iat', number))).response.status]).toEqual([number, 401])
  }
  expectRefused(await api.call(mint({ exp: NOW - 60, nbf: 0, iat: 0 })), 'token_expired')
  expectRefused(await api.call(mint({ exp: 0, iat: 0 })), 'token_expired')
  expectRefused(await api.call(mint({ exp: NOW * 1000, nbf: NOW * 1000 })), 'token_not_yet_valid')
  expectAllowed(await api.call(mint({ nbf: 0 })))
})
allows('time-trick', { 'times as they should be': mint({ nbf: NOW, iat: NOW, exp: NOW + 60 }) })

proves('scope-trick', async ({ target }) => {
  const api = await startApi(target, {
    options: { issuer: { issuer: ISSUER, jwks: jwks(key) } },
    routes: [{ method: 'GET', path: '/invoices', guards: [{ requireAnyScope: ['billing:read', 'admin'] }] }],
  })
  try {
    for (const scope of tricks) expect([scope, (await api.call(mint({ scope }))).response.status]).toEqual([scope, 403])
    expectAllowed(await api.call(mint()))
  } finally {
    await api.close()
  }
})
