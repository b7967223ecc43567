import { expect } from 'vitest'
import { claims, forge, issuerKey, mint } from '../support/token.js'
import { headerValues } from '../support/wire.js'
import { expectAllowed, expectRefusal, expectRefused, seenBy } from './answer.js'
import { createSuite } from './suite.js'

const { refuses, allows, proves } = createSuite()
const token = mint()

allows('RFC6750-2.1-header', { 'a good token': token })

refuses('RFC6750-3.1-no-token', {
  code: 'token_missing',
  cases: {
    'no header': {},
    Basic: { authorization: 'Basic dXNlcjpwYXNzd29yZA==' },
    'Basic around a good token': { authorization: `Basic ${token}` },
    'a scheme that only starts like it': { authorization: `Bearerx ${token}` },
    'a scheme that only ends like it': { authorization: `xBearer ${token}` },
    Negotiate: { authorization: 'Negotiate' },
  },
  twins: { Bearer: { authorization: `Bearer ${token}` } },
})

refuses('RFC6750-2.2-body', {
  code: 'token_missing',
  cases: {
    form: {
      method: 'POST',
      headers: [['Content-Type', 'application/x-www-form-urlencoded']],
      body: `access_token=${token}`,
    },
    json: {
      method: 'POST',
      headers: [['Content-Type', 'application/json']],
      body: JSON.stringify({ access_token: token }),
    },
  },
  twins: {
    header: {
      method: 'POST',
      token,
      headers: [['Content-Type', 'application/json']],
      body: '{"access_token":"not-read"}',
    },
  },
})

refuses('RFC6750-2.3-query', {
  code: 'token_missing',
  cases: {
    query: { path: `/invoices?access_token=${token}` },
    'other name': { path: `/invoices?token=${token}&Authorization=Bearer%20${token}` },
  },
  twins: { 'beside a header': { path: '/invoices?access_token=not-read', token } },
})

refuses('BEHALF-other-headers', {
  code: 'token_missing',
  cases: {
    'Proxy-Authorization': { headers: [['Proxy-Authorization', `Bearer ${token}`]] },
    'X-Forwarded-Authorization': { headers: [['X-Forwarded-Authorization', `Bearer ${token}`]] },
    'X-Original-Authorization': { headers: [['X-Original-Authorization', `Bearer ${token}`]] },
    'X-Access-Token': { headers: [['X-Access-Token', token]] },
    Cookie: { headers: [['Cookie', `access_token=${token}; authorization=Bearer ${token}`]] },
    'name with an underscore': { headers: [['Authorization_', `Bearer ${token}`]] },
  },
  twins: { Authorization: { headers: [['Authorization', `Bearer ${token}`]] } },
})

allows('RFC9110-11.1-scheme-case', {
  lower: { authorization: `bearer ${token}` },
  upper: { authorization: `BEARER ${token}` },
  mixed: { authorization: `bEaReR ${token}` },
  'field name in lower case': { headers: [['authorization', `Bearer ${token}`]] },
  'field name in upper case': { headers: [['AUTHORIZATION', `Bearer ${token}`]] },
})

refuses('RFC6750-2.1-spaces', {
  code: 'credentials_malformed',
  cases: {
    tab: { authorization: `Bearer\t${token}` },
    'space, tab': { authorization: `Bearer \t${token}` },
    'no-break space': { authorization: Buffer.from(`Bearer\u00a0${token}`, 'latin1') },
  },
  twins: {
    'two spaces': { authorization: `Bearer  ${token}` },
    'many spaces': { authorization: `Bearer${' '.repeat(40)}${token}` },
    'optional white space around the value': { authorization: `  \t Bearer ${token} \t ` },
  },
})

