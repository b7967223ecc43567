import { createSecretKey } from 'node:crypto'
import { afterAll, beforeAll, expect } from 'vitest'
import { type Api, type Call, type Options, startApi } from '../support/api.js'
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
import { expectAllowed, expectRefused } from './answer.js'
import { createSuite } from './suite.js'

const { proves } = createSuite()
const key = issuerKey()
const second = createKey('ES256', 'second')
const KEYS = '/keys.json'

/** Every proof here wants an issuer of its own: keys that were fetched stay fetched. */
async function withIssuer(
  target: Api['target'],
  settings: (endpoint: KeyEndpoint) => Options,
  body: (api: Api, endpoint: KeyEndpoint) => Promise<void>,
): Promise<void> {
  const endpoint = await startKeyEndpoint()
  const api = await startApi(target, { options: settings(endpoint) })
  try {
    await body(api, endpoint)
  } finally {
    await api.close()
    await endpoint.close()
  }
}

const byUri = ({ origin }: KeyEndpoint) => ({ issuer: { issuer: ISSUER, jwksUri: `${origin}${KEYS}` } })

proves('RFC8414-3-discovery', async ({ target }) => {
  for (const path of ['', '/tenant', '/tenant/one']) {
    await withIssuer(
      target,
      ({ origin }) => ({ issuer: `${origin}${path}` }),
      async (api, { origin, replies, requests }) => {
        const issuer = `${origin}${path}`
        const metadata = `/.well-known/oauth-authorization-server${path}`
        replies.set(metadata, { issuer, jwks_uri: `${origin}${KEYS}` })
        replies.set(KEYS, jwks(key))
        expectAllowed(await api.call(mint({ iss: issuer })))
        expect(requests).toEqual([metadata, KEYS])
        expectRefused(await api.call(mint({ iss: `${issuer}/` })), 'issuer_untrusted')
      },
    )
  }
})

proves('OIDC-4-discovery', async ({ target }) => {
  for (const path of ['', '/tenant']) {
    await withIssuer(
      target,
      ({ origin }) => ({ issuer: `${origin}${path}` }),
      async (api, { origin, replies, requests }) => {
        const issuer = `${origin}${path}`
        replies.set(`${path}/.well-known/openid-configuration`, { issuer, jwks_uri: `${origin}${KEYS}` })
        replies.set(KEYS, jwks(key))
        expectAllowed(await api.call(mint({ iss: issuer })))
        expect(requests).toEqual([
          `/.well-known/oauth-authorization-server${path}`,
          `${path}/.well-known/openid-configuration`,
          KEYS,
        ])
      },
    )
  }
})

proves('RFC8414-3.3-issuer', async ({ target }) => {
  const wrong = (origin: string) => [
    `${origin}/`,
    origin.toUpperCase(),
    'https://evil.example',
    `${origin}/tenant`,
    [origin],
    undefined,
    null,
  ]
  for (let i = 0; i < wrong('').length; i++) {
    await withIssuer(
      target,
      ({ origin }) => ({ issuer: origin }),
      async (api, { origin, replies, requests }) => {
        const metadata = { issuer: wrong(origin)[i], jwks_uri: `${origin}${KEYS}` }
        replies.set('/.well-known/oauth-authorization-server', metadata)
        replies.set('/.well-known/openid-configuration', metadata)
        replies.set(KEYS, jwks(key))
        expectRefused(await api.call(mint({ iss: origin })), 'keys_unavailable')
        expect(requests).not.toContain(KEYS)
        replies.set('/.well-known/oauth-authorization-server', { ...metadata, issuer: origin })
        api.clock.now += 60
        expectAllowed(await api.call(mint({ iss: origin })))
      },
    )
  }
})

proves('BEHALF-jwks-uri', async ({ target }) => {
  await withIssuer(target, byUri, async (api, { replies, requests }) => {
    replies.set(KEYS, jwks(key))
    expectAllowed(await api.call(mint()))
    expect(requests).toEqual([KEYS])
    expectRefused(await api.call(mint({}, { key: createKey('ES256', key.kid) })), 'signature_invalid')
  })
})

proves('BEHALF-keys-fetched-once', async ({ target }) => {
  await withIssuer(target, byUri, async (api, { replies, requests }) => {
    replies.set(KEYS, jwks(key))
    const calls = Array.from({ length: 40 }, (_, i) => mint({ sub: `user-${i}` }))
    const decisions = await Promise.all(
      calls.map((token) =>
        api.server.authorize(
          new Request('https://billing.example.com/', { headers: { authorization: `Bearer ${token}` } }),
        ),
      ),
    )
    expect(decisions.map(({ allowed }) => allowed)).toEqual(calls.map(() => true))
    expect(requests).toEqual([KEYS])
    await api.takeEvents(calls.length)
    expectAllowed(await api.call(mint()))
    expect(requests).toEqual([KEYS])
  })
})

