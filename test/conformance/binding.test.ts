import { createHash } from 'node:crypto'
import { createDpopKey, type DpopProofSpec, signingAlgorithms } from '@behalf/testing'
import { expect } from 'vitest'
import type { Call } from '../support/api.js'
import { AUDIENCE, mint, NOW } from '../support/token.js'
import { headerValue, headerValues } from '../support/wire.js'
import { expectAllowed, expectRefused, parseChallenge, splitChallenges } from './answer.js'
import { bound, client, type Presented, present, presentAll, prove, stranger } from './proof.js'
import { createSuite, type Refusal } from './suite.js'

const { refuses, allows, proves } = createSuite()

/** Proofs that are refused as invalid, beside proofs that hold. */
async function invalid(
  cases: Readonly<Record<string, Presented>>,
  twins: Readonly<Record<string, Presented>> = { 'a good proof': {} },
): Promise<Refusal> {
  return {
    code: 'dpop_proof_invalid',
    used: 'DPoP',
    cases: await presentAll(cases),
    twins: await presentAll(twins),
  }
}
const claiming = (claims: DpopProofSpec['claims'] = {}): Presented => ({ claims })
const heading = (header: DpopProofSpec['header'] = {}): Presented => ({ header })

const keys = await Promise.all(signingAlgorithms.map(async (name) => [name, await createDpopKey(name)] as const))
allows('RFC9449-7.1-scheme', {
  ...(await presentAll({ 'as it is written': {}, 'lower case': { scheme: 'dpop' }, 'upper case': { scheme: 'DPOP' } })),
  ...(await presentAll(
    Object.fromEntries(keys.map(([name, by]) => [name, { by, token: mint({ cnf: { jkt: by.jkt } }) }])),
  )),
})
refuses('RFC9449-7.1-scheme', {
  code: 'credentials_malformed',
  used: 'DPoP',
  cases: { 'no token': { authorization: 'DPoP' }, 'no token68': { authorization: 'DPoP a b' } },
  twins: { 'a token': await present() },
})

refuses(
  'RFC9449-7.1-challenge',
  { code: 'token_missing', cases: { nothing: {} }, twins: { 'a proven token': await present() } },
  {
    code: 'token_expired',
    used: 'DPoP',
    cases: { 'under DPoP': await present({ token: bound({ exp: NOW - 10 }) }) },
    twins: { 'a proven token': await present() },
  },
  {
    code: 'token_expired',
    used: 'Bearer',
    cases: { 'under Bearer': mint({ exp: NOW - 10 }) },
    twins: { 'a bearer token': mint() },
  },
  {
    code: 'scope_insufficient',
    used: 'DPoP',
    scope: 'billing:read',
    cases: { 'a scope under DPoP': await present({ token: bound({ scope: 'other' }) }) },
    twins: { 'the scope': await present() },
  },
)

const bearing: Refusal = {
  code: 'binding_required',
  cases: {
    'without a proof': bound(),
    'with a proof': await present({ scheme: 'Bearer' }),
    'of another case': await present({ scheme: 'bearer' }),
  },
  twins: { 'an unbound token': mint() },
}
refuses('RFC9449-7.2-bearer', { ...bearing, twins: { ...bearing.twins, 'under DPoP': await present() } })
createSuite({ options: { dpop: 'disabled' } }).refuses('RFC9449-7.2-bearer', { ...bearing, schemes: ['Bearer'] })
createSuite({ options: { dpop: 'required' } }).refuses('RFC9449-7.2-bearer', {
  ...bearing,
  schemes: ['DPoP'],
  twins: { 'under DPoP': await present() },
})

refuses('RFC9449-7.1-unbound', {
  code: 'binding_mismatch',
  used: 'DPoP',
  cases: await presentAll({ 'with a proof': { token: mint() }, 'without a proof': { token: mint(), proofs: [] } }),
  twins: { 'under Bearer': mint(), 'a bound token': await present() },
})

refuses('RFC9449-4.3-1-one-proof', await invalid({ none: { proofs: [] } }))
const [first, second, token] = [await prove({ token: bound() }), await prove({ token: bound() }), bound()]
refuses('RFC9449-4.3-1-one-proof', {
  code: 'credentials_multiple',
  cases: await presentAll({
    'the same twice': { proofs: [first, first] },
    'two proofs': { proofs: [first, second] },
    'two in one field': { proofs: [`${first}, ${second}`] },
    'an empty one beside it': { proofs: [first, ''] },
  }),
  twins: { one: await present() },
})

