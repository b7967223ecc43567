import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { isSame } from '../../packages/core/dist/binding/constant-time.js'
import { expectAllowed, expectRefused } from '../conformance/answer.js'
import { createSuite } from '../conformance/suite.js'
import type { Call } from '../support/api.js'
import { type Algorithm, claims, forge, ISSUER, issuerKey, jwks, mint, sign } from '../support/token.js'
import type { ThreatId } from './threats.js'

const algorithms: readonly Algorithm[] = ['RS256', 'PS256', 'ES256', 'ES384', 'ES512', 'Ed25519']
const { refuses, proves } = createSuite<ThreatId>({
  options: { issuer: { issuer: ISSUER, jwks: jwks(...algorithms.map((name) => issuerKey(name))) } },
})

const orders: Partial<Record<Algorithm, bigint>> = {
  ES256: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  ES384: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  ES512:
    0x01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
  Ed25519: 2n ** 252n + 27742317777372353535851937790883648493n,
}
const sizes: Record<string, number> = { ES256: 32, ES384: 48, ES512: 66, Ed25519: 32, RS256: 128, PS256: 128 }

/** Header, claims and a good signature, to be put together in another way. */
function parts(algorithm: Algorithm) {
  const key = issuerKey(algorithm)
  const header = { alg: algorithm, typ: 'at+jwt', kid: key.kid }
  const body = claims()
  const input = forge({ header, claims: body, signature: '' }).slice(0, -1)
  const good = sign(key, Buffer.from(input))
  const size = sizes[algorithm] ?? 0
  return {
    good,
    r: good.subarray(0, size),
    s: good.subarray(size),
    size,
    with: (bytes: Buffer) => `${input}.${bytes.toString('base64url')}`,
  }
}

function big(value: bigint, size: number): Buffer {
  return Buffer.from(value.toString(16).padStart(size * 2, '0'), 'hex')
}

function reversed(bytes: Buffer): Buffer {
  return Buffer.from(bytes.toReversed())
}

