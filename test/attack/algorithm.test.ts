import { createSecretKey, type KeyObject } from 'node:crypto'
import { ConfigurationError, createResourceServer } from '@behalf/core'
import { afterAll, beforeAll, expect } from 'vitest'
import { expectAllowed, expectRefused } from '../conformance/answer.js'
import { createSuite } from '../conformance/suite.js'
import { startApi } from '../support/api.js'
import { type KeyEndpoint, startKeyEndpoint } from '../support/key-endpoint.js'
import {
  AUDIENCE,
  claims,
  createKey,
  forge,
  ISSUER,
  issuerKey,
  type Json,
  jwks,
  mint,
  NOW,
  type SigningKey,
} from '../support/token.js'
import type { ThreatId } from './threats.js'

const keys = [issuerKey('RS256'), issuerKey('PS256'), issuerKey('ES256'), issuerKey('ES384'), issuerKey('Ed25519')]
const { refuses, proves } = createSuite<ThreatId>({ options: { issuer: { issuer: ISSUER, jwks: jwks(...keys) } } })
const hmacs = ['HS256', 'HS384', 'HS512']

const nones = [
  'none',
  'None',
  'NONE',
  'nOnE',
  'none ',
  ' none',
  'none\n',
  'none\0',
  'n\u200bone',
  '\u006e\u006f\u006e\u0435',
  'None256',
  'null',
  '',
]
refuses('alg-none', {
  code: 'algorithm_rejected',
  cases: Object.fromEntries(
    nones.flatMap((alg) => {
      const header = { alg, typ: 'at+jwt', kid: keys[2]?.kid }
      const good = mint({}, { key: issuerKey() }).split('.')[2] ?? ''
      return [
        [`${JSON.stringify(alg)}, signed`, forge({ header, claims: claims(), key: issuerKey() })],
        [`${JSON.stringify(alg)}, any signature`, forge({ header, claims: claims(), signature: Buffer.from('none') })],
        [`${JSON.stringify(alg)}, no signature`, forge({ header, claims: claims(), signature: '' })],
        [`${JSON.stringify(alg)}, a signature of another token`, forge({ header, claims: claims(), signature: good })],
      ]
    }),
  ),
  twins: { signed: mint({}, { key: issuerKey() }) },
})
let trap: KeyEndpoint
beforeAll(async () => {
  trap = await startKeyEndpoint({ '/keys.json': jwks(...keys) })
})
afterAll(() => trap.close())

proves('alg-none', async ({ target }) => {
  const before = trap.requests.length
  const api = await startApi(target, { options: { issuer: { issuer: ISSUER, jwksUri: `${trap.origin}/keys.json` } } })
  try {
    for (const alg of [...nones, ...hmacs]) {
      const header = { alg, typ: 'at+jwt', kid: issuerKey().kid }
      expectRefused(await api.call(forge({ header, claims: claims(), secret: 'x' })), 'algorithm_rejected')
    }
    expect(trap.requests.length).toBe(before)
    expectAllowed(await api.call(mint()))
    expect(trap.requests.length).toBe(before + 1)
  } finally {
    await api.close()
  }
})

