import { ConfigurationError, createResourceServer, type ResourceServerOptions } from '@behalf/core'
import { expect } from 'vitest'
import { fault } from './faults.js'
import { heapAfter } from './memory.js'
import { audience, createClock, createScene, goodClaims, issuer, present, times, verdict } from './scene.js'
import { createKey, type JsonObject, signText, signToken } from './signing.js'

const key = createKey('key-1')
const jwks = { keys: [key.jwk] }

const createStatic = (options: Partial<ResourceServerOptions> = {}) => {
  const clock = createClock()
  const server = createResourceServer({ issuer: { issuer, jwks }, audience, now: clock.now, ...options })
  const token = (claims: JsonObject = {}): string => signToken(key, goodClaims(clock, claims))
  const ask = async (presented: string): Promise<string> => verdict(await present(server, presented))
  return { server, clock, token, ask }
}

/** Distinct tokens of one length that all differ in this part of the original. */
const vary = (token: string, index: number): string => {
  const tail = index.toString(36).padStart(6, '0')
  const [header, claims, signature = ''] = token.split('.')
  return `${header}.${claims}.${signature.slice(0, 40)}${tail}${signature.slice(46)}`
}

fault('process.flood', 'bad signatures, ten kilobytes each', async () => {
  const { ask, token } = createStatic()
  const good = token({ filler: 'x'.repeat(7000) })
  expect(await ask(good)).toBe('allowed')
  const codes = new Set<string>()
  const grown = await heapAfter(async () => {
    for (let index = 0; index < 4000; index += 1) codes.add(await ask(vary(good, index)))
  })
  expect(codes).toEqual(new Set(['signature_invalid']))
  expect(grown).toBeLessThan(10_000_000)
  expect(await ask(good)).toBe('allowed')
})

fault('process.flood', 'well signed but useless tokens, and words that are no tokens', async () => {
  const { ask, clock } = createStatic()
  const codes = new Set<string>()
  const grown = await heapAfter(async () => {
    for (let index = 0; index < 600; index += 1) {
      const filler = `${index}-${'x'.repeat(9000)}`
      codes.add(await ask(signToken(key, goodClaims(clock, { exp: clock.now() - 60, filler }))))
      codes.add(await ask(signToken(key, goodClaims(clock, { aud: 'https://orders.example.com', filler }))))
      codes.add(await ask(signToken(key, goodClaims(clock, { iss: `https://${index}.example.com`, filler }))))
      codes.add(
        await ask(signToken(key, goodClaims(clock, { filler }), { filler: `${index}${'x'.repeat(2000)}`, typ: 'JWT' })),
      )
      codes.add(await ask(`${index}.${'x'.repeat(7000)}`))
      codes.add(await ask(`${'x'.repeat(20_000)}${index}`))
    }
  })
  expect([...codes].sort()).toEqual([
    'audience_mismatch',
    'issuer_untrusted',
    'token_expired',
    'token_malformed',
    'token_type_rejected',
  ])
  expect(grown).toBeLessThan(15_000_000)
})

fault('process.flood', 'tokens with a distinct header each, good and bad, of a size that would add up', async () => {
  const { ask, clock } = createStatic({ tokenCache: false })
  const grown = await heapAfter(async () => {
    for (let index = 0; index < 3000; index += 1) {
      const header = { filler: `${index}${'x'.repeat(2800)}` }
      const presented = signToken(key, goodClaims(clock), header)
      expect(await ask(presented)).toBe('allowed')
      if (index % 5 === 0) expect(await ask(vary(presented, index))).toBe('signature_invalid')
    }
  })
  expect(grown).toBeLessThan(8_000_000)
})

fault('process.length', 'refusing sixteen megabytes costs about what refusing twenty kilobytes costs', async () => {
  const { server } = createStatic()
  const cost = async (size: number): Promise<bigint> => {
    const token = `e30.${'x'.repeat(size)}.AAAA`
    let best = 1_000_000_000n
    for (let turn = 0; turn < 50; turn += 1) {
      const start = process.hrtime.bigint()
      await server.verify(token).catch(() => {})
      const taken = process.hrtime.bigint() - start
      if (taken < best) best = taken
    }
    return best
  }
  await cost(20_000)
  const small = await cost(20_000)
  const large = await cost(16_000_000)
  expect(Number(large) / Number(small)).toBeLessThan(20)
  await expect(server.verify(`e30.${'x'.repeat(16_000_000)}.AAAA`)).rejects.toMatchObject({ code: 'token_malformed' })
})

