import { expect } from 'vitest'
import {
  type Algorithm,
  claims,
  createKey,
  encodePart,
  forge,
  ISSUER,
  issuerKey,
  type Json,
  jwks,
  mint,
  type Part,
  signInput,
} from '../support/token.js'
import { expectAllowed, seenBy } from './answer.js'
import { createSuite } from './suite.js'

const algorithms: readonly Algorithm[] = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
]
const longKid = 'k'.repeat(256)
const named = createKey('ES256', longKid)
const { refuses, allows, proves } = createSuite({
  options: { issuer: { issuer: ISSUER, jwks: jwks(...algorithms.map((name) => issuerKey(name)), named) } },
})

const key = issuerKey()
const goodHeader = { alg: 'ES256', typ: 'at+jwt', kid: key.kid }
const token = mint()
const [h = '', c = '', s = ''] = token.split('.')

/** Signed by the trusted issuer, so that nothing but the header can be the reason of a refusal. */
const withHeader = (changes: Json) => forge({ header: { ...goodHeader, ...changes }, claims: claims(), key })
const headers = (changes: Readonly<Record<string, Json>>) =>
  Object.fromEntries(Object.entries(changes).map(([name, change]) => [name, withHeader(change)]))

refuses('RFC7515-7.1-three-parts', {
  code: 'token_malformed',
  cases: {
    'one part': 'abcdefgh',
    'two parts': `${h}.${c}`,
    'no signature': `${h}.${c}.`,
    'no claims': `${h}..${s}`,
    'no header': `.${c}.${s}`,
    'only dots': '..',
    'one dot': '.',
    'a fourth part': `${token}.${s}`,
    'an empty fourth part': `${token}.`,
    'an empty first part': `.${token}`,
    'five parts': `${encodePart({ alg: 'dir', enc: 'A256GCM' })}..${encodePart('iv')}.${encodePart('text')}.${encodePart('tag')}`,
    'five good parts': `${token}.${c}.${s}`,
    'many dots': '.'.repeat(4000),
  },
  twins: { 'three parts': token },
})

refuses('RFC7515-2-base64url', {
  code: 'token_malformed',
  cases: {
    'padded signature': `${token}==`,
    'padded once': `${token}=`,
    'standard alphabet in the signature': `${h}.${c}.${standardAlphabet(s)}`,
    'a tilde': `${h}.${c}.~${s.slice(1)}`,
    'a plus sign in the claims': signInput(`${h}.+${c.slice(1)}`, key),
    'a slash in the header': signInput(`/${h.slice(1)}.${c}`, key),
    'a length no bytes have': `${h}.${c}.${s.slice(0, 85)}`,
    'stray bits in the signature': `${h}.${c}.${strayBits(s)}`,
    'stray bits in the header': signInput(`${strayBits(unpadded(goodHeader))}.${c}`, key),
    'stray bits in the claims': signInput(`${h}.${strayBits(unpadded(claims()))}`, key),
    tildes: `${h}.${c}.~~~~`,
  },
  twins: {
    'as it should be': token,
    'header of another length': signInput(`${unpadded(goodHeader)}.${c}`, key),
    'claims of another length': signInput(`${h}.${unpadded(claims())}`, key),
  },
})

const notObjects: Readonly<Record<string, Part>> = {
  array: [],
  'array around the object': [{ ...goodHeader, ...claims() }],
  string: '"text"',
  number: 1,
  true: true,
  null: null,
  nothing: ' ',
  'not JSON': '{',
  'single quotes': "{'alg':'ES256'}",
  'a trailing comma': '{"alg":"ES256",}',
  'a comment': '{"alg":"ES256"/**/}',
  'two objects': '{}{}',
  NaN: '{"exp":NaN}',
}
refuses('RFC7519-7.2-json-object', {
  code: 'token_malformed',
  cases: Object.fromEntries(
    Object.entries(notObjects).flatMap(([name, part]) => [
      [`header: ${name}`, forge({ header: part, claims: claims(), key })],
      [`claims: ${name}`, forge({ header: goodHeader, claims: part, key })],
    ]),
  ),
  twins: {
    objects: token,
    'white space around the objects': forge({
      header: ` ${JSON.stringify(goodHeader)}\n`,
      claims: `\t${JSON.stringify(claims())} `,
      key,
    }),
  },
})