/** Every way a public key is written down, and the slips that made other libraries take one for a secret. */
function writings({ publicKey, jwk }: SigningKey): Record<string, string | Buffer> {
  const pem = (type: 'spki' | 'pkcs1') => publicKey.export({ type, format: 'pem' }).toString()
  const der = (type: 'spki' | 'pkcs1') => publicKey.export({ type, format: 'der' })
  const rsa = publicKey.asymmetricKeyType === 'rsa'
  const spki = pem('spki')
  const bare = publicKey.export({ format: 'jwk' })
  return {
    'SPKI PEM': spki,
    'SPKI PEM without the last line feed': spki.trimEnd(),
    'SPKI PEM, CRLF': spki.replaceAll('\n', '\r\n'),
    'SPKI PEM, a line feed before': `\n${spki}`,
    'SPKI PEM, a space before': ` ${spki}`,
    'SPKI PEM, a byte order mark before': `\ufeff${spki}`,
    'SPKI PEM, a NUL before': `\0${spki}`,
    'SPKI PEM, zero width before': `\u200b${spki}`,
    'SPKI PEM, a comment before': `# key\n${spki}`,
    'SPKI PEM, one line': spki.replaceAll('\n', ''),
    'SPKI base64': spki.replace(/-.*-|\s/g, ''),
    'SPKI DER': der('spki'),
    'SPKI DER, base64url': der('spki').toString('base64url'),
    'SPKI DER, hex': der('spki').toString('hex'),
    JWK: JSON.stringify(jwk),
    'JWK, indented': JSON.stringify(jwk, null, 2),
    'JWK without kid': JSON.stringify(bare),
    'JWK Set': JSON.stringify({ keys: [jwk] }),
    'JWK Set of all': JSON.stringify(jwks(...keys)),
    'a member': Buffer.from(String(bare.n ?? bare.x), 'base64url'),
    'a member, as text': String(bare.n ?? bare.x),
    ...(rsa && {
      'PKCS1 PEM': pem('pkcs1'),
      'PKCS1 DER': der('pkcs1'),
      'PKCS1 PEM, a line feed before': `\n${pem('pkcs1')}`,
    }),
  }
}

for (const key of [issuerKey('RS256'), issuerKey('ES256'), issuerKey('Ed25519')]) {
  refuses('hmac-confusion', {
    code: 'algorithm_rejected',
    cases: Object.fromEntries(
      Object.entries(writings(key)).flatMap(([name, secret]) =>
        hmacs.map((alg) => [
          `${key.algorithm}, ${alg}, ${name}`,
          forge({ header: { alg, typ: 'at+jwt', kid: key.kid }, claims: claims(), secret }),
        ]),
      ),
    ),
    twins: { 'the key itself': mint({}, { key }) },
  })
}

const plain = createSuite<ThreatId>({
  options: { issuer: { issuer: ISSUER, jwks: { keys: keys.map(({ jwk }) => ({ ...jwk, alg: undefined })) } } },
})
plain.refuses('hmac-confusion', {
  code: 'algorithm_rejected',
  cases: Object.fromEntries(
    keys.flatMap((key) =>
      Object.entries(writings(key)).map(([name, secret]) => [
        `${key.algorithm} that declares no algorithm, ${name}`,
        forge({ header: { alg: 'HS256', typ: 'at+jwt', kid: key.kid }, claims: claims(), secret }),
      ]),
    ),
  ),
  twins: Object.fromEntries(keys.map((key) => [key.algorithm, mint({}, { key })])),
})

/** HMAC under an asymmetric name: the bytes are right for a verifier that takes any key for a secret. */
refuses('hmac-confusion', {
  code: 'signature_invalid',
  cases: Object.fromEntries(
    keys.flatMap((key) =>
      Object.entries(writings(key)).map(([name, secret]) => {
        const header = { alg: key.algorithm, typ: 'at+jwt', kid: key.kid }
        return [`${key.algorithm} over HMAC, ${name}`, forge({ header, claims: claims(), secret })]
      }),
    ),
  ),
  twins: Object.fromEntries(keys.map((key) => [key.algorithm, mint({}, { key })])),
})