const [head = '', body = '', signature = ''] = first.split('.')
refuses(
  'RFC9449-4.3-2-well-formed',
  await invalid({
    empty: { proofs: [''] },
    text: { proofs: ['proof'] },
    'an access token': { proofs: [token] },
    'two segments': { proofs: [`${head}.${body}`] },
    'four segments': { proofs: [`${first}.x`] },
    'no signature': { proofs: [`${head}.${body}.`] },
    'padded base64': { proofs: [`${head}=.${body}.${signature}`] },
    'a space inside': { proofs: [`${head} .${body}.${signature}`] },
    'claims that are a list': { proofs: [`${head}.W10.${signature}`] },
    'a header that is text': { proofs: [`InAi.${body}.${signature}`] },
    'a large one': claiming({ pad: 'x'.repeat(9000) }),
  }),
)

refuses(
  'RFC9449-4.3-3-claims',
  await invalid({
    ...Object.fromEntries(['jti', 'htm', 'htu', 'iat', 'ath'].map((name) => [name, claiming({ [name]: undefined })])),
    'jti empty': claiming({ jti: '' }),
    'jti a number': claiming({ jti: 1 }),
    'htm a list': claiming({ htm: ['GET'] }),
    'htu an object': claiming({ htu: {} }),
    'iat a text': claiming({ iat: String(NOW) }),
    'iat null': claiming({ iat: null }),
    'ath null': claiming({ ath: null }),
  }),
)

refuses(
  'RFC9449-4.3-4-type',
  await invalid(
    {
      none: heading({ typ: undefined }),
      JWT: heading({ typ: 'JWT' }),
      'an access token': heading({ typ: 'at+jwt' }),
      'a longer one': heading({ typ: 'dpop+jwt2' }),
      'of another tree': heading({ typ: 'text/dpop+jwt' }),
      'a list': heading({ typ: ['dpop+jwt'] }),
    },
    {
      'as it is written': {},
      'upper case': heading({ typ: 'DPoP+JWT' }),
      'with application': heading({ typ: 'application/dpop+jwt' }),
    },
  ),
)

refuses(
  'RFC9449-4.3-5-algorithm',
  await invalid({
    none: heading({ alg: 'none' }),
    'a symmetric one': heading({ alg: 'HS256' }),
    'one that does not exist': heading({ alg: 'ES255' }),
    'of another key': heading({ alg: 'ES384' }),
    absent: heading({ alg: undefined }),
  }),
)
const [edwards, edwardsToken] = await (async () => {
  const by = await createDpopKey('EdDSA')
  return [by, mint({ cnf: { jkt: by.jkt } })] as const
})()
createSuite({ options: { dpop: { mode: 'allowed', algorithms: ['ES256'] } } }).proves(
  'RFC9449-4.3-5-algorithm',
  async (api) => {
    const { response, events } = await api.call(await present({ by: edwards, token: edwardsToken }))
    expect(events[0]?.reason.code).toBe('dpop_proof_invalid')
    const [, dpop] = splitChallenges(headerValue(response, 'WWW-Authenticate'))
    expect(parseChallenge(dpop).params).toContainEqual(['algs', 'ES256'])
    expectAllowed(await api.call(await present()))
  },
)

const flipped = Buffer.from(signature, 'base64url').map((byte, i) => (i === 9 ? byte ^ 1 : byte))
refuses(
  'RFC9449-4.3-6-signature',
  await invalid({
    'of other claims': { proofs: [`${head}.${body}.${second.split('.')[2]}`], token },
    'one bit': { proofs: [`${head}.${body}.${Buffer.from(flipped).toString('base64url')}`], token },
    'by another key': { by: stranger, header: { jwk: client.publicJwk } },
    'a key of another curve': heading({ jwk: (await createDpopKey('ES384')).publicJwk }),
    'no key': heading({ jwk: undefined }),
    'a key in kid': heading({ jwk: undefined, kid: client.jkt }),
    'a point off its curve': heading({ jwk: { ...client.publicJwk, x: 'A'.repeat(43) } }),
  }),
)

refuses(
  'RFC9449-4.3-7-public',
  await invalid({
    'the private key': heading({ jwk: client.privateJwk }),
    ...Object.fromEntries(
      ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k'].map((name) => [
        name,
        heading({ jwk: { ...client.publicJwk, [name]: 'AA' } }),
      ]),
    ),
    'a secret': heading({ jwk: { kty: 'oct', k: 'AAAA' } }),
  }),
)

refuses(
  'RFC9449-4.3-8-method',
  await invalid(
    { another: { method: 'POST' }, 'lower case': { method: 'get' }, 'of a POST': { sent: 'POST' } },
    { GET: {}, POST: { sent: 'POST', method: 'POST' } },
  ),
)

