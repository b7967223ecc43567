import { rfc9068 } from '@behalf/core'
import { expect } from 'vitest'
import { type DocumentedIssuer, documentedIssuers, type Written } from '../profiles/documented.js'
import type { Api, ApiSettings } from '../support/api.js'
import {
  AUDIENCE,
  claims,
  createKey,
  delegated,
  forge,
  ISSUER,
  issuerKey,
  type Json,
  jwks,
  mint,
  NOW,
} from '../support/token.js'
import { expectAllowed, expectRefused, seenBy } from './answer.js'
import type { Code } from './error-table.js'
import { createSuite } from './suite.js'

const key = issuerKey()
const header = { alg: key.algorithm, typ: 'at+jwt', kid: key.kid }
const { refuses, allows, proves } = createSuite()
const tokens = (changes: Readonly<Record<string, Json>>) =>
  Object.fromEntries(Object.entries(changes).map(([name, change]) => [name, mint(change)]))

refuses('RFC9068-2.2-required', {
  code: 'claim_missing',
  cases: tokens(
    Object.fromEntries(['sub', 'aud', 'exp', 'iat', 'client_id', 'jti'].map((name) => [name, { [name]: undefined }])),
  ),
  twins: tokens({ all: {}, 'optional ones absent': { scope: 'billing:read', nbf: undefined } }),
})

refuses('RFC9068-4-iss', {
  code: 'issuer_untrusted',
  cases: tokens({
    absent: { iss: undefined },
    another: { iss: 'https://evil.example' },
    'a slash more': { iss: `${ISSUER}/` },
    'a longer host': { iss: `${ISSUER}.evil.example` },
    'a path': { iss: `${ISSUER}/tenant` },
    'a prefix': { iss: ISSUER.slice(0, -1) },
    'upper case': { iss: ISSUER.toUpperCase() },
    'a port': { iss: `${ISSUER}:443` },
    http: { iss: ISSUER.replace('https', 'http') },
    'user information': { iss: ISSUER.replace('//', '//auth@') },
    'a space': { iss: `${ISSUER} ` },
    empty: { iss: '' },
    list: { iss: [ISSUER] },
    'a list of two': { iss: ['https://evil.example', ISSUER] },
    object: { iss: { [ISSUER]: true } },
    null: { iss: null },
    true: { iss: true },
    number: { iss: 0 },
  }),
  twins: tokens({ exact: { iss: ISSUER } }),
})

const textTypes = { empty: '', number: 7, zero: 0, true: true, null: null, list: ['user-1'], object: { id: 'user-1' } }
refuses('RFC7519-4.1-types', {
  code: 'claim_invalid',
  cases: {
    ...Object.fromEntries(
      ['sub', 'client_id', 'jti'].flatMap((name) =>
        Object.entries(textTypes).map(([type, value]) => [`${name}: ${type}`, mint({ [name]: value })]),
      ),
    ),
    ...tokens({
      'aud: number': { aud: 1 },
      'aud: empty': { aud: '' },
      'aud: null': { aud: null },
      'aud: object': { aud: { [AUDIENCE]: true } },
      'aud: empty list': { aud: [] },
      'aud: list of lists': { aud: [[AUDIENCE]] },
      'aud: number in the list': { aud: [AUDIENCE, 1] },
      'aud: null in the list': { aud: [AUDIENCE, null] },
      'aud: empty text in the list': { aud: [AUDIENCE, ''] },
    }),
  },
  twins: tokens({ strings: {}, 'aud: list': { aud: [AUDIENCE] } }),
})

/** Numbers that JSON.stringify cannot write. */
const raw = (member: string, value: string) =>
  forge({ header, claims: JSON.stringify(claims({ [member]: '@' })).replace('"@"', value), key })
const times = ['exp', 'iat', 'nbf']
const mistyped = {
  string: String(NOW + 60),
  empty: '',
  null: null,
  true: true,
  list: [NOW + 60],
  object: { valueOf: NOW },
  negative: -1,
  'a fraction below zero': -0.5,
  'too large': 2 ** 53,
}
refuses('RFC7519-2-numeric-date', {
  code: 'claim_invalid',
  cases: Object.fromEntries(
    times.flatMap((name) => [
      ...Object.entries(mistyped).map(([type, value]) => [`${name}: ${type}`, mint({ [name]: value })] as const),
      [`${name}: infinite`, raw(name, '1e400')] as const,
      [`${name}: minus infinite`, raw(name, '-1e400')] as const,
      [`${name}: huge`, raw(name, '1e300')] as const,
    ]),
  ),
  twins: {
    ...tokens({
      fractions: { exp: NOW + 60.5, iat: NOW - 0.5, nbf: NOW - 0.25 },
      'the beginning of time': { iat: 0, nbf: 0 },
      'the end of time': { exp: 2 ** 53 - 1 },
    }),
    'an exponent': raw('exp', '1800000060e0'),
    'minus zero': raw('nbf', '-0'),
  },
})