const encode = (text: string): string => Buffer.from(text).toString('base64url')
const head = encode(JSON.stringify({ alg: 'ES256', typ: 'at+jwt', kid: key.kid }))

const misshapen: Readonly<Record<string, readonly [text: string, code: string]>> = {
  dots: ['.'.repeat(8_000_000), 'token_malformed'],
  'opening brackets': [`${head}.${encode('['.repeat(5000))}.AAAA`, 'token_malformed'],
  'closed brackets': [`${head}.${encode('['.repeat(5000) + ']'.repeat(5000))}.AAAA`, 'token_malformed'],
  'nested objects': [`${head}.${encode(`${'{"act":'.repeat(1500)}1${'}'.repeat(1500)}`)}.AAAA`, 'issuer_untrusted'],
  'nested objects in the header': [
    `${encode(`${'{"alg":'.repeat(350)}1${'}'.repeat(350)}`)}.e30.AAAA`,
    'algorithm_rejected',
  ],
  'an encrypted token': [`${'A'.repeat(3000)}.${'A'.repeat(3000)}.A.${'A'.repeat(3000)}.A`, 'token_malformed'],
}

for (const [name, [text, code]] of Object.entries(misshapen)) {
  fault('process.length', `${name}: ${code}`, async () => {
    const { ask } = createStatic()
    expect(await ask(text)).toBe(code)
  })
}

for (const [depth, code] of [
  [4, 'allowed'],
  [5, 'delegation_too_deep'],
  [32, 'delegation_too_deep'],
  [400, 'delegation_malformed'],
] as const) {
  fault('process.length', `a signed chain of ${depth} actors blows no stack: ${code}`, async () => {
    const { ask, token } = createStatic()
    let act: JsonObject = { sub: 'agent:0' }
    for (let link = 1; link < depth; link += 1) act = { sub: `agent:${link}`, act }
    expect(await ask(token({ act }))).toBe(code)
  })
}

fault('process.length', 'a signed token of deeply nested claims blows no stack either', async () => {
  const { ask, clock } = createStatic({ maxTokenSize: 1_048_576 })
  const nested = `${'['.repeat(50_000)}${']'.repeat(50_000)}`
  const claims = `${JSON.stringify(goodClaims(clock)).slice(0, -1)},"nested":${nested}}`
  expect(await ask(signText(key, claims))).toBe('allowed')
})

fault('process.cache', 'many distinct tokens pass through a cache of a hundred entries', async () => {
  const { ask, token } = createStatic({ tokenCache: { maxEntries: 100 } })
  const first = token()
  const grown = await heapAfter(async () => {
    for (let index = 0; index < 2500; index += 1) {
      expect(await ask(token({ list: times(200, (member) => `${index}-${member}`) }))).toBe('allowed')
    }
  })
  expect(grown).toBeLessThan(10_000_000)
  expect(await ask(first)).toBe('allowed')
})

for (const tokenCache of [false, { maxEntries: 1 }, { maxEntries: 10_000 }] as const) {
  fault('process.cache', `with ${JSON.stringify(tokenCache)} every verdict is the same`, async () => {
    const { ask, token, clock } = createStatic({ tokenCache })
    const [first, second] = [token(), token({ sub: 'user_2' })]
    for (let turn = 0; turn < 3; turn += 1) {
      expect(await ask(first)).toBe('allowed')
      expect(await ask(second)).toBe('allowed')
      expect(await ask(vary(first, turn))).toBe('signature_invalid')
    }
    clock.advance(304)
    expect(await ask(first)).toBe('allowed')
    clock.advance(1)
    expect(await ask(first)).toBe('token_expired')
    clock.advance(-305 - 6)
    expect(await ask(first)).toBe('token_not_yet_valid')
    clock.advance(6)
    expect(await ask(first)).toBe('allowed')
  })
}