const at = (url: string, path = '/invoices'): Presented => ({ url, path })
refuses(
  'RFC9449-4.3-9-url',
  await invalid(
    {
      'another path': at(`${AUDIENCE}/reports`),
      'a longer path': at(`${AUDIENCE}/invoices/`),
      'another case of the path': at(`${AUDIENCE}/Invoices`),
      'another host': at('https://other.example.com/invoices'),
      'a longer host': at('https://billing.example.com.evil.example/invoices'),
      'another port': at('https://billing.example.com:8443/invoices'),
      http: at('http://billing.example.com/invoices'),
      'user information': at('https://billing.example.com@evil.example/invoices'),
      'user information for us': at('https://a@billing.example.com/invoices'),
      relative: at('/invoices'),
      empty: at(''),
      'another record': at(`${AUDIENCE}/customers/user-2`, '/customers/user-1'),
    },
    {
      'host in upper case': at('HTTPS://BILLING.example.COM/invoices'),
      'the default port': at('https://billing.example.com:443/invoices'),
      'percent-encoding': at(`${AUDIENCE}/%69nvoices`),
      'dot segments': at(`${AUDIENCE}/a/../invoices`),
      'a query in the request': at(`${AUDIENCE}/invoices`, '/invoices?page=2'),
      'a query and fragment in htu': claiming({ htu: `${AUDIENCE}/invoices?page=1#top` }),
    },
  ),
)

const evil = 'evil.example'
const forwarded: Presented['headers'] = [
  ['Host', evil],
  ['Forwarded', `host=${evil};proto=http`],
  ['X-Forwarded-Host', evil],
  ['X-Forwarded-Proto', 'http'],
  ['X-Forwarded-Port', '80'],
  ['X-Forwarded-Prefix', '/evil'],
  ['X-Original-URL', '/evil'],
]
refuses(
  'BEHALF-htu-is-configuration',
  await invalid(
    {
      'as the headers say': { url: `https://${evil}/invoices`, headers: forwarded },
      'as the headers say, http': { url: `http://${evil}/invoices`, headers: forwarded },
      'the address of the socket': { url: 'http://127.0.0.1/invoices' },
    },
    { 'as configured': { headers: forwarded } },
  ),
)

refuses(
  'RFC9449-4.3-11-time',
  await invalid(
    { old: { issuedAt: NOW - 61 }, ahead: { issuedAt: NOW + 16 }, 'in milliseconds': { issuedAt: NOW * 1000 } },
    { 'almost too old': { issuedAt: NOW - 60 }, 'a little ahead': { issuedAt: NOW + 15 } },
  ),
)
createSuite({ options: { dpop: { mode: 'allowed', maxAge: 5, futureTolerance: 0 } } }).refuses(
  'RFC9449-4.3-11-time',
  await invalid({ old: { issuedAt: NOW - 6 }, ahead: { issuedAt: NOW + 1 } }, { 'just now': { issuedAt: NOW - 5 } }),
)

const hash = (text: string) => createHash('sha256').update(text)
refuses(
  'RFC9449-4.3-12-token',
  await invalid({
    'of another token': { about: bound() },
    padded: { token, claims: { ath: `${hash(token).digest('base64url')}=` } },
    hexadecimal: { token, claims: { ath: hash(token).digest('hex') } },
    'with the scheme': { token, claims: { ath: hash(`DPoP ${token}`).digest('base64url') } },
    empty: claiming({ ath: '' }),
  }),
)

refuses('RFC9449-4.3-12-key', {
  code: 'binding_mismatch',
  used: 'DPoP',
  cases: await presentAll({
    "a stranger's proof": { by: stranger },
    "a stranger's token": { token: mint({ cnf: { jkt: stranger.jkt } }) },
  }),
  twins: await presentAll({
    'its own': {},
    "the stranger's own": { by: stranger, token: mint({ cnf: { jkt: stranger.jkt } }) },
  }),
})

proves('RFC9449-11.1-replay', async (api) => {
  const call = await present()
  expectAllowed(await api.call(call))
  expectRefused(await api.call(call), 'dpop_proof_replayed', { used: 'DPoP' })
  api.clock.now = NOW + 30
  expectRefused(await api.call(call), 'dpop_proof_replayed', { used: 'DPoP' })
  api.clock.now = NOW + 61
  expectRefused(await api.call(call), 'dpop_proof_invalid', { used: 'DPoP' })
  api.clock.now = NOW

  const [id, bearer] = ['a-proof', bound()]
  const spec = { token: bearer, tokenId: id }
  expectRefused(await api.call(await present({ ...spec, method: 'POST' })), 'dpop_proof_invalid', { used: 'DPoP' })
  expectRefused(await api.call(await present({ ...spec, by: stranger })), 'binding_mismatch', { used: 'DPoP' })
  expectAllowed(await api.call(await present(spec)))
  expectRefused(await api.call(await present(spec)), 'dpop_proof_replayed', { used: 'DPoP' })
  const other = { tokenId: id, by: stranger, token: mint({ cnf: { jkt: stranger.jkt } }) }
  expectAllowed(await api.call(await present(other)))
})