refuses('RFC6750-2.1-token68', {
  code: 'credentials_malformed',
  cases: {
    'a space inside': { authorization: `Bearer ${token.slice(0, 9)} ${token.slice(9)}` },
    'two tokens': { authorization: `Bearer ${token} ${token}` },
    quoted: { authorization: `Bearer "${token}"` },
    'a parameter': { authorization: `Bearer token="${token}"` },
    'equals sign inside': { authorization: `Bearer ${token.slice(0, 9)}=${token.slice(9)}` },
    braces: { authorization: `Bearer {${token}}` },
    'byte over 127': { authorization: Buffer.from(`Bearer ${token}\u00e9`, 'latin1') },
    'UTF-8': { authorization: Buffer.from(`Bearer ${token}\u{1f511}`) },
    'a JSON serialisation': { authorization: 'Bearer {"payload":"e30"}' },
    percent: { authorization: `Bearer %20${token}` },
    'only a pad': { authorization: 'Bearer =' },
  },
  twins: { 'as it should be': token },
})

refuses('RFC6750-2.1-empty', {
  code: 'credentials_malformed',
  cases: {
    'empty value': { authorization: '' },
    'white space': { authorization: '   ' },
    'scheme alone': { authorization: 'Bearer' },
    'scheme and space': { authorization: 'Bearer ' },
    'lower case': { authorization: 'bearer' },
  },
  twins: { 'with a token': token },
})

refuses('RFC6750-2-one-token', {
  code: 'credentials_multiple',
  cases: {
    'the same twice': { authorization: [`Bearer ${token}`, `Bearer ${token}`] },
    'good, then bad': { authorization: [`Bearer ${token}`, 'Bearer x'] },
    'bad, then good': { authorization: ['Bearer x', `Bearer ${token}`] },
    'Basic beside it': { authorization: ['Basic dXNlcjpwYXNzd29yZA==', `Bearer ${token}`] },
    'names in other case': {
      headers: [
        ['Authorization', `Bearer ${token}`],
        ['authorization', `Bearer ${token}`],
      ],
    },
    'apart from each other': {
      headers: [
        ['Authorization', `Bearer ${token}`],
        ['Accept', '*/*'],
        ['AUTHORIZATION', `Bearer ${token}`],
      ],
    },
    'one of them empty': { authorization: [`Bearer ${token}`, ''] },
    'the first of them empty': { authorization: ['', `Bearer ${token}`] },
    three: { authorization: [`Bearer ${token}`, `Bearer ${token}`, `Bearer ${token}`] },
  },
  twins: { one: { authorization: [`Bearer ${token}`] } },
})

refuses('RFC9110-5.3-list', {
  code: 'credentials_multiple',
  cases: {
    'two credentials': { authorization: `Bearer ${token}, Bearer ${token}` },
    'two tokens': { authorization: `Bearer ${token},${token}` },
    'a comma at the end': { authorization: `Bearer ${token},` },
  },
  twins: { one: token },
})

const sized = createSuite({ options: { maxTokenSize: 2048 } })
sized.refuses('BEHALF-token-size', {
  code: 'token_malformed',
  cases: {
    'one byte more': tokenOfSize(2049),
    'twice as much': tokenOfSize(4096),
    'what Node lets in': tokenOfSize(15_000),
    'no token at all': 'a'.repeat(2049),
  },
  twins: { 'the largest': tokenOfSize(2048) },
})

proves('RFC9110-9.3.2-head', async (api) => {
  expectRefused(await api.call({ method: 'HEAD' }), 'token_missing', { head: true })
  expectRefused(await api.call({ method: 'HEAD', token: mint({ exp: 1 }) }), 'token_expired', { head: true })
  expectAllowed(await api.call({ method: 'HEAD', token }))
  const [get, head] = [await api.call({}), await api.call({ method: 'HEAD' })]
  for (const name of ['WWW-Authenticate', 'Cache-Control', 'Content-Type']) {
    expect(headerValues(head.response, name), name).toEqual(headerValues(get.response, name))
  }
  expect(head.events[0]?.request).toEqual({ method: 'HEAD' })
})