fault('process.cache', 'a cached token grows too old at its limit', async () => {
  const { ask, token, clock } = createStatic({ maxTokenAge: 100 })
  const presented = token()
  expect(await ask(presented)).toBe('allowed')
  clock.advance(105)
  expect(await ask(presented)).toBe('allowed')
  clock.advance(1)
  expect(await ask(presented)).toBe('token_too_old')
})

fault('process.cache', 'a cached token is refused at once while no key can vouch for it', async () => {
  const scene = await createScene()
  const presented = scene.token(scene.key, { exp: scene.clock.now() + 10_000, act: undefined })
  expect(await scene.ask(presented)).toBe('allowed')
  await scene.endpoint.stop()
  scene.clock.advance(4100)
  expect(await scene.ask(presented)).toBe('allowed')
  scene.clock.advance(200)
  expect(await scene.ask(presented)).toBe('keys_unavailable')
})

fault('process.cache', 'one resource server never sees what another has cached', async () => {
  const billing = createStatic()
  const orders = createStatic({ audience: 'https://orders.example.com' })
  const strict = createStatic({ maxTokenLifetime: { delegated: 60 } })
  const presented = billing.token()
  expect(await billing.ask(presented)).toBe('allowed')
  expect(await orders.ask(presented)).toBe('audience_mismatch')
  expect(await strict.ask(presented)).toBe('token_lifetime_too_long')
  expect(await billing.ask(presented)).toBe('allowed')
})

fault(
  'process.identities',
  'two hundred users, five hundred requests each, interleaved: none sees another',
  async () => {
    const { server, token } = createStatic()
    const users = times(200, (index) => ({
      subject: `user_${index}`,
      token: token({
        sub: `user_${index}`,
        scope: `scope:${index}`,
        act: { sub: `agent:${index}` },
        txn: `task_${index}`,
      }),
    }))
    let crossed = 0
    for (let round = 0; round < 500; round += 1) {
      await Promise.all(
        users.map(async (user, index) => {
          const decision = await present(server, user.token, {
            scope: `scope:${index}`,
            subject: user.subject,
            check:
              index % 10 === round % 10
                ? async ({ subject }) => {
                    await Promise.resolve()
                    return subject === user.subject
                  }
                : () => true,
          })
          const seen = decision.allowed && decision.principal
          if (
            !seen ||
            seen.subject !== user.subject ||
            seen.actor?.subject !== `agent:${index}` ||
            seen.transaction !== `task_${index}` ||
            seen.token !== user.token
          ) {
            crossed += 1
          }
        }),
      )
    }
    expect(crossed).toBe(0)
  },
)

fault('process.identities', 'what one handler gets cannot be changed for the next', async () => {
  const { server, token } = createStatic()
  const presented = token({ list: ['a'], nested: { admin: false } })
  const first = await present(server, presented)
  if (!first.allowed) throw first.error
  for (const target of [
    first.principal,
    first.principal.scopes,
    first.principal.actor,
    first.principal.claims,
    first.principal.claims.list,
    first.principal.claims.nested,
    first.token,
    first.token.delegation,
    first.token.delegation[0],
    first.token.claims,
    first.token.header,
    first.token.audience,
    first.token.scopes,
  ]) {
    expect(Object.isFrozen(target), JSON.stringify(target)).toBe(true)
  }
})

