import { AccessError, type Requirement } from '@behalf/core'
import type { Call } from '../support/api.js'
import { standardRoutes } from '../support/routes.js'
import { AUDIENCE, claims, createKey, delegated, forge, ISSUER, issuerKey, jwks, mint, NOW } from '../support/token.js'
import { type Code, codes } from './error-table.js'

/** A request, and whether Node's own parser answers it before anything of ours is reached. */
export interface Entry {
  readonly call: Call
  readonly parser?: true
}

const raising = (param: (name: string) => string | undefined): Requirement => ({
  check() {
    throw new AccessError(param('code') as Code)
  },
})

export const corpusRoutes = [
  ...standardRoutes,
  { method: 'GET', path: '/raise/:code', guards: [{ protect: raising }] },
] as const

const key = issuerKey()
export const corpusIssuer = { issuer: ISSUER, jwks: jwks(key, issuerKey('RS256'), issuerKey('EdDSA')) }

const token = mint({ jti: 'corpus' })
const [h = '', c = '', s = ''] = token.split('.')
const forger = createKey('ES256', key.kid)
const latin1 = (text: string) => Buffer.from(text, 'latin1')
const chain = (depth: number): object => ({ sub: `agent:${depth}`, ...(depth > 1 && { act: chain(depth - 1) }) })

/** Every byte but those that end a line, between a good scheme and a good token. */
const oddBytes: Record<string, Entry> = Object.fromEntries(
  Array.from({ length: 256 }, (_, byte) => byte)
    .filter((byte) => byte !== 0x0a && byte !== 0x0d)
    .flatMap((byte): [string, Entry][] => {
      const name = `byte ${byte.toString(16)}`
      const parser = (byte < 0x20 && byte !== 0x09) || byte === 0x7f ? ({ parser: true } as const) : {}
      return [
        [
          `${name} after the scheme`,
          { call: { authorization: Buffer.concat([latin1('Bearer'), Buffer.of(byte), latin1(token)]) }, ...parser },
        ],
        [
          `${name} inside the token`,
          {
            call: { authorization: Buffer.concat([latin1(`Bearer ${h}.`), Buffer.of(byte), latin1(`${c}.${s}`)]) },
            ...parser,
          },
        ],
        [
          `${name} at the end`,
          { call: { authorization: Buffer.concat([latin1(`Bearer ${token}`), Buffer.of(byte)]) }, ...parser },
        ],
      ]
    }),
)

const raised: Record<string, Entry> = Object.fromEntries(
  codes.map((code) => [`raised: ${code}`, { call: { path: `/raise/${code}`, token } }]),
)