/** A key set of one key with changed members, and a token that names it. */
function keyCase(
  changes: Json,
  { with: own = createKey('ES256', 'odd'), header = {} }: { with?: SigningKey; header?: Json } = {},
) {
  return { members: [{ ...own.jwk, ...changes }], token: mint({}, { key: own, header }) }
}

/** Each case is refused, with the twin key beside it in the same set serving. */
async function refusesKeys(
  target: Api['target'],
  cases: Readonly<Record<string, { members: unknown[]; token: string }>>,
): Promise<void> {
  for (const [name, { members, token }] of Object.entries(cases)) {
    await withIssuer(target, byUri, async (api, { replies }) => {
      replies.set(KEYS, { keys: [...members, ...jwks(key).keys] })
      try {
        expectAllowed(await api.call(mint()))
        expectRefused(await api.call(token), 'key_not_found')
        expectAllowed(await api.call(mint()))
      } catch (error) {
        if (error instanceof Error) error.message = `${name}: ${error.message}`
        throw error
      }
    })
  }
}

proves('RFC7517-4.2-use', async ({ target }) => {
  await refusesKeys(target, {
    'use: enc': keyCase({ use: 'enc' }),
    'use: unknown': keyCase({ use: 'tls' }),
    'use: list': keyCase({ use: ['sig'] }),
    'key_ops: encrypt': keyCase({ key_ops: ['encrypt'] }),
    'key_ops: sign only': keyCase({ key_ops: ['sign'] }),
    'key_ops: empty': keyCase({ key_ops: [] }),
    'key_ops: string': keyCase({ key_ops: 'verify' }),
    'alg: of another curve': keyCase({ alg: 'ES384' }),
    'alg: HMAC': keyCase({ alg: 'HS256' }),
    'alg: none': keyCase({ alg: 'none' }),
    'alg: encryption': keyCase({ alg: 'ECDH-ES' }),
    'alg: number': keyCase({ alg: 256 }),
    'kty: of another family': keyCase({ kty: 'RSA' }),
    'crv: another': keyCase({ crv: 'secp256k1' }),
    'a point off the curve': keyCase({ y: createKey('ES256').jwk.y }),
  })
  await withIssuer(target, byUri, async (api, { replies }) => {
    const plain: Record<string, Json> = {
      'nothing declared': { use: undefined, alg: undefined },
      'verify among others': { key_ops: ['sign', 'verify'], use: undefined },
      'everything declared': { use: 'sig', alg: 'ES256', key_ops: ['verify'] },
    }
    const made = Object.keys(plain).map((kid) => createKey('ES256', kid))
    replies.set(KEYS, { keys: made.map((own) => ({ ...own.jwk, ...plain[own.kid] })) })
    for (const own of made) expectAllowed(await api.call(mint({}, { key: own })))
  })
})

proves('RFC7518-3.3-rsa-size', async ({ target }) => {
  await refusesKeys(target, {
    '1024 bits': keyCase({}, { with: small }),
    '2040 bits': keyCase({}, { with: almost }),
    '1024 bits, padded with zeros': keyCase({ n: padded(small) }, { with: small }),
  })
  await withIssuer(target, byUri, async (api, { replies }) => {
    replies.set(KEYS, jwks(issuerKey('RS256')))
    expectAllowed(await api.call(mint({}, { key: issuerKey('RS256') })))
  })
})
const small = createKey('RS256', 'small', 1024)
const almost = createKey('RS256', 'almost', 2040)

/** The same number with leading zero bytes: longer text, not a stronger key. */
function padded({ jwk }: SigningKey): string {
  return Buffer.concat([Buffer.alloc(128), Buffer.from(String(jwk.n), 'base64url')]).toString('base64url')
}

proves('RFC7517-9.2-private-keys', async ({ target }) => {
  const own = createKey('ES256', 'private')
  const rsa = createKey('RS256', 'private-rsa')
  const secret = Buffer.alloc(32, 7)
  const oct = { ...createSecretKey(secret).export({ format: 'jwk' }), kid: 'secret', alg: 'HS256', use: 'sig' }
  await refusesKeys(target, {
    'a private EC key': {
      members: [{ ...own.jwk, ...own.privateKey.export({ format: 'jwk' }) }],
      token: mint({}, { key: own }),
    },
    'a private RSA key': {
      members: [{ ...rsa.jwk, ...rsa.privateKey.export({ format: 'jwk' }) }],
      token: mint({}, { key: rsa }),
    },
    'a symmetric key, ES256 asked': { members: [oct], token: mint({}, { header: { kid: 'secret' } }) },
  })
  await withIssuer(target, byUri, async (api, { replies }) => {
    replies.set(KEYS, { keys: [oct, ...jwks(key).keys] })
    const hs = forge({ header: { alg: 'HS256', typ: 'at+jwt', kid: 'secret' }, claims: claims(), secret })
    expectRefused(await api.call(hs), 'algorithm_rejected')
    expectAllowed(await api.call(mint()))
  })
})