const text = (value: Json) => JSON.stringify(value)
const bytes = (...parts: readonly (string | number[])[]) =>
  Buffer.concat(parts.map((part) => Buffer.from(part as string)))
refuses('RFC7519-7.2-utf8', {
  code: 'token_malformed',
  cases: {
    'byte order mark, header': forge({ header: `\ufeff${text(goodHeader)}`, claims: claims(), key }),
    'byte order mark, claims': forge({ header: goodHeader, claims: `\ufeff${text(claims())}`, key }),
    'UTF-16, header': forge({ header: Buffer.from(text(goodHeader), 'utf16le'), claims: claims(), key }),
    'UTF-16, claims': forge({ header: goodHeader, claims: Buffer.from(text(claims()), 'utf16le'), key }),
    'a lone continuation byte': withSubjectBytes([0x80]),
    'an overlong form': withSubjectBytes([0xc0, 0xaf]),
    'an overlong NUL': withSubjectBytes([0xc0, 0x80]),
    'a surrogate': withSubjectBytes([0xed, 0xa0, 0x80]),
    'beyond Unicode': withSubjectBytes([0xf4, 0x90, 0x80, 0x80]),
    'a cut sequence': withSubjectBytes([0xe2, 0x82]),
    'latin1, header': forge({
      header: bytes('{"alg":"ES256","typ":"at+jwt","kid":"', [0xe9], '"}'),
      claims: claims(),
      key,
    }),
    'NUL after the object': forge({ header: goodHeader, claims: `${text(claims())}\0`, key }),
    'NUL inside a string': forge({
      header: goodHeader,
      claims: text(claims({ sub: 'user-1' })).replace('user-1', 'user-1\0'),
      key,
    }),
  },
  twins: {
    'two, three and four byte characters': mint({ sub: 'é€\u{1f511}' }),
    'escaped characters': forge({ header: goodHeader, claims: text(claims()).replace('user-1', '\\u0075ser-1'), key }),
  },
})

proves('RFC7515-4-duplicate-members', async (api) => {
  const twice = (member: string, first: unknown, changes: Json = {}) => {
    const json = text(claims(changes))
    return forge({
      header: goodHeader,
      claims: `{${JSON.stringify(member)}:${JSON.stringify(first)},${json.slice(1)}`,
      key,
    })
  }
  const subject = await api.call(twice('sub', 'user-2', { sub: 'user-1' }))
  expectAllowed(subject)
  expect(seenBy(subject).subject).toBe('user-1')
  expect(subject.events[0]?.subject?.id).toBe('user-1')

  const escaped = await api.call(
    forge({ header: goodHeader, claims: `{"s\\u0075b":"user-2",${text(claims()).slice(1)}`, key }),
  )
  expectAllowed(escaped)
  expect(seenBy(escaped).subject).toBe('user-1')

  const scope = await api.call(twice('scope', 'billing:read', { scope: 'other' }))
  expect(scope.events[0]?.reason.code).toBe('scope_insufficient')
  const expired = await api.call(twice('exp', 4_000_000_000, { exp: 1 }))
  expect(expired.events[0]?.reason.code).toBe('token_expired')
  const actor = await api.call({ path: '/delegated', token: twice('act', { sub: 'agent:support' }, { act: null }) })
  expect(actor.events[0]?.reason.code).toBe('delegation_malformed')
  const algorithm = await api.call(
    forge({ header: `{"alg":"ES256",${text({ ...goodHeader, alg: 'none' }).slice(1)}`, claims: claims(), key }),
  )
  expect(algorithm.events[0]?.reason.code).toBe('algorithm_rejected')
  expectAllowed(await api.call(forge({ header: `{"alg":"none",${text(goodHeader).slice(1)}`, claims: claims(), key })))
})