const calls: Record<string, Call> = {
  // allowed
  'a good token': token,
  RS256: mint({}, { key: issuerKey('RS256') }),
  EdDSA: mint({}, { key: issuerKey('EdDSA') }),
  'a delegated token': mint(delegated()),
  'a chain': mint(delegated({ act: chain(4) })),
  'an own record': { path: '/customers/user-1', token },
  'one of two scopes': { path: '/either', token },
  'a public route': { path: '/public', token, events: 0 },
  'a public route without a token': { path: '/public', events: 0 },
  'lower case': { authorization: `bearer ${token}` },
  'upper case': { authorization: `BEARER ${token}` },
  'many spaces': { authorization: `Bearer      ${token}` },
  'white space around': { authorization: ` \t Bearer ${token} \t` },
  traced: { token, headers: [['traceparent', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01']] },
  'traced twice': {
    token,
    headers: [
      ['traceparent', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'],
      ['traceparent', 'x'],
    ],
  },
  'a query': { path: '/invoices?a=1&a=2&access_token=x', token },
  'a fragment-like query': { path: '/invoices?a=%23b#c', token },
  'escaped path': { path: '/customers/%75ser-1', token },

  // credentials
  'no token': {},
  empty: { authorization: '' },
  'scheme alone': { authorization: 'Bearer' },
  'scheme and space': { authorization: 'Bearer ' },
  Basic: { authorization: 'Basic dXNlcjpwYXNz' },
  DPoP: { authorization: `DPoP ${token}` },
  'Digest with commas': { authorization: 'Digest username="a", realm="b"' },
  'a DPoP header beside it': { token, headers: [['DPoP', 'x.y.z']] },
  'two DPoP headers beside it': {
    token,
    headers: [
      ['DPoP', 'x.y.z'],
      ['DPoP', 'x.y.z'],
    ],
  },
  twice: { authorization: [`Bearer ${token}`, `Bearer ${token}`] },
  'twice, one Basic': { authorization: ['Basic dXNlcjpwYXNz', `Bearer ${token}`] },
  'twice, one empty': { authorization: ['', `Bearer ${token}`] },
  'ten times': { authorization: Array.from({ length: 10 }, () => `Bearer ${token}`) },
  'mixed case names': {
    headers: [
      ['authorization', `Bearer ${token}`],
      ['AUTHORIZATION', 'Bearer x'],
    ],
  },
  'a comma': { authorization: `Bearer ${token}, Bearer ${token}` },
  'a comma without a space': { authorization: `Bearer ${token},x` },
  'only a comma': { authorization: ',' },
  'a long scheme': { authorization: `${'x'.repeat(200)} ${token}` },
  'a quoted token': { authorization: `Bearer "${token}"` },
  'a trailing space and more': { authorization: `Bearer ${token} x` },
  'UTF-8': { authorization: Buffer.from(`Bearer ${token}é`) },

  // tokens
  'no token at all': 'x',
  'two parts': `${h}.${c}`,
  'no signature': `${h}.${c}.`,
  'five parts': `${token}.${c}.${s}`,
  padded: `${token}=`,
  'standard base64': `${h}.${c}.${'+'.repeat(86)}`,
  dots: '.'.repeat(5000),
  huge: 'a'.repeat(17_000),
  'huge with dots': `${'a'.repeat(6000)}.${'a'.repeat(6000)}.${'a'.repeat(6000)}`,
  'as large as headers may be': 'a'.repeat(60_000),
  'a large good one': mint({ filler: 'x'.repeat(9000) }),
  'too large a good one': mint({ filler: 'x'.repeat(14_000) }),
  none: forge({ header: { alg: 'none', typ: 'at+jwt' }, claims: claims(), signature: Buffer.alloc(64) }),
  'none without a signature': forge({ header: { alg: 'none', typ: 'at+jwt' }, claims: claims(), signature: '' }),
  'HS256 with the public key': forge({
    header: { alg: 'HS256', typ: 'at+jwt', kid: key.kid },
    claims: claims(),
    secret: key.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  }),
  'an ID token': mint({}, { header: { typ: 'JWT' } }),
  critical: mint({}, { header: { crit: ['x'] } }),
  nested: mint({}, { header: { cty: 'JWT' } }),
  'unknown kid': mint({}, { header: { kid: 'x' } }),
  'no kid': mint({}, { header: { kid: undefined } }),
  'another issuer': mint({ iss: 'https://evil.example' }),
  forged: mint({ sub: 'victim' }, { key: forger }),
  'a zero signature': forge({
    header: { alg: 'ES256', typ: 'at+jwt', kid: key.kid },
    claims: claims(),
    signature: Buffer.alloc(64),
  }),
  'claims missing': mint({ jti: undefined }),
  'claims mistyped': mint({ sub: 7 }),
  expired: mint({ exp: NOW - 60, iat: NOW - 120 }),
  'not yet valid': mint({ nbf: NOW + 60 }),
  'issued in the future': mint({ iat: NOW + 60 }),
  'too old': mint({ iat: NOW - 4000 }),
  'a long life': mint(delegated({ exp: NOW + 4000 })),
  'another audience': mint({ aud: `${AUDIENCE}/` }),
  bound: mint({ cnf: { jkt: 'x' } }),
  'malformed chain': mint({ act: null }),
  'deep chain': mint({ act: chain(5) }),
  'very deep chain': mint({ act: chain(40) }),
  'foreign actor': mint({ act: { sub: 'agent:support', iss: 'https://evil.example' } }),
  'odd characters in claims': mint({
    sub: 'a\nb\u202e"\\',
    client_id: '\u0000',
    jti: '\ud83d',
    scope: 'billing:read \u{1f511}',
  }),

  // policy
  'no scope': mint({ scope: undefined }),
  'one of both scopes': { path: '/both', token },
  'none of two scopes': { path: '/either', token: mint({ scope: 'x' }) },
  'delegation required': { path: '/delegated', token },
  'delegation forbidden': { path: '/direct', token: mint(delegated()) },
  'another actor': { path: '/support', token: mint({ act: { sub: 'agent:other' } }) },
  "another's record": { path: '/customers/user-2', token },
  'stacked, outer refuses': { path: '/stacked', token },
  'stacked, inner refuses': { path: '/stacked', token: mint(delegated()), events: 2 },
  'stacked, both allow': { path: '/stacked', token: mint(delegated({ scope: 'billing:write' })), events: 2 },

  // HTTP
  HEAD: { method: 'HEAD', token },
  'HEAD without a token': { method: 'HEAD' },
  'HEAD, expired': { method: 'HEAD', token: mint({ exp: 1, iat: 0 }) },
  OPTIONS: { method: 'OPTIONS', token },
  'OPTIONS without a token': { method: 'OPTIONS' },
  POST: { method: 'POST', token, body: '' },
  'POST without a token': { method: 'POST', body: '{"a":1}', headers: [['Content-Type', 'application/json']] },
  'POST of broken JSON without a token': { method: 'POST', body: '{', headers: [['Content-Type', 'application/json']] },
  'absolute form': { path: 'http://api.example/invoices', token },
  'absolute form without a token': { path: 'http://evil.example:99/invoices?x' },
  'other hosts': {
    headers: [
      ['Host', 'evil.example'],
      ['X-Forwarded-Host', 'evil.example'],
    ],
  },
  'HTTP/1.0': { bytes: latin1(`GET /invoices HTTP/1.0\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`) },
  'HTTP/1.0 without a token': { bytes: latin1('GET /invoices HTTP/1.0\r\nHost: x\r\n\r\n') },
  'many headers': { headers: Array.from({ length: 80 }, (_, i) => [`X-Header-${i}`, 'x'] as const) },
  'a chunked body without a token': {
    bytes: latin1('POST /invoices HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n'),
  },
  'headers for somebody else': {
    headers: [
      ['Proxy-Authorization', `Bearer ${token}`],
      ['Cookie', `token=${token}`],
      ['X-Original-URL', '/public'],
    ],
  },
}

/** What the HTTP parser refuses by itself: no adapter is asked. */
const unparsable: Record<string, Entry> = {
  'no host': { call: { bytes: latin1('GET /invoices HTTP/1.1\r\n\r\n'), events: 0 }, parser: true },
  'a space before the colon': {
    call: { bytes: latin1(`GET /invoices HTTP/1.1\r\nHost: x\r\nAuthorization : Bearer ${token}\r\n\r\n`), events: 0 },
    parser: true,
  },
  'a continued line': {
    call: {
      bytes: latin1(`GET /invoices HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer\r\n  ${token}\r\n\r\n`),
      events: 0,
    },
    parser: true,
  },
  'two lengths': {
    call: {
      bytes: latin1('POST /invoices HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'),
      events: 0,
    },
    parser: true,
  },
  'length and chunks': {
    call: {
      bytes: latin1(
        'POST /invoices HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      ),
      events: 0,
    },
    parser: true,
  },
  'headers too large': { call: { headers: [['X-Large', 'x'.repeat(70_000)]], events: 0 }, parser: true },
}

/** Requests that every target has to answer alike. */
export const corpus: Readonly<Record<string, Entry>> = {
  ...Object.fromEntries(Object.entries(calls).map(([name, call]) => [name, { call }])),
  ...raised,
  ...Object.fromEntries(
    Object.entries(oddBytes).map(([name, { call, parser }]) => {
      return [name, parser && typeof call === 'object' ? { call: { ...call, events: 0 }, parser } : { call }]
    }),
  ),
  ...unparsable,
}

/** The same on one connection, one after the other. */
export const pipelined: readonly Call[] = [
  token,
  {},
  mint({ sub: 'user-2' }),
  { path: '/stacked', token: mint(delegated()), events: 2 },
  { method: 'HEAD' },
  { path: '/customers/user-2', token },
  { method: 'POST', token, body: '' },
  { path: '/public', events: 0 },
  { authorization: ['Bearer x', 'Bearer y'] },
  token,
]
