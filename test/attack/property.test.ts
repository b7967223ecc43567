import { createResourceServer, type ResourceServer } from '@behalf/core'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSuite } from '../conformance/suite.js'
import { type Api, startApi } from '../support/api.js'
import { targetNames } from '../support/targets.js'
import {
  type Algorithm,
  AUDIENCE,
  claims,
  delegated,
  forge,
  ISSUER,
  issuerKey,
  type Json,
  jwks,
  mint,
  NOW,
  type Part,
  signInput,
} from '../support/token.js'
import { formatRequest } from '../support/wire.js'
import type { ThreatId } from './threats.js'

const algorithms: readonly Algorithm[] = ['ES256', 'Ed25519', 'RS256', 'PS256', 'ES512']
const issuer = { issuer: ISSUER, jwks: jwks(...algorithms.map((name) => issuerKey(name))) }
const key = issuerKey()
const goodHeader = { alg: 'ES256', typ: 'at+jwt', kid: key.kid }

const rejections: unknown[] = []
const onRejection = (reason: unknown) => rejections.push(reason)
let server: ResourceServer
beforeAll(async () => {
  process.on('unhandledRejection', onRejection)
  server = createResourceServer({
    issuer,
    audience: AUDIENCE,
    now: () => NOW,
    audit: (event) => void JSON.stringify(event),
  })
  await server.ready()
})
afterAll(async () => {
  await server.close()
  process.off('unhandledRejection', onRejection)
  expect(rejections).toEqual([])
})

/** Decides on a header as it stands, and makes sure that the answer is a proper one. */
async function decide(authorization: string | null, requirement = {}): Promise<{ code: string; status: number }> {
  const headers = { get: (name: string) => (name === 'authorization' ? authorization : null) }
  const decision = await server.authorize({ method: 'GET', url: '/', headers }, requirement)
  if (decision.allowed) return { code: 'allowed', status: 200 }
  const { code } = JSON.parse(decision.body) as { code: string }
  if (decision.error.code !== 'actor_untrusted' && code !== decision.error.code)
    throw new Error(`${code} is not ${decision.error.code}`)
  for (const value of Object.values(decision.headers)) {
    if (!/^[\x20-\x7e]*$/.test(value)) throw new Error(`a header that cannot be sent: ${value}`)
  }
  return { code: decision.error.code, status: decision.status }
}

const { proves } = createSuite<ThreatId>({ options: { issuer } })
const runs = { numRuns: 300 }
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

describe('any-flip: what is not the token to the last bit never verifies', () => {
  for (const algorithm of algorithms) {
    const good = mint({}, { key: issuerKey(algorithm) })

    it(`${algorithm}: the token itself does`, async () => {
      expect(await decide(`Bearer ${good}`)).toEqual({ code: 'allowed', status: 200 })
    })

    it(`${algorithm}: any bit of the text flipped`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.nat(good.length - 1), fc.nat(6), async (at, bit) => {
          const other = String.fromCharCode(good.charCodeAt(at) ^ (1 << bit))
          const { status } = await decide(`Bearer ${good.slice(0, at)}${other}${good.slice(at + 1)}`)
          expect([400, 401]).toContain(status)
        }),
        runs,
      )
    })

    it(`${algorithm}: any bit of the bytes flipped`, async () => {
      const parts = good.split('.')
      await fc.assert(
        fc.asyncProperty(fc.nat(2), fc.nat(100_000), fc.nat(7), async (part, at, bit) => {
          const bytes = Buffer.from(parts[part] ?? '', 'base64url')
          const index = at % bytes.length
          bytes[index] = (bytes[index] ?? 0) ^ (1 << bit)
          const forged = parts.with(part, bytes.toString('base64url')).join('.')
          expect((await decide(`Bearer ${forged}`)).status).toBe(401)
        }),
        runs,
      )
    })

    it(`${algorithm}: anything put in, taken out or put in place of`, async () => {
      const character = fc.constantFrom(...alphabet, '.', '=', '+', '/', '~', ' ')
      await fc.assert(
        fc.asyncProperty(
          fc.nat(good.length),
          fc.nat(4),
          fc.array(character, { maxLength: 4 }),
          async (at, cut, added) => {
            const forged = good.slice(0, at) + added.join('') + good.slice(at + cut)
            const same = forged === good || forged.trim() === good
            expect((await decide(`Bearer ${forged}`)).status === 200).toBe(same && forged.trimEnd() === forged)
          },
        ),
        runs,
      )
    })

    it(`${algorithm}: parts of different tokens`, async () => {
      const others = Array.from({ length: 4 }, (_, i) =>
        mint({ sub: `user-${i}` }, { key: issuerKey(algorithm) }).split('.'),
      )
      await fc.assert(
        fc.asyncProperty(fc.nat(3), fc.nat(3), fc.nat(3), async (a, b, c) => {
          const forged = [others[a]?.[0], others[b]?.[1], others[c]?.[2]].join('.')
          expect((await decide(`Bearer ${forged}`)).status).toBe(b === c ? 200 : 401)
        }),
        { numRuns: 60 },
      )
    })
  }

  it('any other signature', async () => {
    const [h = '', c = ''] = mint().split('.')
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 0, maxLength: 200 }), async (bytes) => {
        expect((await decide(`Bearer ${h}.${c}.${Buffer.from(bytes).toString('base64url')}`)).status).toBe(401)
      }),
      runs,
    )
  })
})