refuses('RFC7519-4.1.4-exp', {
  code: 'token_expired',
  cases: tokens({
    'long ago': { exp: 1, iat: 0 },
    zero: { exp: 0, iat: 0 },
    'just outside the tolerance': { exp: NOW - 5 },
    'a fraction outside': { exp: NOW - 5.001 },
  }),
  twins: tokens({
    now: { exp: NOW },
    'just inside the tolerance': { exp: NOW - 4 },
    'a fraction inside': { exp: NOW - 4.999 },
    later: { exp: NOW + 1 },
  }),
})

refuses('RFC7519-4.1.5-nbf', {
  code: 'token_not_yet_valid',
  cases: tokens({ soon: { nbf: NOW + 6 }, 'a fraction outside': { nbf: NOW + 5.001 }, never: { nbf: 2 ** 53 - 1 } }),
  twins: tokens({ now: { nbf: NOW }, 'at the tolerance': { nbf: NOW + 5 }, absent: { nbf: undefined } }),
})

refuses('BEHALF-iat-future', {
  code: 'token_not_yet_valid',
  cases: tokens({ soon: { iat: NOW + 6 }, 'a fraction outside': { iat: NOW + 5.001 } }),
  twins: tokens({ now: { iat: NOW }, 'at the tolerance': { iat: NOW + 5 } }),
})

const strict = createSuite({ options: { clockTolerance: 0, maxTokenAge: 60 } })
strict.refuses(
  'BEHALF-clock-tolerance',
  {
    code: 'token_expired',
    cases: tokens({ now: { exp: NOW }, 'a fraction ago': { exp: NOW - 0.001 } }),
    twins: tokens({ 'a fraction later': { exp: NOW + 0.001 } }),
  },
  {
    code: 'token_not_yet_valid',
    cases: tokens({ nbf: { nbf: NOW + 0.001 }, iat: { iat: NOW + 0.001 } }),
    twins: tokens({ now: { nbf: NOW, iat: NOW } }),
  },
)

strict.refuses('BEHALF-token-age', {
  code: 'token_too_old',
  cases: tokens({ 'a second too old': { iat: NOW - 61 }, 'issued at zero': { iat: 0 } }),
  twins: tokens({ 'just as old': { iat: NOW - 60 }, fresh: { iat: NOW } }),
})

refuses('BEHALF-token-lifetime-delegated', {
  code: 'token_lifetime_too_long',
  cases: {
    'a second more': mint(delegated({ exp: NOW + 901 })),
    'a day': mint(delegated({ exp: NOW + 86_400 })),
    'long, and nearly over': mint(delegated({ iat: NOW - 86_400, exp: NOW + 60 })),
  },
  twins: {
    'just as long': mint(delegated({ exp: NOW + 900 })),
    'a direct token of a day': mint({ exp: NOW + 86_400 }),
  },
})

const lifetimes = createSuite({ options: { maxTokenLifetime: { delegated: 60, direct: 600 } } })
lifetimes.refuses('BEHALF-token-lifetime-setting', {
  code: 'token_lifetime_too_long',
  cases: { delegated: mint(delegated({ exp: NOW + 61 })), direct: mint({ exp: NOW + 601 }) },
  twins: { delegated: mint(delegated({ exp: NOW + 60 })), direct: mint({ exp: NOW + 600 }) },
})