type Wrong = readonly [option: string, options: unknown]
const base = { issuer: { issuer, jwks }, audience }
const wrongOptions: readonly Wrong[] = [
  ['audience', { issuer: { issuer, jwks } }],
  ['audience', { ...base, audience: '' }],
  ['audience', { ...base, audience: null }],
  ['audience', { ...base, audience: [audience] }],
  ['issuer', { audience }],
  ['issuer', { ...base, issuer: '' }],
  ['issuer', { ...base, issuer: [] }],
  ['issuer', { ...base, issuer: null }],
  ['issuer', { ...base, issuer: 42 }],
  ['issuer', { ...base, issuer: 'http://auth.example.com' }],
  ['issuer', { ...base, issuer: 'https://auth.example.com?tenant=1' }],
  ['issuer', { ...base, issuer: 'https://auth.example.com#fragment' }],
  ['issuer', { ...base, issuer: 'https://name:secret@auth.example.com' }],
  ['issuer', { ...base, issuer: ['https://auth.example.com', 'https://auth.example.com'] }],
  ['issuer', { ...base, issuer: { issuer, jwks, jwksUri: 'https://auth.example.com/jwks' } }],
  ['issuer', { ...base, issuer: { issuer, jwks: {} } }],
  ['issuer', { ...base, issuer: { issuer, jwks: { keys: {} } } }],
  ['issuer', { ...base, issuer: { issuer, jwks: null } }],
  ['issuer', { ...base, issuer: { issuer, keys: [] } }],
  ['issuer', { ...base, issuer: { issuer, jwks, algorithms: [] } }],
  ['issuer', { ...base, issuer: { issuer, jwks, algorithms: ['HS256'] } }],
  ['issuer', { ...base, issuer: { issuer, jwks, profile: 'auth0' } }],
  ['algorithms', { ...base, algorithms: [] }],
  ['algorithms', { ...base, algorithms: 'ES256' }],
  ['algorithms', { ...base, algorithms: ['none'] }],
  ['algorithms', { ...base, algorithms: ['HS256'] }],
  ['algorithms', { ...base, algorithms: ['ES256', 'HS512'] }],
  ['algorithms', { ...base, algorithms: ['es256'] }],
  ['algorithms', { ...base, algorithms: [undefined] }],
  ['clockTolerance', { ...base, clockTolerance: Number.NaN }],
  ['clockTolerance', { ...base, clockTolerance: Number.POSITIVE_INFINITY }],
  ['clockTolerance', { ...base, clockTolerance: -1 }],
  ['clockTolerance', { ...base, clockTolerance: 301 }],
  ['clockTolerance', { ...base, clockTolerance: '5' }],
  ['clockTolerance', { ...base, clockTolerance: null }],
  ['maxTokenAge', { ...base, maxTokenAge: 0 }],
  ['maxTokenAge', { ...base, maxTokenAge: '15 minutes' }],
  ['maxTokenLifetime.delegated', { ...base, maxTokenLifetime: { delegated: Number.NaN } }],
  ['maxTokenLifetime.direct', { ...base, maxTokenLifetime: { direct: -1 } }],
  ['maxTokenLifetime.agent', { ...base, maxTokenLifetime: { agent: 60 } }],
  ['maxTokenLifetime', { ...base, maxTokenLifetime: 60 }],
  ['maxTokenSize', { ...base, maxTokenSize: 0 }],
  ['maxTokenSize', { ...base, maxTokenSize: 1.5 }],
  ['maxTokenSize', { ...base, maxTokenSize: '16kb' }],
  ['delegation', { ...base, delegation: 'required' }],
  ['delegation.maxDepth', { ...base, delegation: { maxDepth: 0 } }],
  ['delegation.maxDepth', { ...base, delegation: { maxDepth: Number.POSITIVE_INFINITY } }],
  ['delegation.actorIssuer', { ...base, delegation: { actorIssuer: 'any' } }],
  ['delegation.singleAudience', { ...base, delegation: { singleAudience: 'no' } }],
  ['delegation.depth', { ...base, delegation: { depth: 4 } }],
  ['keySet', { ...base, keySet: 600 }],
  ['keySet.cacheMaxAge', { ...base, keySet: { cacheMaxAge: Number.NaN } }],
  ['keySet.cacheMaxAge', { ...base, keySet: { cacheMaxAge: -1 } }],
  ['keySet.cooldownDuration', { ...base, keySet: { cooldownDuration: '30s' } }],
  ['keySet.timeoutDuration', { ...base, keySet: { timeoutDuration: 0 } }],
  ['keySet.timeoutDuration', { ...base, keySet: { timeoutDuration: Number.POSITIVE_INFINITY } }],
  ['keySet.cacheMaxAgeFallback', { ...base, keySet: { cacheMaxAgeFallback: Number.NaN } }],
  ['keySet.maxAge', { ...base, keySet: { maxAge: 1 } }],
  ['tokenCache', { ...base, tokenCache: true }],
  ['tokenCache', { ...base, tokenCache: 100 }],
  ['tokenCache.maxEntries', { ...base, tokenCache: { maxEntries: -1 } }],
  ['tokenCache.maxEntries', { ...base, tokenCache: { maxEntries: 1.5 } }],
  ['delegation.maxDepth', { ...base, delegation: { maxDepth: 1.5 } }],
  ['tokenCache.maxEntries', { ...base, tokenCache: { maxEntries: Number.POSITIVE_INFINITY } }],
  ['tokenCache.max', { ...base, tokenCache: { max: 10 } }],
  ['audit', { ...base, audit: 'console' }],
  ['audit', { ...base, audit: {} }],
  ['audit', { ...base, audit: { sink: {} } }],
  ['audit.required', { ...base, audit: { sink: { record: () => {} }, required: 'yes' } }],
  ['audit.timeout', { ...base, audit: { sink: { record: () => {} }, timeout: Number.NaN } }],
  ['onWarning', { ...base, onWarning: true }],
  ['claims', { ...base, claims: {} }],
  ['claims', { ...base, claims: () => true }],
  ['now', { ...base, now: 1_795_300_000 }],
  ['policyTimeout', { ...base, policyTimeout: Number.NaN }],
  ['resource', { ...base, resource: 'billing' }],
  ['issuers', { ...base, issuers: [] }],
  ['secret', { ...base, secret: 'shh' }],
  ['clocktolerance', { ...base, clocktolerance: 5 }],
]

