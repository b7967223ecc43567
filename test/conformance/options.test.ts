import { ConfigurationError, createResourceServer, rfc9068 } from '@behalf/core'
import { describe, expect, it } from 'vitest'
import { AUDIENCE, createKey, ISSUER, issuerKey, type Json, jwks, mint, NOW } from '../support/token.js'

const good = { issuer: { issuer: ISSUER, jwks: jwks(issuerKey()) }, audience: AUDIENCE }
const create = (options: unknown) => createResourceServer(options as Parameters<typeof createResourceServer>[0])

function errorOf(make: () => unknown): ConfigurationError {
  try {
    make()
  } catch (error) {
    if (error instanceof ConfigurationError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

/** Wrong settings by the path of the option that must be named. */
const wrong: Readonly<Record<string, readonly Json[]>> = {
  issuer: [
    { issuer: undefined },
    { issuer: [] },
    { issuer: '' },
    { issuer: 'auth.example.com' },
    { issuer: 'http://auth.example.com' },
    { issuer: 'http://10.0.0.1' },
    { issuer: 'http://localhost.evil.example' },
    { issuer: 'http://127.0.0.1.evil.example' },
    { issuer: 'ftp://auth.example.com' },
    { issuer: 'file:///etc/passwd' },
    { issuer: 'data:application/json,{}' },
    { issuer: 'https://auth.example.com?x=1' },
    { issuer: 'https://auth.example.com#x' },
    { issuer: 'https://user:password@auth.example.com' },
    { issuer: null },
    { issuer: 7 },
    { issuer: true },
    { issuer: {} },
  ],
  'issuer[1]': [
    { issuer: [ISSUER, ISSUER] },
    { issuer: [ISSUER, { issuer: ISSUER, jwks: jwks(issuerKey()) }] },
    { issuer: [ISSUER, ''] },
    { issuer: [ISSUER, null] },
    { issuer: [ISSUER, 'http://auth.example.com'] },
    { issuer: [ISSUER, [ISSUER]] },
  ],
  'issuer.issuer': [{ issuer: { issuer: '' } }, { issuer: { issuer: 7 } }, { issuer: { issuer: null } }],
  'issuer.unknown': [{ issuer: { issuer: ISSUER, unknown: true } }],
  'issuer.jwksUri': [
    { issuer: { issuer: ISSUER, jwksUri: 'http://auth.example.com/keys' } },
    { issuer: { issuer: ISSUER, jwksUri: '/keys' } },
    { issuer: { issuer: ISSUER, jwksUri: '' } },
    { issuer: { issuer: ISSUER, jwksUri: 7 } },
    { issuer: { issuer: ISSUER, jwksUri: 'https://user:password@auth.example.com/keys' } },
    { issuer: { issuer: ISSUER, jwksUri: 'file:///keys' } },
  ],
  'issuer.jwks': [
    { issuer: { issuer: ISSUER, jwks: {} } },
    { issuer: { issuer: ISSUER, jwks: { keys: [] } } },
    { issuer: { issuer: ISSUER, jwks: [] } },
    { issuer: { issuer: ISSUER, jwks: null } },
    { issuer: { issuer: ISSUER, jwks: 'keys' } },
    { issuer: { issuer: ISSUER, jwks: { keys: {} } } },
    { issuer: { issuer: ISSUER, jwks: { keys: [{ kty: 'oct', k: 'c2VjcmV0', alg: 'HS256' }] } } },
    { issuer: { issuer: ISSUER, jwks: { keys: [privateJwk()] } } },
    { issuer: { issuer: ISSUER, jwks: jwks(createKey('RS256', 'small', 1024)) } },
    { issuer: { issuer: ISSUER, jwks: { keys: [{ ...issuerKey().jwk, use: 'enc' }] } } },
    { issuer: { issuer: ISSUER, jwks: jwks(issuerKey()), jwksUri: 'https://auth.example.com/keys' } },
  ],
  'issuer.algorithms': [
    { issuer: { issuer: ISSUER, algorithms: [] } },
    { issuer: { issuer: ISSUER, algorithms: ['HS256'] } },
    { issuer: { issuer: ISSUER, algorithms: ['none'] } },
  ],
  'issuer.actorIssuers': [
    { issuer: { issuer: ISSUER, actorIssuers: 'https://partner.example.com' } },
    { issuer: { issuer: ISSUER, actorIssuers: [''] } },
    { issuer: { issuer: ISSUER, actorIssuers: [7] } },
  ],
  'issuer.profile': [{ issuer: { issuer: ISSUER, profile: null } }, { issuer: { issuer: ISSUER, profile: 'auth0' } }],
  'issuer.profile.scopeClaims': [{ issuer: { issuer: ISSUER, profile: { ...rfc9068(), scopeClaims: [] } } }],
  'issuer.profile.unknown': [{ issuer: { issuer: ISSUER, profile: { ...rfc9068(), unknown: 1 } } }],
  audience: [
    { audience: undefined },
    { audience: '' },
    { audience: null },
    { audience: 7 },
    { audience: [AUDIENCE] },
    { audience: {} },
  ],
  resource: [
    { resource: '' },
    { resource: 'billing' },
    { resource: 'http://billing.example.com' },
    { resource: 'https://billing.example.com#x' },
    { resource: 7 },
    { resource: null },
  ],
  algorithms: [
    { algorithms: [] },
    { algorithms: ['HS256'] },
    { algorithms: ['HS384'] },
    { algorithms: ['HS512'] },
    { algorithms: ['none'] },
    { algorithms: ['ES256', 'HS256'] },
    { algorithms: ['es256'] },
    { algorithms: ['ES256K'] },
    { algorithms: ['RSA-OAEP'] },
    { algorithms: 'ES256' },
    { algorithms: [null] },
    { algorithms: { 0: 'ES256', length: 1 } },
    { algorithms: null },
  ],
  clockTolerance: bad(-1, 301),
  maxTokenAge: bad(-1, 0),
  maxTokenSize: bad(-1, 0, 255, 100_000_000),
  policyTimeout: bad(-1, 0),
  maxTokenLifetime: [{ maxTokenLifetime: 900 }, { maxTokenLifetime: null }, { maxTokenLifetime: [900] }],
  'maxTokenLifetime.delegated': bad(-1, 0).map(({ '*': delegated }) => ({ maxTokenLifetime: { delegated } })),
  'maxTokenLifetime.direct': bad(-1, 0).map(({ '*': direct }) => ({ maxTokenLifetime: { direct } })),
  'maxTokenLifetime.delegate': [{ maxTokenLifetime: { delegate: 900 } }],
  delegation: [{ delegation: null }, { delegation: 'required' }, { delegation: true }, { delegation: [] }],
  'delegation.maxDepth': bad(-1, 0, 33).map(({ '*': maxDepth }) => ({ delegation: { maxDepth } })),
  'delegation.actorIssuer': ['off', true, '', null].map((actorIssuer) => ({ delegation: { actorIssuer } })),
  'delegation.actors': [[], 'agent:support', [''], [7], {}].map((actors) => ({ delegation: { actors } })),
  'delegation.actorProfiles': [[], 'ai_agent', [null]].map((actorProfiles) => ({ delegation: { actorProfiles } })),
  'delegation.singleAudience': ['yes', 1, null].map((singleAudience) => ({ delegation: { singleAudience } })),
  'delegation.subjectNotActor': ['no', 0, null].map((subjectNotActor) => ({ delegation: { subjectNotActor } })),
  'delegation.maxdepth': [{ delegation: { maxdepth: 4 } }],
  keySet: [{ keySet: null }, { keySet: 30 }, { keySet: [] }],
  'keySet.cacheMaxAge': bad(-1, 0).map(({ '*': cacheMaxAge }) => ({ keySet: { cacheMaxAge } })),
  'keySet.cooldownDuration': bad(-1, 0).map(({ '*': cooldownDuration }) => ({ keySet: { cooldownDuration } })),
  'keySet.timeoutDuration': bad(-1, 0).map(({ '*': timeoutDuration }) => ({ keySet: { timeoutDuration } })),
  'keySet.cacheMaxAgeFallback': bad(-1).map(({ '*': cacheMaxAgeFallback }) => ({ keySet: { cacheMaxAgeFallback } })),
  'keySet.cooldown': [{ keySet: { cooldown: 30 } }],
  tokenCache: [{ tokenCache: true }, { tokenCache: 100 }, { tokenCache: null }, { tokenCache: [] }],
  'tokenCache.maxEntries': bad(-1, 0, 1.5).map(({ '*': maxEntries }) => ({ tokenCache: { maxEntries } })),
  'tokenCache.max': [{ tokenCache: { max: 10 } }],
  claims: [{ claims: {} }, { claims: null }, { claims: () => ({}) }, { claims: { '~standard': { version: 2 } } }],
  audit: [{ audit: true }, { audit: null }, { audit: 'console' }, { audit: [] }],
  'audit.sink': [{ audit: {} }, { audit: { sink: {} } }, { audit: { sink: () => {} } }, { audit: { required: true } }],
  'audit.required': [{ audit: { sink: { record() {} }, required: 'yes' } }],
  'audit.timeout': bad(-1, 0).map(({ '*': timeout }) => ({ audit: { sink: { record() {} }, timeout } })),
  'audit.mode': [{ audit: { sink: { record() {} }, mode: 'required' } }],
  onWarning: [{ onWarning: null }, { onWarning: 'console' }, { onWarning: {} }],
  now: [{ now: 1 }, { now: null }, { now: new Date() }],
  issuers: [{ issuers: [ISSUER] }],
  Audience: [{ Audience: AUDIENCE }],
  secret: [{ secret: 'c2VjcmV0' }],
  authRequired: [{ authRequired: false }],
  dpop: [{ dpop: true }, { dpop: 'Required' }, { dpop: null }],
  'dpop.mode': [{ dpop: {} }, { dpop: { mode: 'on' } }],
  'dpop.algorithms': [
    { dpop: { mode: 'allowed', algorithms: ['HS256'] } },
    { dpop: { mode: 'allowed', algorithms: [] } },
  ],
  'dpop.maxAge': bad(0, -1).map(({ '*': maxAge }) => ({ dpop: { mode: 'allowed', maxAge } })),
  'dpop.nonce.secret': [
    { dpop: { mode: 'allowed', nonce: { secret: 'too short' } } },
    { dpop: { mode: 'allowed', nonce: { secret: 7 } } },
  ],
  replayStore: [{ replayStore: null }, { replayStore: [] }],
  'replayStore.store': [{ replayStore: {} }, { replayStore: { store: {} } }],
  'replayStore.failOpen': [{ replayStore: { store: { reserve() {} }, failOpen: true } }],
  revocation: [{ revocation: {} }, { revocation: [] }, { revocation: () => false }],
  'statusList.hosts': [{ statusList: {} }, { statusList: { hosts: [] } }, { statusList: { hosts: ['https://x'] } }],
  clientCertificateHeader: [{ clientCertificateHeader: 'client-cert' }],
  'clientCertificateHeader.format': [{ clientCertificateHeader: { name: 'client-cert', format: 'pem' } }],
}

/** What no number option takes; the member has the name of the option once it is put in its place. */
function bad(...more: readonly number[]): Json[] {
  const values = [
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    '5',
    '',
    null,
    true,
    [],
    {},
    5n,
    new Date(),
    ...more,
  ]
  return values.map((value) => ({ '*': value }))
}

function privateJwk(): Json {
  const key = createKey('ES256', 'private')
  return { ...key.jwk, ...key.privateKey.export({ format: 'jwk' }) }
}

describe('a wrong option is refused at creation, with its path and what to do', () => {
  it('the good twin is taken', () => {
    expect(() => create(good)).not.toThrow()
    for (const absent of Object.keys(wrong).filter((path) => !/[.[]/.test(path) && Object.hasOwn(known, path))) {
      expect(() => create({ ...good, [absent]: known[absent] }), absent).not.toThrow()
    }
  })

  for (const [path, changes] of Object.entries(wrong)) {
    it(path, () => {
      for (const change of changes) {
        const options = { ...good, ...('*' in change ? { [path]: change['*'] } : change) }
        const error = errorOf(() => create(options))
        const described = `${path} of ${inspect(change)}`
        expect([described, error.option]).toEqual([described, path])
        expect(error.message, described).toMatch(/^\S+ .{8,}/)
        expect(error.message.startsWith(`${path} `), `${described}: ${error.message}`).toBe(true)
        expect(error.name).toBe('ConfigurationError')
      }
    })
  }

  it('says nothing secret about what it was given', () => {
    const secret = privateJwk()
    const error = errorOf(() => create({ ...good, issuer: { issuer: ISSUER, jwks: { keys: [secret] } } }))
    expect(error.message + error.stack).not.toContain(secret.d)
    expect(errorOf(() => create({ ...good, issuer: 'https://user:password@auth.example.com' })).message).not.toMatch(
      /password/,
    )
  })

  it('no options at all', () => {
    for (const options of [undefined, null, 7, 'x', [], () => ({}), true]) {
      expect(
        errorOf(() => create(options)),
        inspect(options),
      ).toBeInstanceOf(ConfigurationError)
    }
  })

  it('options that are inherited are looked over or count for nothing', async () => {
    for (const inherited of [
      { clockTolerance: Number.NaN },
      { maxTokenAge: 'x' },
      { maxTokenSize: '5' },
      { now: 7 },
      { unknown: 1 },
    ]) {
      expect(errorOf(() => create(Object.create({ ...good, ...inherited })))).toBeInstanceOf(ConfigurationError)
    }
    class Settings {
      readonly issuer = good.issuer
      readonly audience = AUDIENCE
      get clockTolerance() {
        return Number.NaN
      }
    }
    const expired = mint({ exp: NOW - 60, iat: NOW - 120 })
    const deep = mint({ act: { sub: '1', act: { sub: '2', act: { sub: '3', act: { sub: '4', act: { sub: '5' } } } } } })
    for (const [options, token] of [
      [new Settings(), expired],
      [{ ...good, delegation: Object.create({ maxDepth: Number.NaN }) as object }, deep],
      [
        { ...good, maxTokenLifetime: Object.create({ delegated: Number.NaN }) as object },
        mint({ act: { sub: '1' }, exp: NOW + 86_400 }),
      ],
    ] as const) {
      let server: ReturnType<typeof create>
      try {
        server = create(Object.assign(options, { now: () => NOW }))
      } catch (error) {
        expect(error).toBeInstanceOf(ConfigurationError)
        continue
      }
      await expect(server.verify(token)).rejects.toThrow()
      await server.close()
    }
  })

  it('what is changed after creation changes nothing', async () => {
    const issuer = { issuer: ISSUER, jwks: jwks(issuerKey()), algorithms: ['ES256'] as ['ES256'] }
    const options = { issuer, audience: AUDIENCE, clockTolerance: 5 }
    const server = create(options)
    options.audience = 'https://evil.example'
    options.clockTolerance = Number.NaN
    issuer.issuer = 'https://evil.example'
    ;(issuer.algorithms as string[]).push('HS256', 'none')
    expect(server.metadata()).toMatchObject({ resource: AUDIENCE, authorization_servers: [ISSUER] })
    await server.close()
  })
})

/** One right value for each option. */
const known: Json = {
  issuer: [ISSUER, 'http://127.0.0.1:8080/tenant', 'http://localhost:8080', 'http://[::1]:8080'],
  audience: 'billing',
  resource: 'https://billing.example.com/v1',
  algorithms: ['ES256', 'EdDSA'],
  clockTolerance: 0,
  maxTokenAge: 60,
  maxTokenSize: 4096,
  policyTimeout: 100,
  maxTokenLifetime: { delegated: 60 },
  delegation: {
    maxDepth: 1,
    actorIssuer: 'required',
    actors: ['a'],
    actorProfiles: ['b'],
    singleAudience: false,
    subjectNotActor: false,
  },
  keySet: { cacheMaxAge: 1000, cooldownDuration: 1000, timeoutDuration: 1000, cacheMaxAgeFallback: 0 },
  tokenCache: false,
  audit: { sink: { record() {} }, required: true, timeout: 10 },
  onWarning: () => {},
  now: () => 0,
}

const scopes = ['', ' ', 'a b', 'a"b', 'a\\b', 'a\nb', 'é', 7, null, undefined, {}, [], ['a', ''], ['a', 7], [['a']]]
const names = ['', [], [''], [7], null, undefined, {}, 7, true]
const flags = ['true', 1, 0, null, undefined, {}]
const requirements: Readonly<Record<string, readonly unknown[]>> = {
  scope: scopes,
  anyScope: ['a', ...scopes],
  delegation: ['optional', '', true, null, undefined, ['required']],
  actor: names,
  purpose: names,
  tool: names,
  acr: names,
  maxAge: [-1, 0.5, '60', Number.NaN, Number.POSITIVE_INFINITY, null, undefined, {}],
  authorizationDetails: [null, undefined, 7, 'invoice', [], [{ type: 'invoice' }]],
  senderConstrained: flags,
  singleUse: flags,
  introspection: ['opaque', 'never', true, null, undefined],
  subject: ['', null, undefined, 7, [], {}, () => 'user-1'],
  check: [true, null, undefined, 'x', {}, Promise.resolve(true)],
  scopes: ['billing:read'],
  role: ['admin'],
  Scope: ['billing:read'],
}

describe('a wrong requirement is refused at start-up', () => {
  const server = create(good)

  for (const [member, values] of Object.entries(requirements)) {
    it(member, () => {
      for (const value of values) {
        const error = errorOf(() => server.protect({ [member]: value }))
        expect([inspect(value), error.option]).toEqual([inspect(value), `requirement.${member}`])
        expect(error.message).toMatch(new RegExp(`^requirement\\.${member} .{8,}`))
      }
    })
  }

  it('no object', () => {
    for (const value of [null, 7, 'billing:read', true, ['billing:read'], Symbol('x')]) {
      expect(errorOf(() => server.protect(value as never)).option, inspect(value)).toBe('requirement')
    }
  })

  it('the good twin is taken', () => {
    const all = {
      scope: 'a',
      anyScope: ['b', 'c'],
      delegation: 'required',
      actor: ['d'],
      subject: 'e',
      purpose: 'f',
      tool: ['g'],
      acr: 'h',
      maxAge: 0,
      authorizationDetails: { type: 'invoice' },
      senderConstrained: false,
      singleUse: true,
      check: () => true,
    } as const
    expect(() => server.protect(all)).not.toThrow()
    expect(() => server.protect({ scope: ['a', 'b'], actor: () => true })).not.toThrow()
    expect(() => server.protect({})).not.toThrow()
    expect(() => server.protect()).not.toThrow()
    expect(() => server.protect(() => ({}))).not.toThrow()
  })
})

function inspect(value: unknown): string {
  return typeof value === 'symbol'
    ? 'symbol'
    : (
        JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? `${item}n` : item)) ?? String(value)
      ).slice(0, 80)
}