proves('RFC7517-5-unusable-members', async ({ target }) => {
  const odd = [
    null,
    7,
    'key',
    [],
    {},
    { kty: 'EC' },
    { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' },
    { kty: 'AKP', alg: 'ML-DSA-44' },
  ]
  await withIssuer(target, byUri, async (api, { replies }) => {
    replies.set(KEYS, { keys: [...odd, ...jwks(key).keys, ...odd], extra: true })
    expectAllowed(await api.call(mint()))
    expectRefused(await api.call(mint({}, { header: { kid: 'unknown' } })), 'key_not_found')
  })
})

proves('RFC7515-4.1.4-unknown-kid', async ({ target }) => {
  await withIssuer(target, byUri, async (api, { replies, requests }) => {
    replies.set(KEYS, jwks(key))
    expectAllowed(await api.call(mint()))
    for (let i = 0; i < 20; i++) {
      expectRefused(await api.call(mint({}, { header: { kid: `unknown-${i}` } })), 'key_not_found')
      expectRefused(await api.call(mint({}, { header: { kid: 'unknown' } })), 'key_not_found')
    }
    expect(requests.length).toBeLessThanOrEqual(2)
    expectAllowed(await api.call(mint()))
  })
})

const kids = [
  '../../../../dev/null',
  '/etc/passwd',
  "' OR '1'='1",
  'key" UNION SELECT',
  '*',
  '.*',
  '\0',
  '__proto__',
  'constructor',
  '{jndi:ldap://x}',
  'http://127.0.0.1/',
]
proves('BEHALF-kid-exact', async (api) => {
  for (const kid of [...kids, key.kid.toUpperCase(), ` ${key.kid}`, `${key.kid}\0`]) {
    expectRefused(await api.call(mint({}, { header: { kid } })), 'key_not_found')
  }
  expectAllowed(await api.call(mint()))
  const own = kids.map((kid) => createKey('ES256', kid))
  await withIssuer(api.target, byUri, async (other, { replies }) => {
    replies.set(KEYS, jwks(...own))
    for (const named of own) expectAllowed(await other.call(mint({}, { key: named })))
  })
})

proves('BEHALF-no-kid', async ({ target }) => {
  const nameless = (own: SigningKey): Call => mint({}, { key: own, header: { kid: undefined } })
  await withIssuer(target, byUri, async (api, { replies }) => {
    replies.set(KEYS, jwks(key, issuerKey('RS256')))
    expectAllowed(await api.call(nameless(key)))
    expectRefused(await api.call(nameless(second)), 'signature_invalid')
  })
  await withIssuer(target, byUri, async (api, { replies }) => {
    replies.set(KEYS, jwks(key, second))
    expectRefused(await api.call(nameless(key)), 'key_not_found')
    expectRefused(await api.call(nameless(second)), 'key_not_found')
    expectAllowed(await api.call(mint()))
  })
})

proves('RFC8725-3.1-one-key-one-algorithm', async ({ target }) => {
  const rsa = issuerKey('RS256')
  const declared: SigningKey[] = (['PS256', 'RS384', 'RS512'] as const).map((algorithm) => ({ ...rsa, algorithm }))
  await withIssuer(target, byUri, async (api, { replies }) => {
    replies.set(KEYS, jwks(rsa, key))
    for (const other of declared) expectRefused(await api.call(mint({}, { key: other })), 'key_not_found')
    expectAllowed(await api.call(mint({}, { key: rsa })))
  })
  await withIssuer(target, byUri, async (api, { replies }) => {
    replies.set(KEYS, { keys: [{ ...rsa.jwk, alg: undefined }] })
    for (const other of declared) expectAllowed(await api.call(mint({}, { key: other })))
  })
})

proves('BEHALF-rotation', async ({ target }) => {
  await withIssuer(target, byUri, async (api, { replies, requests }) => {
    replies.set(KEYS, jwks(key))
    expectAllowed(await api.call(mint()))
    replies.set(KEYS, jwks(key, second))
    api.clock.now += 31
    expectAllowed(await api.call(mint({}, { key: second })))
    expect(requests).toEqual([KEYS, KEYS])
    expectAllowed(await api.call(mint()))
    expectAllowed(await api.call(mint({}, { key: second })))
    expect(requests).toEqual([KEYS, KEYS])
  })
})

proves('BEHALF-withdrawn-key', async ({ target }) => {
  await withIssuer(target, byUri, async (api, { replies }) => {
    replies.set(KEYS, jwks(key, second))
    const token = mint({ exp: NOW + 86_400 }, { key: second })
    expectAllowed(await api.call(token))
    expectAllowed(await api.call(token))
    replies.set(KEYS, jwks(key))
    api.clock.now += 601
    expectRefused(await api.call(token), 'key_not_found')
    expectAllowed(await api.call(mint({ exp: NOW + 86_400 })))
  })
})

proves('BEHALF-keys-unavailable', async ({ target }) => {
  const failures: Record<string, unknown> = {
    'not found': undefined,
    'an error page': (_: unknown, response: import('node:http').ServerResponse) => response.writeHead(500).end('oops'),
    'no key set': { error: 'x' },
    'not JSON': (_: unknown, response: import('node:http').ServerResponse) => response.writeHead(200).end('<html>'),
    'no usable key': { keys: [{ kty: 'oct', k: 'AAAA' }] },
  }
  for (const [name, failure] of Object.entries(failures)) {
    await withIssuer(target, byUri, async (api, { replies }) => {
      if (failure !== undefined) replies.set(KEYS, failure)
      const outcome = await api.call(mint())
      expectRefused(outcome, 'keys_unavailable')
      expect(outcome.events[0]?.subject, name).toBeUndefined()
      replies.set(KEYS, jwks(key))
      api.clock.now += 60
      expectAllowed(await api.call(mint()))
    })
  }
})

proves('BEHALF-stale-keys', async ({ target }) => {
  await withIssuer(target, byUri, async (api, endpoint) => {
    endpoint.replies.set(KEYS, jwks(key))
    const token = mint({ exp: NOW + 86_400 })
    expectAllowed(await api.call(token))
    endpoint.replies.delete(KEYS)
    for (const later of [601, 1200, 4000]) {
      api.clock.now = NOW + later
      expectAllowed(await api.call(mint({ exp: NOW + 86_400 })))
      expectAllowed(await api.call(token))
    }
    api.clock.now = NOW + 600 + 3600 + 60
    expectRefused(await api.call(token), 'keys_unavailable')
    expectRefused(await api.call(mint({ exp: NOW + 86_400 })), 'keys_unavailable')
    endpoint.replies.set(KEYS, jwks(key))
    api.clock.now += 60
    expectAllowed(await api.call(token))
  })
})

proves('BEHALF-garbage-costs-no-fetch', async ({ target }) => {
  await withIssuer(target, byUri, async (api, { replies, requests }) => {
    replies.set(KEYS, jwks(key))
    const garbage: Record<string, Call> = {
      'not a token': 'garbage',
      'no signature': `${mint().split('.', 2).join('.')}.`,
      none: forge({ header: { alg: 'none', typ: 'at+jwt' }, claims: claims(), signature: Buffer.alloc(64) }),
      'another type': mint({}, { header: { typ: 'JWT' } }),
      'another issuer': mint({ iss: 'https://evil.example' }),
      'another audience': mint({ aud: 'https://orders.example.com' }),
      expired: mint({ exp: 1, iat: 0 }),
      'not yet valid': mint({ nbf: NOW + 60 }),
      'no subject': mint({ sub: undefined }),
    }
    for (const [name, call] of Object.entries(garbage)) {
      const { response } = await api.call(call)
      expect(response.status, name).toBe(401)
      expect(requests, name).toEqual([])
    }
    expectAllowed(await api.call(mint()))
    expect(requests).toEqual([KEYS])
  })
})

let elsewhere: KeyEndpoint
beforeAll(async () => {
  elsewhere = await startKeyEndpoint({ [KEYS]: jwks(key), '/aud': AUDIENCE })
})
afterAll(() => elsewhere.close())

proves('BEHALF-no-redirect', async ({ target }) => {
  for (const status of [301, 302, 303, 307, 308]) {
    await withIssuer(target, byUri, async (api, { replies, origin, requests }) => {
      for (const location of [`${elsewhere.origin}${KEYS}`, `${origin}/moved`]) {
        replies.set('/moved', jwks(key))
        replies.set(KEYS, (_: unknown, response: import('node:http').ServerResponse) => {
          response.writeHead(status, { location }).end()
        })
        expectRefused(await api.call(mint()), 'keys_unavailable')
        api.clock.now += 60
      }
      expect(requests).not.toContain('/moved')
      expect(elsewhere.requests).toEqual([])
      replies.set(KEYS, jwks(key))
      expectAllowed(await api.call(mint()))
    })
  }
})