refuses('RFC8725-3.1-algorithm', {
  code: 'algorithm_rejected',
  cases: headers({
    none: { alg: 'none' },
    None: { alg: 'None' },
    NONE: { alg: 'NONE' },
    nOnE: { alg: 'nOnE' },
    'none with a space': { alg: 'none ' },
    'none with a NUL': { alg: 'none\0' },
    HS256: { alg: 'HS256' },
    HS384: { alg: 'HS384' },
    HS512: { alg: 'HS512' },
    'lower case': { alg: 'es256' },
    'mixed case': { alg: 'Es256' },
    'a space': { alg: 'ES256 ' },
    'a space before': { alg: ' ES256' },
    empty: { alg: '' },
    absent: { alg: undefined },
    null: { alg: null },
    number: { alg: 256 },
    true: { alg: true },
    list: { alg: ['ES256'] },
    object: { alg: { name: 'ES256' } },
    'a curve we do not speak': { alg: 'ES256K' },
    'an encryption algorithm': { alg: 'RSA-OAEP' },
    PBES2: { alg: 'PBES2-HS256+A128KW', p2c: 2_147_483_647, p2s: 'AAAA' },
    'a property of every object': { alg: 'constructor' },
    'a method of maps': { alg: 'has' },
    __proto__: { alg: '__proto__' },
    'unknown to all': { alg: 'ES257' },
    'look-alike letters': { alg: '\u0395S256' },
  }),
  twins: headers({ ES256: { alg: 'ES256' } }),
})

allows('RFC7518-3-algorithms', Object.fromEntries(algorithms.map((name) => [name, mint({}, { key: issuerKey(name) })])))

const narrow = createSuite({
  options: { issuer: { issuer: ISSUER, jwks: jwks(issuerKey('ES256'), issuerKey('ES384')), algorithms: ['ES256'] } },
})
narrow.refuses('RFC8725-3.1-issuer-algorithms', {
  code: 'algorithm_rejected',
  cases: { ES384: mint({}, { key: issuerKey('ES384') }), RS256: mint({}, { key: issuerKey('RS256') }) },
  twins: { ES256: mint() },
})

refuses('RFC9068-4-typ', {
  code: 'token_type_rejected',
  cases: headers({
    absent: { typ: undefined },
    JWT: { typ: 'JWT' },
    jwt: { typ: 'jwt' },
    empty: { typ: '' },
    'a DPoP proof': { typ: 'dpop+jwt' },
    'a logout token': { typ: 'logout+jwt' },
    'a security event': { typ: 'secevent+jwt' },
    'an introspection answer': { typ: 'token-introspection+jwt' },
    'an identity assertion': { typ: 'oauth-id-jag+jwt' },
    'a transaction token': { typ: 'txntoken+jwt' },
    'a request object': { typ: 'oauth-authz-req+jwt' },
    'application/jwt': { typ: 'application/jwt' },
    'a space': { typ: 'at+jwt ' },
    'a parameter': { typ: 'at+jwt; v=1' },
    'the prefix twice': { typ: 'application/application/at+jwt' },
    'another prefix': { typ: 'text/at+jwt' },
    'no plus': { typ: 'at jwt' },
    list: { typ: ['at+jwt'] },
    number: { typ: 1 },
    null: { typ: null },
    object: { typ: { toString: 'at+jwt' } },
    'look-alike letters': { typ: 'at+jw\u0442' },
  }),
  twins: headers({
    'at+jwt': { typ: 'at+jwt' },
    'AT+JWT': { typ: 'AT+JWT' },
    'application/at+jwt': { typ: 'application/at+jwt' },
    'Application/At+Jwt': { typ: 'Application/At+Jwt' },
  }),
})