refuses('RFC9068-4-aud', {
  code: 'audience_mismatch',
  cases: tokens({
    another: { aud: 'https://orders.example.com' },
    'a slash more': { aud: `${AUDIENCE}/` },
    'a prefix': { aud: AUDIENCE.slice(0, -1) },
    'a longer one': { aud: `${AUDIENCE}.evil.example` },
    'upper case': { aud: AUDIENCE.toUpperCase() },
    'a space': { aud: ` ${AUDIENCE}` },
    'both in one string': { aud: `https://orders.example.com ${AUDIENCE}` },
    'a list of others': { aud: ['https://orders.example.com', `${AUDIENCE}/`] },
    'the client, as in an ID token': { aud: 'client-1' },
    'a wildcard': { aud: '*' },
  }),
  twins: tokens({
    string: { aud: AUDIENCE },
    list: { aud: [AUDIENCE] },
    'one of several': { aud: ['https://orders.example.com', AUDIENCE] },
  }),
})

refuses(
  'RFC6749-3.3-scope-claim',
  {
    code: 'claim_invalid',
    cases: tokens({
      list: { scope: ['billing:read'] },
      'empty list': { scope: [] },
      object: { scope: { 'billing:read': true } },
      true: { scope: true },
      number: { scope: 1 },
      null: { scope: null },
    }),
    twins: tokens({
      one: { scope: 'billing:read' },
      several: { scope: 'other billing:read more' },
      twice: { scope: 'billing:read billing:read' },
    }),
  },
  {
    code: 'scope_insufficient',
    scope: 'billing:read',
    cases: tokens({
      absent: { scope: undefined },
      empty: { scope: '' },
      'other claim': { scope: undefined, scp: 'billing:read' },
    }),
    twins: tokens({ present: { scope: 'billing:read' } }),
  },
)

const scp = createSuite({
  options: {
    issuer: { issuer: ISSUER, jwks: jwks(key), profile: rfc9068({ scopeClaims: ['scp', 'scope'], scopeArrays: true }) },
  },
})
scp.refuses('BEHALF-scope-profile', {
  code: 'claim_invalid',
  cases: tokens({
    'mixed list': { scp: ['billing:read', 1] },
    'nested list': { scp: [['billing:read']] },
    object: { scp: {} },
  }),
  twins: tokens({
    'list in scp': { scope: undefined, scp: ['other', 'billing:read'] },
    'string in scp': { scope: undefined, scp: 'other billing:read' },
    'string in scope': { scope: 'billing:read' },
  }),
})

refuses('BEHALF-cnf-unsupported', {
  code: 'binding_unsupported',
  cases: tokens({
    'two keys': { cnf: { jkt: 'A'.repeat(43), 'x5t#S256': 'A'.repeat(43) } },
    'a key and something unknown': { cnf: { jkt: 'A'.repeat(43), kid: 'x' } },
    'a thumbprint that is none': { cnf: { jkt: 'A'.repeat(42) } },
    'a thumbprint that is no text': { cnf: { 'x5t#S256': 7 } },
    'something unknown': { cnf: { kid: 'x' } },
    empty: { cnf: {} },
    null: { cnf: null },
    false: { cnf: false },
    string: { cnf: '' },
    list: { cnf: [] },
  }),
  twins: tokens({ absent: {} }),
})

allows(
  'BEHALF-unknown-claims',
  tokens({
    unknown: { 'urn:example:claim': { deep: [1, 2, 3] } },
    'of other kinds of token': {
      nonce: 'n',
      at_hash: 'h',
      azp: 'other',
      events: {},
      htm: 'GET',
      htu: 'https://x.example',
    },
    may_act: { may_act: { sub: 'agent:evil' } },
    'names of object members': { constructor: 1, hasOwnProperty: 2, toString: 3, valueOf: null },
  }),
)

const other = { issuer: 'https://other.example.com', key: createKey('ES256', key.kid) }
const third = { issuer: 'https://third.example.com', key: createKey('ES256', 'third') }
const several = createSuite({
  options: {
    issuer: [
      { issuer: ISSUER, jwks: jwks(key) },
      { issuer: other.issuer, jwks: jwks(other.key) },
      { issuer: third.issuer, jwks: jwks(third.key) },
    ],
  },
})
several.refuses(
  'BEHALF-several-issuers',
  {
    code: 'signature_invalid',
    cases: {
      'keys of the second, same kid': mint({}, { key: other.key }),
      'keys of the first, same kid': mint({ iss: other.issuer }),
    },
    twins: { first: mint(), second: mint({ iss: other.issuer }, { key: other.key }) },
  },
  {
    code: 'key_not_found',
    cases: { 'a kid of another issuer': mint({}, { key: third.key }) },
    twins: { third: mint({ iss: third.issuer }, { key: third.key }) },
  },
)