const nonced = createSuite({ options: { dpop: { mode: 'allowed', nonce: { secret: 's'.repeat(32), lifetime: 300 } } } })
const asked = { used: 'DPoP', nonce: true } as const
nonced.proves('RFC9449-9-nonce', async (api) => {
  const refused = await api.call(await present())
  expectRefused(refused, 'dpop_nonce_required', asked)
  const nonce = headerValue(refused.response, 'DPoP-Nonce') ?? ''
  for (const wrong of ['', 'x', `${nonce}x`, nonce.toUpperCase()]) {
    expectRefused(await api.call(await present({ nonce: wrong })), 'dpop_nonce_required', asked)
  }
  expectAllowed(await api.call(await present({ nonce })))
  expectRefused(await api.call(await present({ nonce, method: 'POST' })), 'dpop_proof_invalid', asked)
  expectAllowed(await api.call(mint()))

  api.clock.now = NOW + 300
  const later = { nonce, issuedAt: NOW + 300, token: bound({ exp: NOW + 1200 }) }
  expectAllowed(await api.call(await present(later)))
  api.clock.now = NOW + 600
  expectRefused(await api.call(await present({ ...later, issuedAt: NOW + 600 })), 'dpop_nonce_required', asked)
  api.clock.now = NOW
})
nonced.proves('RFC9449-8.2-next-nonce', async (api) => {
  const first = await api.call(await present())
  const served = await api.call(await present({ nonce: headerValue(first.response, 'DPoP-Nonce') ?? '' }))
  expectAllowed(served)
  const nonces = headerValues(served.response, 'DPoP-Nonce')
  expect(nonces).toEqual([expect.stringMatching(/^[\w-]{43}$/)])
  expectAllowed(await api.call(await present({ nonce: nonces[0] ?? '' })))
  const lacking = await api.call(await present({ nonce: nonces[0] ?? '', token: bound({ scope: 'other' }) }))
  expectRefused(lacking, 'scope_insufficient', { ...asked, scope: 'billing:read' })
  expect(headerValues((await api.call(mint())).response, 'DPoP-Nonce')).toEqual([])
})
proves('RFC9449-8.2-next-nonce', async (api) => {
  const served = await api.call(await present())
  expectAllowed(served)
  expect(headerValues(served.response, 'DPoP-Nonce')).toEqual([])
})

const required = createSuite({ options: { dpop: 'required' } })
required.refuses(
  'BEHALF-dpop-required',
  {
    code: 'binding_required',
    schemes: ['DPoP'],
    cases: { 'an unbound token': mint(), 'with a proof': await present({ scheme: 'Bearer', token: mint() }) },
    twins: { proven: await present() },
  },
  { code: 'token_missing', schemes: ['DPoP'], cases: { nothing: {} }, twins: { proven: await present() } },
)

createSuite({ options: { dpop: 'disabled' } }).refuses(
  'BEHALF-dpop-disabled',
  { code: 'token_missing', schemes: ['Bearer'], cases: { 'under DPoP': await present() }, twins: { bearer: mint() } },
  { code: 'binding_required', schemes: ['Bearer'], cases: { bearer: bound() }, twins: { unbound: mint() } },
)

const confirmations: Record<string, unknown> = {
  null: null,
  empty: {},
  list: [client.jkt],
  text: client.jkt,
  'another member': { jwk: client.publicJwk },
  'one more member': { jkt: client.jkt, kid: '1' },
  'both methods': { jkt: client.jkt, 'x5t#S256': client.jkt },
  'a short thumbprint': { jkt: client.jkt.slice(1) },
  'a padded thumbprint': { jkt: `${client.jkt}=` },
  'a list of thumbprints': { jkt: [client.jkt] },
  'a kind of thumbprint that is unheard of': { jkt: client.jkt, 'kc-jkt-type': 'other' },
  'a kind of thumbprint without one': { 'kc-jkt-type': 'DPoP' },
  'a kind of thumbprint beside a certificate': { 'x5t#S256': client.jkt, 'kc-jkt-type': 'DPoP' },
}
const unknown = Object.entries(confirmations)
refuses(
  'BEHALF-confirmation-unknown',
  {
    code: 'binding_unsupported',
    cases: Object.fromEntries(unknown.map(([name, cnf]) => [name, mint({ cnf })])),
    twins: { 'no confirmation': mint() },
  },
  {
    code: 'binding_unsupported',
    used: 'DPoP',
    cases: await presentAll(Object.fromEntries(unknown.map(([name, cnf]) => [name, { token: mint({ cnf }) }]))),
    twins: {
      'a thumbprint': await present(),
      'as Keycloak writes it': await present({ token: bound({ cnf: { jkt: client.jkt, 'kc-jkt-type': 'DPoP' } }) }),
    },
  },
)