proves('hmac-configured', async () => {
  const secret = createSecretKey(Buffer.alloc(32, 1))
  const oct = { ...secret.export({ format: 'jwk' }), kid: 'secret', alg: 'HS256' }
  const wrong: Json[] = [
    ...hmacs.map((alg) => ({ algorithms: [alg] })),
    ...hmacs.map((alg) => ({ algorithms: ['RS256', alg] })),
    ...hmacs.map((alg) => ({
      issuer: { issuer: ISSUER, jwksUri: 'https://auth.example.com/keys', algorithms: [alg] },
    })),
    { issuer: { issuer: ISSUER, jwks: { keys: [oct] } } },
    { secret: 'x' },
    { publicKey: issuerKey().publicKey.export({ type: 'spki', format: 'pem' }) },
    { issuer: { issuer: ISSUER, secret: 'x' } },
    { issuer: { issuer: ISSUER, key: secret } },
  ]
  for (const change of wrong) {
    expect(() => createResourceServer({ issuer: ISSUER, audience: AUDIENCE, ...change })).toThrow(ConfigurationError)
  }
  expect(() => createResourceServer({ issuer: ISSUER, audience: AUDIENCE, algorithms: ['RS256'] })).not.toThrow()
})

refuses('empty-secret', {
  code: 'algorithm_rejected',
  cases: Object.fromEntries(
    [
      '',
      'undefined',
      'null',
      '{}',
      '[object Object]',
      'false',
      '0',
      'NaN',
      '\0',
      '\0'.repeat(32),
      'secret',
      'es256',
      ISSUER,
    ].flatMap((secret) =>
      hmacs.flatMap((alg) =>
        [issuerKey().kid, 'unknown', '', undefined].map((kid) => [
          `${alg}, ${JSON.stringify(secret)}, kid ${kid}`,
          forge({ header: { alg, typ: 'at+jwt', kid }, claims: claims(), secret }),
        ]),
      ),
    ),
  ),
  twins: { signed: mint({}, { key: issuerKey() }) },
})

proves('weak-key', async ({ target }) => {
  const small = createKey('RS256', 'small', 1024)
  const odd: readonly (readonly [string, Json, SigningKey])[] = [
    ['1024 bits', small.jwk, small],
    ['exponent 1', { ...issuerKey('RS256').jwk, kid: 'one', e: 'AQ' }, { ...issuerKey('RS256'), kid: 'one' }],
    ['exponent 0', { ...issuerKey('RS256').jwk, kid: 'zero', e: 'AA' }, { ...issuerKey('RS256'), kid: 'zero' }],
    ['even exponent', { ...issuerKey('RS256').jwk, kid: 'even', e: 'Ag' }, { ...issuerKey('RS256'), kid: 'even' }],
    ['no exponent', { ...issuerKey('RS256').jwk, kid: 'none', e: undefined }, { ...issuerKey('RS256'), kid: 'none' }],
    [
      'a modulus of zeros',
      { ...issuerKey('RS256').jwk, kid: 'zeros', n: 'A'.repeat(342) },
      { ...issuerKey('RS256'), kid: 'zeros' },
    ],
    ['another family', { ...issuerKey().jwk, kid: 'family', alg: 'RS256' }, { ...issuerKey('RS256'), kid: 'family' }],
    ['another curve', { ...issuerKey('ES384').jwk, kid: 'curve', alg: 'ES256' }, { ...issuerKey(), kid: 'curve' }],
    ['a point off the curve', { ...issuerKey().jwk, kid: 'off', y: issuerKey().jwk.x }, { ...issuerKey(), kid: 'off' }],
    [
      'the point at infinity',
      { ...issuerKey().jwk, kid: 'infinity', x: 'A'.repeat(43), y: 'A'.repeat(43) },
      { ...issuerKey(), kid: 'infinity' },
    ],
    ['X25519', { ...issuerKey('Ed25519').jwk, kid: 'x', crv: 'X25519' }, { ...issuerKey('Ed25519'), kid: 'x' }],
  ]
  const endpoint = await startKeyEndpoint({ '/keys.json': { keys: [...odd.map(([, jwk]) => jwk), issuerKey().jwk] } })
  const api = await startApi(target, {
    options: { issuer: { issuer: ISSUER, jwksUri: `${endpoint.origin}/keys.json` } },
  })
  try {
    for (const [name, , key] of odd) {
      const { response, events } = await api.call(mint({}, { key }))
      expect([name, response.status, events[0]?.reason.code]).toEqual([name, 401, 'key_not_found'])
    }
    expectAllowed(await api.call(mint()))
  } finally {
    await api.close()
    await endpoint.close()
  }
})