const rsaKey = issuerKey('RS256')
function findDocumented(name: string): DocumentedIssuer {
  const documented = documentedIssuers[name]
  if (documented === undefined) throw new Error(`nothing is documented of ${name}`)
  return documented
}
function trusting(name: string): ApiSettings {
  const { issuer, audience, profile } = findDocumented(name)
  const trusted = { issuer, jwks: jwks(rsaKey), profile }
  return { options: { issuer: trusted, audience, maxTokenLifetime: { delegated: 3_600 } } }
}
function tellingTokensApart(name: string): (api: Api) => Promise<void> {
  const { accepted, refused, audience } = findDocumented(name)
  const sent = (written: Written) => ({ path: '/token', token: forge({ ...written, key: rsaKey }) })
  const idTokens = Object.entries(refused).filter(([what]) => what.startsWith('an ID token'))
  const schemes = audience.startsWith('https:') ? {} : ({ schemes: ['Bearer'] } as const)
  return async (api) => {
    for (const written of Object.values(accepted)) {
      const outcome = await api.call(sent(written))
      expectAllowed(outcome)
      const { subject, clientId, scopes, mode } = written.expected
      const expected = { subject, clientId, scopes, mode }
      expect(seenBy(outcome)).toMatchObject(JSON.parse(JSON.stringify(expected)) as Json) // without what is undefined
    }
    expect(idTokens).not.toEqual([])
    for (const [, { code, ...written }] of idTokens) {
      expectRefused(await api.call(sent(written)), code as Code, schemes)
    }
  }
}
createSuite(trusting('auth0')).proves('BEHALF-profile-auth0', tellingTokensApart('auth0'))
createSuite(trusting('keycloak')).proves('BEHALF-profile-keycloak', tellingTokensApart('keycloak'))
createSuite(trusting('entra v2.0')).proves('BEHALF-profile-entra', tellingTokensApart('entra v2.0'))
createSuite(trusting('entra v1.0')).proves('BEHALF-profile-entra', tellingTokensApart('entra v1.0'))
createSuite(trusting('okta')).proves('BEHALF-profile-okta', tellingTokensApart('okta'))
createSuite(trusting('cognito')).proves('BEHALF-profile-cognito', tellingTokensApart('cognito'))

proves('BEHALF-order-of-checks', async (api) => {
  const forger = createKey('ES256', key.kid)
  const everything = { exp: 1, iat: 0, aud: 'https://orders.example.com', scope: 'other' }
  const order = [
    ['credentials_multiple', { authorization: ['Bearer x', 'Bearer x'] }],
    [
      'token_malformed',
      { token: forge({ header: { ...header, crit: ['x'], alg: 'none' }, claims: claims(everything), key: forger }) },
    ],
    [
      'token_type_rejected',
      { token: mint({ ...everything, sub: undefined }, { key: forger, header: { typ: 'JWT' } }) },
    ],
    ['issuer_untrusted', { token: mint({ ...everything, iss: 'https://evil.example' }, { key: forger }) }],
    ['key_not_found', { token: mint(everything, { key: forger, header: { kid: 'unknown' } }) }],
    ['signature_invalid', { token: mint(everything, { key: forger }) }],
    ['claim_missing', { token: mint({ ...everything, sub: undefined, act: null }) }],
    ['token_expired', { token: mint({ ...everything, act: null }) }],
    ['audience_mismatch', { token: mint({ ...everything, exp: NOW + 60, iat: NOW, act: null }) }],
    ['delegation_malformed', { token: mint({ scope: 'other', act: null }) }],
  ] as const
  for (const [code, call] of order) expectRefused(await api.call(call), code)
  expectRefused(await api.call(mint({ scope: 'other' })), 'scope_insufficient', { scope: 'billing:read' })
  expectAllowed(await api.call(mint()))
})

const aging = createSuite()
aging.proves('BEHALF-no-revival', async (api) => {
  const token = mint({ exp: NOW + 60 })
  for (let i = 0; i < 3; i++) expectAllowed(await api.call(token))
  expect(seenBy(await api.call(token)).subject).toBe('user-1')
  api.clock.now = NOW + 64
  expectAllowed(await api.call(token))
  api.clock.now = NOW + 65
  expectRefused(await api.call(token), 'token_expired')
  api.clock.now = NOW - 6
  expectRefused(await api.call(token), 'token_not_yet_valid')
  api.clock.now = NOW
  expectAllowed(await api.call(token))
})