refuses('RFC7515-4.1.11-crit', {
  code: 'token_malformed',
  cases: headers({
    unknown: { crit: ['urn:example:extension'], 'urn:example:extension': true },
    'a registered member': { crit: ['exp'], exp: 4_000_000_000 },
    b64: { crit: ['b64'], b64: true },
    empty: { crit: [] },
    string: { crit: 'b64' },
    null: { crit: null },
    false: { crit: false },
    object: { crit: {} },
    __proto__: { crit: ['__proto__'] },
  }),
  twins: headers({ 'an unknown member that is not critical': { 'urn:example:extension': true } }),
})

refuses('RFC7797-7-b64', {
  code: 'token_malformed',
  cases: {
    ...headers({ true: { b64: true }, false: { b64: false }, null: { b64: null }, string: { b64: 'false' } }),
    'claims not encoded': signInput(
      `${encodePart({ ...goodHeader, b64: false, crit: ['b64'] })}.${'e'.repeat(40)}`,
      key,
    ),
  },
  twins: headers({ absent: {} }),
})

refuses('BEHALF-zip', {
  code: 'token_malformed',
  cases: headers({ DEF: { zip: 'DEF' }, GZIP: { zip: 'GZIP' }, empty: { zip: '' }, null: { zip: null } }),
  twins: headers({ absent: {} }),
})

refuses('RFC7519-5.2-cty', {
  code: 'token_type_rejected',
  cases: headers({ JWT: { cty: 'JWT' }, 'at+jwt': { cty: 'at+jwt' }, empty: { cty: '' }, null: { cty: null } }),
  twins: headers({ absent: {} }),
})

refuses('RFC7515-4.1.4-kid', {
  code: 'token_malformed',
  cases: headers({
    number: { kid: 1 },
    null: { kid: null },
    list: { kid: [key.kid] },
    object: { kid: { toString: key.kid } },
    true: { kid: true },
    'a character too long': { kid: `${longKid}k` },
    'far too long': { kid: 'k'.repeat(2000) },
  }),
  twins: { string: token, 'as long as may be': mint({}, { key: named }) },
})

const foreign = createKey('ES256', key.kid)
const keyMembers: Readonly<Record<string, Json>> = {
  jwk: { jwk: foreign.jwk },
  jku: { jku: 'https://evil.example/jwks.json' },
  x5u: { x5u: 'https://evil.example/chain.pem' },
  x5c: { x5c: ['MIIBszCCAVmgAwIBAgIUXtT'] },
  x5t: { x5t: 'AAAAAAAAAAAAAAAAAAAAAAAAAAA', 'x5t#S256': 'A'.repeat(43) },
}
refuses('RFC8725-3.10-header-keys', {
  code: 'signature_invalid',
  cases: Object.fromEntries(
    Object.entries(keyMembers).map(([name, header]) => [name, mint({}, { key: foreign, header })]),
  ),
  twins: Object.fromEntries(Object.entries(keyMembers).map(([name, header]) => [name, mint({}, { header })])),
})

/** A JSON part whose last base64url character has unused bits. */
function unpadded(value: Json): string {
  for (const filler of ['', 'a', 'aa']) {
    const part = encodePart({ ...value, filler })
    if (part.length % 4 !== 0) return part
  }
  throw new Error('no such length')
}

/** The same bytes to a lenient decoder: the unused bits of the last character set. */
function strayBits(part: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const last = alphabet.indexOf(part.at(-1) ?? '')
  const other = part.slice(0, -1) + alphabet[last + 1]
  if (!Buffer.from(other, 'base64url').equals(Buffer.from(part, 'base64url'))) throw new Error('not the same bytes')
  return other
}

function standardAlphabet(part: string): string {
  const other = part.replaceAll('-', '+').replaceAll('_', '/')
  return other === part ? `+${part.slice(1)}` : other
}

function withSubjectBytes(subject: number[]): string {
  const [before = '', after = ''] = text(claims({ sub: 'SUBJECT' })).split('SUBJECT')
  return forge({ header: goodHeader, claims: bytes(before, subject, after), key })
}