proves('hostile-options', async () => {
  const touched: string[] = []
  const trapped = (name: string): object => ({
    toString() {
      touched.push(name)
      return 'secret'
    },
    valueOf() {
      touched.push(name)
      return 5
    },
    toJSON() {
      touched.push(name)
      return 'secret'
    },
  })
  const secret: KeyObject = createSecretKey(Buffer.from('x'))
  const wrong: Json[] = [
    { issuer: { issuer: ISSUER, jwks: { keys: [{ kty: 'oct', k: trapped('k') }] } } },
    { issuer: { issuer: ISSUER, jwks: { keys: [secret] } } },
    { issuer: { issuer: ISSUER, jwks: { keys: [issuerKey().publicKey] } } },
    { issuer: trapped('issuer') },
    { audience: trapped('audience') },
    { clockTolerance: trapped('clockTolerance') },
    { clockTolerance: Number.NaN },
    { clockTolerance: Number.POSITIVE_INFINITY },
    { maxTokenAge: Number.NaN },
    { maxTokenSize: Number.POSITIVE_INFINITY },
    { maxTokenLifetime: { delegated: Number.NaN } },
    { delegation: { maxDepth: Number.NaN } },
  ]
  for (const change of wrong) {
    expect(
      () => createResourceServer({ issuer: ISSUER, audience: AUDIENCE, ...change }),
      Object.keys(change)[0],
    ).toThrow(ConfigurationError)
  }
  expect(touched).toEqual([])
})

proves('hostile-options', async () => {
  const { x, y } = issuerKey().jwk
  const disguised = { toString: () => x, toJSON: () => x }
  for (const point of [
    { x: disguised, y },
    { x: [x], y },
    { x: Buffer.from(String(x), 'base64url'), y },
    { x: 7, y: 7 },
  ]) {
    const jwk = { ...issuerKey().jwk, ...point }
    try {
      const server = createResourceServer({
        issuer: { issuer: ISSUER, jwks: { keys: [jwk] } },
        audience: AUDIENCE,
        now: () => NOW,
      })
      await expect(server.verify(mint())).rejects.toMatchObject({ code: 'keys_unavailable' })
      await server.close()
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigurationError)
    }
  }
})

proves('hostile-options', async ({ target }) => {
  const times = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, '5', undefined, null] as number[]
  for (const now of times) {
    const api = await startApi(target, { options: { now: () => now } })
    try {
      const { response } = await api.call({ token: mint({ exp: 1, iat: 0 }), events: 0 })
      expect([now, response.status]).toEqual([now, 500])
      expect((await api.call({ token: mint(), events: 0 })).response.status).toBe(500)
    } finally {
      await api.close().catch(() => {})
    }
  }
})

proves('no-default-open', async ({ target }) => {
  const without: Json[] = [
    { issuer: ISSUER },
    { audience: AUDIENCE },
    { issuer: ISSUER, audience: '' },
    { issuer: [], audience: AUDIENCE },
    { issuer: ISSUER, audience: [] },
    ...[
      'authRequired',
      'required',
      'optional',
      'credentialsRequired',
      'allowMissing',
      'ignoreExpiration',
      'passthrough',
      'verifyAudience',
    ].map((name) => ({ issuer: ISSUER, audience: AUDIENCE, [name]: false })),
  ]
  for (const options of without) expect(() => createResourceServer(options as never)).toThrow(ConfigurationError)

  const api = await startApi(target)
  try {
    expectRefused(await api.call({}), 'token_missing')
    expectRefused(await api.call('not-a-token'), 'token_malformed')
    expectRefused(await api.call(mint({ aud: undefined })), 'claim_missing')
    expectRefused(await api.call(mint({ iss: undefined })), 'issuer_untrusted')
    expectAllowed(await api.call(mint()))
  } finally {
    await api.close()
  }
})