refuses('BEHALF-method-not-exempt', {
  code: 'token_missing',
  cases: {
    OPTIONS: { method: 'OPTIONS' },
    preflight: {
      method: 'OPTIONS',
      headers: [
        ['Origin', 'https://app.example'],
        ['Access-Control-Request-Method', 'GET'],
        ['Access-Control-Request-Headers', 'authorization'],
      ],
    },
    POST: { method: 'POST', body: '' },
    'an override': { method: 'POST', body: '', headers: [['X-HTTP-Method-Override', 'OPTIONS']] },
  },
  twins: { OPTIONS: { method: 'OPTIONS', token }, POST: { method: 'POST', token, body: '' } },
})

refuses('RFC9112-3.2.2-absolute-form', {
  code: 'token_missing',
  cases: { 'no token': { path: 'http://api.example/invoices' } },
  twins: { 'a good token': { path: 'http://api.example/invoices', token } },
})

const claimed = ['evil.example', 'billing.example.com:444', 'localhost', 'x']
proves('BEHALF-origin-is-configuration', async (api) => {
  const refused = await api.call({})
  for (const host of claimed) {
    const headers = [
      ['Host', host],
      ['X-Forwarded-Host', host],
      ['X-Forwarded-Proto', 'http'],
      ['X-Forwarded-Prefix', '/public'],
      ['X-Original-URL', '/public'],
      ['X-Rewrite-URL', '/public'],
      ['Forwarded', `host=${host};proto=http`],
    ] as const
    expectAllowed(await api.call({ token, headers }))
    const outcome = await api.call({ headers })
    expectRefused(outcome, 'token_missing')
    expect(outcome.response.body.equals(refused.response.body)).toBe(true)
    expect(headerValues(outcome.response, 'WWW-Authenticate')).toEqual(
      headerValues(refused.response, 'WWW-Authenticate'),
    )
  }
})

proves('BEHALF-unguarded-route', async (api) => {
  for (const authorization of [`Bearer ${token}`, 'Bearer', 'nonsense']) {
    const outcome = await api.call({ path: '/public', authorization, events: 0 })
    expect(outcome.response.status).toBe(200)
    expect(outcome.events).toEqual([])
    expect(seenBy(outcome)).toEqual({ auth: null })
  }
})

proves('RFC9112-9.3-pipeline', async (api) => {
  const { responses, events } = await api.pipeline([
    token,
    {},
    mint({ sub: 'user-2' }),
    { token: mint({ exp: 1 }) },
    { path: '/public', events: 0 },
    { token: mint({ scope: 'other' }) },
    mint({ sub: 'user-3' }),
  ])
  const [first, second, third, fourth, fifth, sixth, seventh] = responses
  if (!first || !second || !third || !fourth || !fifth || !sixth || !seventh) throw new Error('an answer is missing')
  expect([first, third, seventh].map((response) => seenBy({ response, events: [] }).subject)).toEqual([
    'user-1',
    'user-2',
    'user-3',
  ])
  expectRefusal(second, 'token_missing')
  expectRefusal(fourth, 'token_expired')
  expect(fifth.status).toBe(200)
  expectRefusal(sixth, 'scope_insufficient', { scope: 'billing:read' })
  expect(events.map(({ reason }) => reason.code).toSorted()).toEqual(
    ['allowed', 'allowed', 'allowed', 'scope_insufficient', 'token_expired', 'token_missing'].toSorted(),
  )
})

/** A good token of exactly so many characters. Base64url skips one length in four: the header takes up the slack. */
function tokenOfSize(size: number): string {
  const key = issuerKey()
  const build = (filler: number, slack: number) =>
    forge({
      header: { alg: key.algorithm, typ: 'at+jwt', kid: key.kid, note: 'x'.repeat(slack) },
      claims: claims({ filler: 'x'.repeat(filler), jti: 'token-sized' }),
      key,
    })
  const estimate = Math.floor(((size - build(0, 0).length) * 3) / 4)
  for (let slack = 0; slack < 4; slack++) {
    for (let filler = estimate - 6; filler <= estimate + 2; filler++) {
      const sized = build(filler, slack)
      if (sized.length === size) return sized
    }
  }
  throw new Error(`no token of ${size} characters`)
}