const thrownBy = (run: () => void): unknown => {
  try {
    run()
  } catch (error) {
    return error
  }
  return undefined
}

for (const [option, options] of wrongOptions) {
  fault(
    'process.options',
    `${option} as in ${JSON.stringify(options, (_, value) => (value === jwks ? undefined : (value ?? String(value))))}`,
    () => {
      const error = thrownBy(() => Reflect.apply(createResourceServer, undefined, [options]))
      expect(error).toBeInstanceOf(ConfigurationError)
      const path = new RegExp(`^${option.replace('.', '\\.')}(?:[.[]|$)`)
      expect(error).toHaveProperty('option', expect.stringMatching(path))
      expect(String(error)).not.toContain(String(key.jwk.x))
    },
  )
}

fault('process.options', 'no options at all are refused, whatever is given instead', () => {
  for (const options of [undefined, null, 'https://auth.example.com', 7, [], () => {}]) {
    expect(() => Reflect.apply(createResourceServer, undefined, [options])).toThrow(ConfigurationError)
  }
})

fault('process.options', 'changing what was given does nothing afterwards', async () => {
  const clock = createClock()
  const algorithms: ('ES256' | 'RS256')[] = ['ES256']
  const delegation = { maxDepth: 1 }
  const options = {
    issuer: { issuer, jwks: { keys: [key.jwk] }, algorithms },
    audience,
    now: clock.now,
    algorithms,
    delegation,
    clockTolerance: 5,
  }
  const server = createResourceServer(options)
  const orders = signToken(key, goodClaims(clock, { aud: 'https://orders.example.com' }))
  options.audience = 'https://orders.example.com'
  options.issuer.issuer = 'https://evil.example'
  options.issuer.jwks.keys.length = 0
  options.clockTolerance = 300
  algorithms.length = 0
  delegation.maxDepth = 4
  const ask = async (token: string): Promise<string> => verdict(await present(server, token))
  expect(await ask(signToken(key, goodClaims(clock)))).toBe('allowed')
  expect(await ask(orders)).toBe('audience_mismatch')
  expect(await ask(signToken(key, goodClaims(clock, { exp: clock.now() - 6 })))).toBe('token_expired')
  expect(await ask(signToken(key, goodClaims(clock, { act: { sub: 'a', act: { sub: 'b' } } })))).toBe(
    'delegation_too_deep',
  )
})