describe('base64url: one text for the bytes', () => {
  it('no other text of the same bytes verifies', async () => {
    const good = mint()
    const parts = good.split('.')
    await fc.assert(
      fc.asyncProperty(
        fc.nat(2),
        fc.nat(3),
        fc.constantFrom('=', '==', '\n', ' ', '\t', '.', '%3D', '+', '/'),
        async (part, i, more) => {
          const text = parts[part] ?? ''
          const last = alphabet.indexOf(text.at(-1) ?? '')
          const variants = [
            text + more,
            more + text,
            text.slice(0, 5) + more + text.slice(5),
            text.slice(0, -1) + (alphabet[(last & ~3) | ((last + 1 + i) & 3)] ?? ''),
            text.replaceAll('-', '+').replaceAll('_', '/'),
          ].filter((variant) => variant !== text)
          for (const variant of variants) {
            const forged = parts.with(part, variant).join('.')
            if (forged.trim() === good) continue
            const { status } = await decide(`Bearer ${forged}`)
            expect([400, 401]).toContain(status)
          }
        },
      ),
      runs,
    )
  })

  it('a signature over a text that is not canonical does not help', async () => {
    const [h = '', c = ''] = mint().split('.')
    await fc.assert(
      fc.asyncProperty(fc.boolean(), fc.constantFrom('=', '+', '/', '~', '.', 'A'), async (inHeader, more) => {
        const input = inHeader ? `${h}${more}.${c}` : `${h}.${c}${more}`
        expect((await decide(`Bearer ${signInput(input, key)}`)).status === 200).toBe(false)
      }),
      { numRuns: 60 },
    )
  })
})

const member = fc.constantFrom(
  'iss',
  'sub',
  'aud',
  'exp',
  'nbf',
  'iat',
  'jti',
  'client_id',
  'scope',
  'act',
  'cnf',
  'txn',
  'may_act',
  'acr',
  'auth_time',
  'authorization_details',
  'tctx',
  'sub_profile',
  '__proto__',
  'constructor',
  'toString',
)
const headerMember = fc.constantFrom(
  'alg',
  'typ',
  'kid',
  'crit',
  'b64',
  'zip',
  'cty',
  'jwk',
  'jku',
  'x5u',
  'x5c',
  'x5t',
  '__proto__',
  'enc',
  'p2c',
)
/** Values that break things more often than random ones. */
const nasty = fc.constantFrom<unknown>(
  null,
  '',
  ' ',
  0,
  -0,
  -1,
  1e308,
  2 ** 53,
  0.1,
  true,
  [],
  {},
  [[]],
  [null],
  { act: {} },
  { sub: 'a', act: { sub: 'b' } },
  ISSUER,
  AUDIENCE,
  [AUDIENCE],
  [AUDIENCE, AUDIENCE],
  'billing:read',
  '\u0000',
  '\ud800',
  '\u202e',
  'a'.repeat(3000),
  NOW,
  NOW + 60,
  String(NOW),
  { toString: 1 },
  JSON.parse('{"then":1}'),
  { length: -1 },
)
const value = fc.oneof(nasty, fc.jsonValue({ maxDepth: 4 }), fc.string({ unit: 'binary' }), fc.double(), fc.integer())