/** The certificate of RFC 8705 appendix A and its thumbprint. */
const der =
  'MIIBBjCBrAIBAjAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARtdGxzMB4XDTE4MTAxODEyMzcwOVoXDTIyMDUwMjEyMzcwOVowDzENMAsGA1UEAwwEbXRsczBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNcnyxwqV6hY8QnhxxzFQ03C7HKW9OylMbnQZjjJ/Au08/coZwxS7LfA4vOLS9WuneIXhbGGWvsDSb0tH6IxLm8wCgYIKoZIzj0EAwIDSQAwRgIhAP0RC1E+vwJD/D1AGHGzuri+hlV/PpQEKTWUVeORWz83AiEA5x2eXZOVbUlJSGQgjwD5vaUaKlLR50Q2DmFfQj1L+SY='
const certified = mint({ cnf: { 'x5t#S256': 'A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0' } })
/** The same bytes but for one in the middle: a sequence still, of another certificate. */
const otherDer = Buffer.from(Buffer.from(der, 'base64').map((byte, i) => (i === 90 ? byte ^ 1 : byte))).toString(
  'base64',
)
const withCertificate = (value: string | undefined, token = certified, name = 'Client-Cert'): Call => ({
  token,
  headers: value === undefined ? [] : [[name, value]],
})
const proxied = createSuite({ options: { clientCertificateHeader: { name: 'Client-Cert', format: 'rfc9440' } } })
proxied.refuses(
  'RFC8705-3-certificate',
  {
    code: 'binding_mismatch',
    cases: { another: withCertificate(`:${otherDer}:`) },
    twins: { 'the certificate': withCertificate(`:${der}:`), 'an unbound token': withCertificate(`:${der}:`, mint()) },
  },
  {
    code: 'binding_required',
    cases: { none: withCertificate(undefined) },
    twins: { 'the certificate': withCertificate(`:${der}:`) },
  },
)
proxied.refuses('RFC9440-2.2-header', {
  code: 'binding_required',
  cases: {
    'of another name': withCertificate(`:${der}:`, certified, 'X-Client-Cert'),
    'without colons': withCertificate(der),
    empty: withCertificate(''),
    'half of it': withCertificate(`:${der.slice(0, 100)}:`),
    'the PEM form': withCertificate(
      encodeURIComponent(`-----BEGIN CERTIFICATE-----\n${der}\n-----END CERTIFICATE-----`),
    ),
    'two in a list': withCertificate(`:${der}:, :${der}:`),
    'two fields': {
      token: certified,
      headers: [
        ['Client-Cert', `:${der}:`],
        ['Client-Cert', `:${der}:`],
      ],
    },
    'the thumbprint alone': withCertificate(':A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0=:'),
  },
  twins: {
    'the certificate': withCertificate(`:${der}:`),
    'in lower case': withCertificate(`:${der}:`, certified, 'client-cert'),
  },
})
refuses('BEHALF-certificate-header-off', {
  code: 'binding_required',
  cases: {
    'Client-Cert': withCertificate(`:${der}:`),
    'X-SSL-Client-Cert': withCertificate(encodeURIComponent(der), certified, 'X-SSL-Client-Cert'),
  },
  twins: { 'an unbound token': withCertificate(`:${der}:`, mint()) },
})
createSuite({
  options: { clientCertificateHeader: { name: 'X-SSL-Client-Cert', format: 'url-encoded-pem' } },
}).refuses('BEHALF-certificate-pem', {
  code: 'binding_required',
  cases: {
    none: withCertificate(undefined),
    'the form of RFC 9440': withCertificate(`:${der}:`, certified, 'X-SSL-Client-Cert'),
    'of another name': withCertificate(`:${der}:`),
  },
  twins: {
    'the certificate': withCertificate(
      encodeURIComponent(`-----BEGIN CERTIFICATE-----\n${der}\n-----END CERTIFICATE-----\n`),
      certified,
      'X-SSL-Client-Cert',
    ),
  },
})