function number(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString('hex')}`)
}

for (const algorithm of algorithms) {
  const { size, with: put, good } = parts(algorithm)
  const n = orders[algorithm] ?? 0n
  const numbers: Record<string, Buffer> = {
    zero: Buffer.alloc(size),
    one: big(1n, size),
    order: big(n, size),
    'order + 1': big(n + 1n, size),
    'order - 1': big(n > 0n ? n - 1n : 2n, size),
    'all ones': Buffer.alloc(size, 0xff),
  }
  refuses('psychic-signature', {
    code: 'signature_invalid',
    cases: Object.fromEntries(
      Object.entries(numbers).flatMap(([a, r]) =>
        Object.entries(numbers).map(([b, s]) => [`${algorithm}: ${a}, ${b}`, put(Buffer.concat([r, s]))]),
      ),
    ),
    twins: { good: put(good) },
  })
}

/** ECDSA as ASN.1 writes it: what node:crypto and most certificates use, and JWS does not. */
function der(r: Buffer, s: Buffer): Buffer {
  const integer = (bytes: Buffer) => {
    let start = 0
    while (start < bytes.length - 1 && bytes[start] === 0) start++
    const body = bytes.subarray(start)
    const padded = (body[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), body]) : body
    return Buffer.concat([Buffer.of(2, padded.length), padded])
  }
  const body = Buffer.concat([integer(r), integer(s)])
  return Buffer.concat([body.length < 128 ? Buffer.of(0x30, body.length) : Buffer.of(0x30, 0x81, body.length), body])
}

for (const algorithm of algorithms) {
  const { good, r, s, size, with: put } = parts(algorithm)
  const zero = Buffer.alloc(1)
  const cases: Record<string, Call> = {
    'a byte short': put(good.subarray(1)),
    'a byte short at the end': put(good.subarray(0, -1)),
    'a byte more': put(Buffer.concat([good, zero])),
    'a zero before': put(Buffer.concat([zero, good])),
    half: put(good.subarray(0, size)),
    twice: put(Buffer.concat([good, good])),
    'one byte': put(zero),
    'parts exchanged': put(Buffer.concat([s, r])),
    'both padded with a zero': put(Buffer.concat([zero, r, zero, s])),
    reversed: put(reversed(good)),
    'the text of it': put(Buffer.from(good.toString('hex'))),
    'very long': put(Buffer.alloc(4000, 1)),
    ...(algorithm.startsWith('ES') && {
      DER: put(der(r, s)),
      'DER of the exchanged': put(der(s, r)),
      'DER in hex': put(Buffer.from(der(r, s).toString('hex'))),
    }),
  }
  refuses('signature-encoding', { code: 'signature_invalid', cases, twins: { good: put(good) } })
}
refuses('signature-encoding', {
  code: 'token_malformed',
  cases: {
    'no signature': forge({
      header: { alg: 'ES256', typ: 'at+jwt', kid: issuerKey().kid },
      claims: claims(),
      signature: '',
    }),
    'a signature of one character': forge({
      header: { alg: 'ES256', typ: 'at+jwt' },
      claims: claims(),
      signature: 'A',
    }),
    stripped: `${mint().split('.').slice(0, 2).join('.')}.`,
    'stripped with its dot': mint().split('.').slice(0, 2).join('.'),
  },
  twins: { good: mint() },
})

/** RSA and Ed25519 have one signature per message; what a second one is made of must not verify. */
refuses('signature-malleability', {
  code: 'signature_invalid',
  cases: {
    'Ed25519: S plus the order': (() => {
      const { r, s, with: put } = parts('Ed25519')
      const shifted = number(reversed(s)) + (orders.Ed25519 ?? 0n)
      return put(Buffer.concat([r, reversed(big(shifted, 32))]))
    })(),
    'Ed25519: R with its sign turned': (() => {
      const { good, with: put } = parts('Ed25519')
      const turned = Buffer.from(good)
      turned[31] = (turned[31] ?? 0) ^ 0x80
      return put(turned)
    })(),
    ...Object.fromEntries(
      (['RS256', 'PS256'] as const).map((algorithm) => {
        const { good, with: put } = parts(algorithm)
        const modulus = number(Buffer.from(String(issuerKey(algorithm).jwk.n), 'base64url'))
        return [`${algorithm}: plus the modulus`, put(big(number(good) + modulus, 257))]
      }),
    ),
    'ES256: r plus the order, where it fits no more': (() => {
      const { r, s, with: put } = parts('ES256')
      return put(Buffer.concat([big((number(r) + (orders.ES256 ?? 0n)) % 2n ** 256n, 32), s]))
    })(),
    'ES256: the negative of r': (() => {
      const { r, s, with: put } = parts('ES256')
      return put(Buffer.concat([big((orders.ES256 ?? 0n) - number(r), 32), s]))
    })(),
  },
  twins: Object.fromEntries(algorithms.map((algorithm) => [algorithm, mint({}, { key: issuerKey(algorithm) })])),
})

const once = createSuite<ThreatId>({
  routes: [{ method: 'GET', path: '/once', guards: [{ protect: { singleUse: true } }] }],
})
once.proves('signature-identity', async (api) => {
  // ECDSA has two signatures for everything, r and s, r and n - s: both are right, and both are the same token
  const { r, s, with: put } = parts('ES256')
  const twin = Buffer.concat([r, big((orders.ES256 ?? 0n) - number(s), 32)])
  const [first, second] = [put(Buffer.concat([r, s])), put(twin)]
  expect(first).not.toBe(second)
  expectAllowed(await api.call({ path: '/once', token: second }))
  expectRefused(await api.call({ path: '/once', token: first }), 'token_replayed')
  expectRefused(await api.call({ path: '/once', token: second }), 'token_replayed')
  expectAllowed(await api.call({ path: '/once', token: mint() }))
})

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const [h = '', c = '', g = ''] = mint().split('.')
refuses('base64url-malleability', {
  code: 'token_malformed',
  cases: {
    'one pad': `${h}.${c}.${g}=`,
    'two pads': `${h}.${c}.${g}==`,
    'many pads': `${h}.${c}.${g}${'='.repeat(40)}`,
    'standard alphabet': `${h}.${c}.${g.replaceAll('-', '+').replaceAll('_', '/')}+`,
    tilde: `${h}.${c}.${g.slice(0, 10)}~${g.slice(10)}`,
    'a dot': `${h}.${c}.${g.slice(0, 10)}.${g.slice(10)}`,
    ...Object.fromEntries(
      Array.from({ length: 15 }, (_, i) => {
        const last = alphabet[(alphabet.indexOf(g.at(-1) ?? '') & 0x30) | (i + 1)] ?? ''
        return [`unused bits ${i + 1}`, `${h}.${c}.${g.slice(0, -1)}${last}`]
      }),
    ),
  },
  twins: { good: `${h}.${c}.${g}` },
})
refuses('base64url-malleability', {
  code: 'credentials_malformed',
  cases: Object.fromEntries(
    [' ', '\t', '"', "'", '(', '\\', '@', '?', '%0a', '%3D', ';', '=x', '*', '&', '|', '\u00a0', '\u00e9'].map(
      (text) => [
        JSON.stringify(text),
        { authorization: Buffer.from(`Bearer ${h}.${c}.${g.slice(0, 10)}${text}${g.slice(10)}`, 'latin1') },
      ],
    ),
  ),
  twins: { good: `${h}.${c}.${g}` },
})

proves('any-flip', async (api) => {
  for (const algorithm of algorithms) {
    const token = mint({}, { key: issuerKey(algorithm) })
    expectAllowed(await api.call(token))
    for (let i = 0; i < token.length; i += 23) {
      const flipped = String.fromCharCode(token.charCodeAt(i) ^ 1)
      const { response, events } = await api.call(token.slice(0, i) + flipped + token.slice(i + 1))
      expect([algorithm, i, response.status < 500, events[0]?.decision]).toEqual([algorithm, i, true, 'deny'])
    }
  }
  expectRefused(await api.call('a.b.c'), 'token_malformed')
})

proves('timing-oracle', async () => {
  // no duration is measured: there is one comparison, it looks at every character, and what a secret made goes through it
  for (const text of ['', 'a', 'abcdefgh', 'A'.repeat(43)]) {
    expect(isSame(text, text)).toBe(true)
    expect(isSame(text, `${text}a`)).toBe(false)
    for (let i = 0; i < text.length; i++) expect(isSame(text, `${text.slice(0, i)}~${text.slice(i + 1)}`)).toBe(false)
  }
  const folder = join(import.meta.dirname, '../../packages/core/src/binding')
  const source = await readFile(join(folder, 'constant-time.ts'), 'utf8')
  expect(source.match(/\breturn\b/g)).toHaveLength(2)
  expect(source).toMatch(/difference \|= left\.charCodeAt\(i\) \^ right\.charCodeAt\(i\)/)
  for (const name of ['nonce.ts', 'binding.ts', 'dpop.ts']) {
    expect(await readFile(join(folder, name), 'utf8'), name).toMatch(/\bisSame\(/)
  }
})