describe('any-input: nothing gives 500', () => {
  it('an arbitrary Authorization header', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.string({ unit: 'grapheme', maxLength: 100 }),
      fc.string({ maxLength: 300 }).map((rest) => `Bearer ${rest}`),
      fc.array(fc.base64String({ maxLength: 60 }), { maxLength: 7 }).map((parts) => `bearer ${parts.join('.')}`),
      fc.constantFrom('Bearer', 'Bearer ', '', ' ', ',', '.', '..', 'Bearer .', 'Bearer ..', 'Bearer ...'),
    )
    await fc.assert(
      fc.asyncProperty(text, async (authorization) => {
        const { status, code } = await decide(authorization)
        expect([400, 401]).toContain(status)
        expect([
          'token_missing',
          'credentials_malformed',
          'credentials_multiple',
          'token_malformed',
          'algorithm_rejected',
          'token_type_rejected',
          'issuer_untrusted',
        ]).toContain(code)
      }),
      { numRuns: 2000 },
    )
  })

  it('an arbitrary token passed to verify', async () => {
    await fc.assert(
      fc.asyncProperty(fc.anything(), async (token) => {
        await expect(server.verify(token as string)).rejects.toMatchObject({ name: 'AccessError', status: 401 })
      }),
      runs,
    )
  })

  it('arbitrary bytes in each part, signed', async () => {
    const part: fc.Arbitrary<Part> = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      fc.json({ maxDepth: 6 }),
      fc.string({ unit: 'binary' }),
      fc.constant(goodHeader),
      fc.constant(claims()),
    )
    await fc.assert(
      fc.asyncProperty(part, part, async (header, body) => {
        const { status, code } = await decide(`Bearer ${forge({ header, claims: body, key })}`)
        expect(status, code).toBeLessThan(500)
      }),
      { numRuns: 600 },
    )
  })

  it('arbitrary claims, signed', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.tuple(member, value), { maxLength: 4, selector: ([name]) => name }),
        async (changes) => {
          const body = changes.reduce<Json>((all, [name, item]) => define(all, name, item), claims())
          const { status, code } = await decide(`Bearer ${forge({ header: goodHeader, claims: body, key })}`, {
            scope: 'billing:read',
          })
          expect(status, code).toBeLessThan(500)
        },
      ),
      { numRuns: 2000 },
    )
  })

  it('an arbitrary act, signed: the token is refused, or delegated to its sub', async () => {
    const link: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
      link: fc.oneof(
        { depthSize: 'large' },
        nasty,
        fc.record(
          { sub: fc.oneof(fc.string(), nasty), iss: fc.oneof(fc.constant(ISSUER), nasty), act: tie('link') },
          { requiredKeys: [] },
        ),
        fc.record({ sub: fc.constantFrom('a', 'b', 'user-1'), act: tie('link') }, { requiredKeys: ['sub'] }),
        fc.record({ sub: fc.constantFrom('a', 'b') }),
      ),
    })).link
    await fc.assert(
      fc.asyncProperty(link, async (act) => {
        const token = forge({ header: goodHeader, claims: claims({ act }), key })
        const { status, code } = await decide(`Bearer ${token}`, { delegation: 'required' })
        expect(status, code).toBeLessThan(500)
        if (status !== 200) return
        const { delegation } = await server.verify(token)
        expect(delegation[0]?.subject).toBe((act as Json).sub)
        for (const { subject, issuer: of } of delegation)
          expect([typeof subject, subject !== '', of]).toEqual(['string', true, of])
      }),
      { numRuns: 1000 },
    )
  })

  it('an arbitrary JOSE header, signed', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.tuple(headerMember, value), { maxLength: 3, selector: ([name]) => name }),
        async (changes) => {
          const header = changes.reduce<Json>((all, [name, item]) => define(all, name, item), { ...goodHeader })
          const { status, code } = await decide(`Bearer ${forge({ header, claims: claims(), key })}`)
          expect(status, code).toBeLessThan(500)
        },
      ),
      { numRuns: 1000 },
    )
  })

  it('arbitrary other headers', async () => {
    const token = mint(delegated())
    const names = fc.constantFrom('traceparent', 'dpop', 'tracestate', 'host', 'x-forwarded-host')
    await fc.assert(
      fc.asyncProperty(names, fc.oneof(fc.string({ unit: 'binary' }), fc.constant(null)), async (name, text) => {
        const headers = {
          get: (asked: string) => (asked === 'authorization' ? `Bearer ${token}` : asked === name ? text : null),
        }
        const decision = await server.authorize({ method: 'GET', url: '/', headers })
        expect(decision.allowed || decision.status < 500).toBe(true)
      }),
      runs,
    )
  })

  it('an arbitrary requirement is a refusal to start or a decision, never an open door', async () => {
    const names = fc.constantFrom('scope', 'anyScope', 'delegation', 'actor', 'subject', 'check', 'scopes', '__proto__')
    const token = mint({ scope: '' })
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.tuple(names, value), { minLength: 1, maxLength: 3, selector: ([name]) => name }),
        async (members) => {
          const requirement = members.reduce<Json>((all, [name, item]) => define(all, name, item), {})
          const headers = { get: (name: string) => (name === 'authorization' ? `Bearer ${token}` : null) }
          const decision = await server.protect<object>(() => requirement)({ method: 'GET', url: '/', headers }, {})
          // a subject may happen to be the right one; nothing else of a requirement is met by this token
          const met = Object.entries(requirement).every(([name, item]) => name === 'subject' && item === 'user-1')
          expect(decision.allowed).toBe(met)
        },
      ),
      { numRuns: 600 },
    )
  })
})

proves('any-input', async (api: Api) => {
  const byte = fc.integer({ min: 0x20, max: 0xff }).filter((code) => code !== 0x7f)
  const field = fc.array(byte, { maxLength: 120 }).map((codes) => Buffer.from(codes))
  const name = fc.constantFrom(
    'Authorization',
    'authorization',
    'DPoP',
    'traceparent',
    'X-Forwarded-Host',
    'Cookie',
    'Accept',
  )
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(name, field), { minLength: 1, maxLength: 4 }), async (headers) => {
      const { response } = await api.call({ bytes: formatRequest({ target: '/invoices', headers }) })
      expect([400, 401]).toContain(response.status)
    }),
    { numRuns: 150 },
  )
})
proves('any-input', async (api: Api) => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.tuple(member, value), { minLength: 1, maxLength: 3, selector: ([name]) => name }),
      async (changes) => {
        const body = changes.reduce<Json>((all, [name, item]) => define(all, name, item), claims())
        const token = forge({ header: goodHeader, claims: body, key })
        const { response, events } = await api.call(token)
        expect(response.status).toBeLessThan(500)
        expect(events).toHaveLength(1)
        expect(Buffer.byteLength(JSON.stringify(events[0]))).toBeLessThanOrEqual(4096)
      },
    ),
    { numRuns: 150 },
  )
})
proves('any-flip', async (api: Api) => {
  const good = mint()
  await fc.assert(
    fc.asyncProperty(fc.nat(good.length - 1), fc.constantFrom(...alphabet), async (at, character) => {
      fc.pre(good[at] !== character)
      const { response, events } = await api.call(good.slice(0, at) + character + good.slice(at + 1))
      expect([response.status, events[0]?.decision]).toEqual([401, 'deny'])
    }),
    { numRuns: 150 },
  )
})

it('no target is left out', async () => {
  for (const target of targetNames) {
    const api = await startApi(target)
    expect((await api.call(mint())).response.status).toBe(200)
    await api.close()
  }
})

/** An own member, also where assignment would do something else. */
function define(object: Json, name: string, item: unknown): Json {
  return Object.defineProperty(object, name, { value: item, enumerable: true, configurable: true, writable: true })
}
