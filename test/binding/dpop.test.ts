import { createHmac, generateKeyPairSync } from 'node:crypto'
import { inspect } from 'node:util'
import { createDpopKey, type DpopProofSpec, signingAlgorithms } from '@behalf/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import type { DpopRequest } from '../../packages/core/dist/binding/dpop.js'
import { createScene, path, reasonOf, refusal, resource, type Scene, signText, token } from './scene.js'

let scene: Scene
beforeAll(async () => {
  scene = await createScene()
})

const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const claims = (change: Record<string, unknown>) => (): Promise<string> => scene.proof({ claims: change })
const header = (change: Record<string, unknown>) => (): Promise<string> => scene.proof({ header: change })
const said = (spec: Partial<DpopProofSpec>) => (): Promise<string> => scene.proof(spec)
const good = (): Promise<string> => scene.proof()
const parts = async (change: (header: string, claims: string, signature: string) => string): Promise<string> => {
  const [first = '', second = '', third = ''] = (await scene.proof()).split('.')
  return change(first, second, third)
}
const jwk = async (change: Record<string, unknown>): Promise<string> =>
  scene.proof({ header: { jwk: { ...scene.key.publicJwk, ...change } } })

/** One thing that is wrong, and the same without it. */
interface Case {
  readonly check: string
  readonly name: string
  readonly bad: () => Promise<string | null> | string | null
  /** Default: the usual proof. */
  readonly twin?: () => Promise<string>
  readonly request?: Partial<DpopRequest>
  /** Default: `dpop_proof_invalid`. */
  readonly code?: string
  /** Where it is refused: the constant text for the operator's log. */
  readonly reason: RegExp
}

const cases: readonly Case[] = [
  { check: '1', name: 'no proof', bad: () => null, reason: /there is none/ },
  { check: '1', name: 'two proofs', bad: async () => `${await good()}, ${await good()}`, reason: /more than one/ },
  {
    check: '1',
    name: 'the same proof twice',
    bad: async () => [await good()].flatMap((one) => [one, one]).join(),
    reason: /more than one/,
  },

  { check: '2', name: 'an empty header', bad: () => '', reason: /malformed/ },
  { check: '2', name: 'no JWT', bad: () => 'proof', reason: /malformed/ },
  { check: '2', name: 'two parts', bad: () => parts((h, c) => `${h}.${c}`), reason: /malformed/ },
  { check: '2', name: 'no signature', bad: () => parts((h, c) => `${h}.${c}.`), reason: /malformed/ },
  { check: '2', name: 'a fourth part', bad: () => parts((h, c, s) => `${h}.${c}.${s}.AAAA`), reason: /malformed/ },
  { check: '2', name: 'white space', bad: () => parts((h, c, s) => `${h}.${c}. ${s}`), reason: /malformed/ },
  { check: '2', name: 'padding', bad: () => parts((h, c, s) => `${h}.${c}.${s}==`), reason: /malformed/ },
  {
    check: '2',
    name: 'claims in an array',
    bad: () => parts((h, _, s) => `${h}.${base64url([])}.${s}`),
    reason: /malformed/,
  },
  {
    check: '2',
    name: 'claims null',
    bad: () => parts((h, _, s) => `${h}.${base64url(null)}.${s}`),
    reason: /malformed/,
  },
  {
    check: '2',
    name: 'claims that are text',
    bad: () => parts((h, _, s) => `${h}.${base64url('x')}.${s}`),
    reason: /malformed/,
  },
  {
    check: '2',
    name: 'claims of broken UTF-8',
    bad: () => parts((h, _, s) => `${h}.${Buffer.from([0x7b, 0xff, 0x7d]).toString('base64url')}.${s}`),
    reason: /malformed/,
  },
  { check: '2', name: 'crit', bad: header({ crit: ['x'], x: 1 }), twin: header({ x: 1 }), reason: /malformed/ },
  { check: '2', name: 'b64', bad: header({ b64: true }), reason: /malformed/ },
  { check: '2', name: 'zip', bad: header({ zip: 'DEF' }), reason: /malformed/ },
  { check: '2', name: 'cty', bad: header({ cty: 'JWT' }), reason: /not an access token/ },
  {
    check: '2',
    name: 'more than 8 KiB',
    bad: claims({ padding: 'x'.repeat(6000) }),
    twin: claims({ padding: 'x'.repeat(5500) }),
    reason: /longer than 8192/,
  },

  ...['jti', 'htm', 'htu', 'iat', 'ath'].flatMap((name): Case[] =>
    [undefined, null, true, {}, [], name === 'iat' ? '1795300000' : 7].map((value) => ({
      check: '3',
      name: `${name} ${JSON.stringify(value) ?? 'absent'}`,
      bad: claims({ [name]: value }),
      reason: new RegExp(name),
    })),
  ),
  { check: '3', name: 'an empty jti', bad: said({ tokenId: '' }), reason: /jti/ },
  {
    check: '3',
    name: 'a jti of 257 characters',
    bad: said({ tokenId: 'x'.repeat(257) }),
    twin: said({ tokenId: 'x'.repeat(256) }),
    reason: /jti/,
  },

  { check: '4', name: 'no typ', bad: header({ typ: undefined }), reason: /typ/ },
  { check: '4', name: 'typ JWT', bad: header({ typ: 'JWT' }), reason: /typ/ },
  { check: '4', name: 'typ at+jwt', bad: header({ typ: 'at+jwt' }), reason: /typ/ },
  { check: '4', name: 'typ dpop+jwt in a list', bad: header({ typ: ['dpop+jwt'] }), reason: /not an access token/ },
  { check: '4', name: 'typ dpop+jwt with a space', bad: header({ typ: 'dpop+jwt ' }), reason: /typ/ },

  { check: '5', name: 'no alg', bad: header({ alg: undefined }), reason: /algorithm/ },
  { check: '5', name: 'alg none', bad: header({ alg: 'none' }), reason: /algorithm/ },
  { check: '5', name: 'alg HS256', bad: header({ alg: 'HS256' }), reason: /algorithm/ },
  { check: '5', name: 'alg es256', bad: header({ alg: 'es256' }), reason: /algorithm/ },
  { check: '5', name: 'alg ES256K', bad: header({ alg: 'ES256K' }), reason: /algorithm/ },

  {
    check: '6',
    name: 'the signature of another proof',
    bad: async () => (await good()).replace(/[^.]+$/, (await good()).split('.')[2] ?? ''),
    reason: /signature/,
  },
  {
    check: '6',
    name: 'a signature of zeros',
    bad: () => parts((h, c) => `${h}.${c}.${Buffer.alloc(64).toString('base64url')}`),
    reason: /signature/,
  },
  {
    check: '6',
    name: 'a signature cut short',
    bad: () => parts((h, c, s) => `${h}.${c}.${Buffer.from(s, 'base64url').subarray(0, 63).toString('base64url')}`),
    reason: /signature/,
  },
  {
    check: '6',
    name: 'changed claims',
    bad: async () => (await good()).replace(/\.[^.]+\./, `.${(await scene.proof({ method: 'PUT' })).split('.')[1]}.`),
    request: { method: 'PUT' },
    twin: said({ method: 'PUT' }),
    reason: /signature/,
  },
  {
    check: '6',
    name: 'the key of somebody else',
    bad: async () => jwk((await createDpopKey()).publicJwk),
    reason: /signature/,
  },
  { check: '6', name: 'no jwk', bad: header({ jwk: undefined }), reason: /jwk/ },
  { check: '6', name: 'jwk null', bad: header({ jwk: null }), reason: /jwk/ },
  { check: '6', name: 'jwk as text', bad: () => header({ jwk: JSON.stringify(scene.key.publicJwk) })(), reason: /jwk/ },
  { check: '6', name: 'jwk in a list', bad: () => header({ jwk: [scene.key.publicJwk] })(), reason: /jwk/ },
  { check: '6', name: 'jwk without kty', bad: () => jwk({ kty: undefined }), reason: /jwk/ },
  { check: '6', name: 'jwk on another curve', bad: () => jwk({ crv: 'P-384' }), reason: /jwk/ },
  { check: '6', name: 'jwk on an unknown curve', bad: () => jwk({ crv: 'secp256k1' }), reason: /jwk/ },
  {
    check: '6',
    name: 'jwk off its curve',
    bad: () => jwk({ x: Buffer.alloc(32, 1).toString('base64url') }),
    reason: /JWK|key/,
  },
  {
    check: '6',
    name: 'jwk with a short coordinate',
    bad: () => jwk({ x: Buffer.alloc(31).toString('base64url') }),
    reason: /coordinate/,
  },
  {
    check: '6',
    name: 'jwk with a padded coordinate',
    bad: () => jwk({ x: `${scene.key.publicJwk.x}=` }),
    reason: /coordinate/,
  },
  { check: '6', name: 'jwk with a number for a coordinate', bad: () => jwk({ x: 7 }), reason: /coordinate/ },
  {
    check: '6',
    name: 'jwk of another algorithm',
    bad: async () => header({ jwk: (await createDpopKey('Ed25519')).publicJwk })(),
    reason: /fit/,
  },
  {
    check: '6',
    name: 'the public key as an HMAC secret',
    bad: () =>
      parts((_, c) => {
        const input = `${base64url({ typ: 'dpop+jwt', alg: 'HS256', jwk: scene.key.publicJwk })}.${c}`
        return `${input}.${createHmac('sha256', JSON.stringify(scene.key.publicJwk)).update(input).digest('base64url')}`
      }),
    reason: /algorithm/,
  },
  {
    check: '6',
    name: 'a symmetric jwk',
    bad: () => header({ jwk: { kty: 'oct', n: 'AAAA' } })(),
    reason: /jwk/,
  },

  { check: '7', name: 'the private key as jwk', bad: () => header({ jwk: scene.key.privateJwk })(), reason: /public/ },
  ...['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'].map((member) => ({
    check: '7',
    name: `a jwk with ${member}`,
    bad: () => jwk({ [member]: null }),
    twin: () =>
      jwk({ kid: 'mine', use: 'sig', alg: 'ES256', ext: true, key_ops: ['verify'], [member.toUpperCase()]: 1 }),
    reason: /public/,
  })),

  { check: '8', name: 'another htm', bad: said({ method: 'POST' }), reason: /htm/ },
  { check: '8', name: 'htm in lower case', bad: said({ method: 'get' }), reason: /htm/ },
  { check: '8', name: 'htm with a space', bad: said({ method: 'GET ' }), reason: /htm/ },
  { check: '8', name: 'an empty htm', bad: said({ method: '' }), reason: /htm/ },
  {
    check: '8',
    name: 'a proof for GET at POST',
    bad: good,
    twin: said({ method: 'POST' }),
    request: { method: 'POST' },
    reason: /htm/,
  },

  ...[
    'https://billing.example.com/invoices/8',
    'https://billing.example.com/invoices/7/',
    'https://billing.example.com/Invoices/7',
    'https://billing.example.com/',
    'https://billing.example.com',
    'https://billing.example.com/api/invoices/7',
    'https://evil.example/invoices/7',
    'https://billing.example.com.evil.example/invoices/7',
    'https://billing.example.com:8443/invoices/7',
    'https://user@billing.example.com/invoices/7',
    'http://billing.example.com/invoices/7',
    'ftp://billing.example.com/invoices/7',
    '/invoices/7',
    '//billing.example.com/invoices/7',
    '',
  ].map((url) => ({ check: '9', name: `htu ${url || 'empty'}`, bad: claims({ htu: url }), reason: /htu/ })),
  ...[
    'https://billing.example.com:443/invoices/7',
    'HTTPS://Billing.Example.COM/invoices/7?page=2#top',
    'https://billing.example.com/x/../invoices/%37',
  ].map((url) => ({
    check: '9',
    name: `its twin ${url}`,
    bad: claims({ htu: 'x' }),
    twin: claims({ htu: url }),
    reason: /htu/,
  })),
  {
    check: '9',
    name: 'a proof for another path',
    bad: good,
    twin: said({ url: 'https://billing.example.com/invoices/8' }),
    request: { url: '/invoices/8' },
    reason: /htu/,
  },
  {
    check: '9',
    name: 'a proof for the host of the request line',
    bad: said({ url: `https://evil.example${path}` }),
    request: { url: `https://evil.example${path}` },
    reason: /htu/,
  },

  {
    check: '11',
    name: 'iat 61 s ago',
    bad: () => scene.proof({ issuedAt: scene.now() - 61 }),
    twin: () => scene.proof({ issuedAt: scene.now() - 60 }),
    reason: /iat/,
  },
  {
    check: '11',
    name: 'iat 16 s ahead',
    bad: () => scene.proof({ issuedAt: scene.now() + 16 }),
    twin: () => scene.proof({ issuedAt: scene.now() + 15 }),
    reason: /iat/,
  },
  { check: '11', name: 'iat 0', bad: said({ issuedAt: 0 }), reason: /iat/ },
  { check: '11', name: 'iat below every number', bad: said({ issuedAt: -9.223372036854776e18 }), reason: /iat/ },
  { check: '11', name: 'iat in milliseconds', bad: () => scene.proof({ issuedAt: scene.now() * 1000 }), reason: /iat/ },

  { check: '12a', name: 'the ath of another token', bad: said({ token: `${token}x` }), reason: /ath/ },
  { check: '12a', name: 'an empty ath', bad: claims({ ath: '' }), reason: /ath/ },
  { check: '12a', name: 'the token itself as ath', bad: claims({ ath: token }), reason: /ath/ },

  {
    check: '12b',
    name: 'a token bound to another key',
    bad: good,
    request: { jkt: 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs' },
    twin: async () => '',
    code: 'binding_mismatch',
    reason: /does not fit/,
  },
  {
    check: '12b',
    name: 'a token bound to a part of the thumbprint',
    bad: good,
    request: { jkt: '' },
    twin: async () => '',
    code: 'binding_mismatch',
    reason: /does not fit/,
  },
]

describe('RFC 9449 section 4.3', () => {
  test.each(cases)(
    'check $check: $name',
    async ({ bad, twin = good, request, code = 'dpop_proof_invalid', reason }) => {
      const error = await refusal(scene.verify(await bad(), request))
      expect(error.code).toBe(code)
      expect(reasonOf(error)).toMatch(reason)

      const right = await twin()
      if (right === '') await expect(scene.verify(await good())).resolves.toBe('first')
      else await expect(scene.verify(right, request)).resolves.toBe('first')
    },
  )

  test('an iat that is too large for a number is none', async () => {
    const written = async (iat: string) => {
      const [first = '', second = ''] = (await scene.proof())
        .split('.')
        .map((part) => Buffer.from(part, 'base64url').toString())
      return signText(scene.key, first, second.replace(String(scene.now()), iat))
    }
    expect(reasonOf(await refusal(scene.verify(await written('1e400'))))).toMatch(/iat is no number/)
    expect(reasonOf(await refusal(scene.verify(await written('-1e400'))))).toMatch(/iat is no number/)
    await scene.verify(await written(`${scene.now()}.5`))
  })

  test('of members with one name the last one counts', async () => {
    const doubled = async (wrong: string, name: string, where: 'before' | 'after') => {
      const texts = (await scene.proof()).split('.').map((part) => Buffer.from(part, 'base64url').toString())
      const [first = '', second = ''] = texts.map((text) =>
        !text.includes(`"${name}"`)
          ? text
          : where === 'before'
            ? text.replace('{', `{${wrong},`)
            : text.replace(/}$/, `,${wrong}}`),
      )
      return signText(scene.key, first, second)
    }
    for (const [name, wrong] of [
      ['htm', '"htm":"POST"'],
      ['typ', '"typ":"JWT"'],
    ] as const) {
      await scene.verify(await doubled(wrong, name, 'before'))
      expect((await refusal(scene.verify(await doubled(wrong, name, 'after')))).code).toBe('dpop_proof_invalid')
    }
  })

  test('typ is a media type: in any case, with or without application/', async () => {
    await scene.verify(await scene.proof({ header: { typ: 'DPoP+JWT' } }))
    await scene.verify(await scene.proof({ header: { typ: 'application/dpop+jwt' } }))
  })

  test('no refusal tells anything of token, proof or key', async () => {
    for (const { bad, request } of cases) {
      const proof = await bad()
      const text = inspect(await refusal(scene.verify(proof, request)), { depth: 9, showHidden: true })
      const secrets = [token, scene.key.jkt, scene.key.publicJwk.x ?? '', ...(proof ?? '').split(/[., ]+/)]
      expect(secrets.filter((secret) => secret.length > 8 && text.includes(secret))).toEqual([])
    }
  })
})

describe('algorithms', () => {
  test.each(signingAlgorithms)('%s', async (algorithm) => {
    const other = await createScene({ algorithm })
    await expect(other.verify(await other.proof())).resolves.toBe('first')
    await expect(other.verify(await other.proof())).resolves.toBe('first')
    const error = await refusal(other.verify((await other.proof()).replace(/[^.]+$/, 'AAAA')))
    expect(error.code).toBe('dpop_proof_invalid')
  })

  test('that are not on the list are refused', async () => {
    const strict = await createScene({ algorithms: ['EdDSA', 'ES384'] })
    expect(strict.verifier.algorithms).toEqual(['EdDSA', 'ES384'])
    expect(reasonOf(await refusal(strict.verify(await strict.proof())))).toMatch(/alg/)
    const right = await createScene({ algorithms: ['EdDSA', 'ES384'], algorithm: 'ES384' })
    await right.verify(await right.proof())
  })

  test.each([
    ['1024 bits', 1024, 65_537],
    ['an exponent of five bytes', 2048, 0x1_00_00_00_01],
  ])('RSA with %s is refused', async (_name, modulusLength, publicExponent) => {
    const pair = generateKeyPairSync('rsa', { modulusLength, publicExponent: 65_537 })
    const { n, kty } = pair.publicKey.export({ format: 'jwk' })
    const e = Buffer.from(publicExponent.toString(16).padStart(publicExponent > 65_537 ? 10 : 6, '0'), 'hex').toString(
      'base64url',
    )
    const rsa = await createScene({ algorithm: 'RS256' })
    expect(reasonOf(await refusal(rsa.verify(await rsa.proof({ header: { jwk: { kty, n, e } } }))))).toMatch(/jwk/)
    await rsa.verify(await rsa.proof())
  })

  test.each([undefined, 7, '', 'AQAB=', '!'])('RSA with the exponent %s is refused', async (e) => {
    const rsa = await createScene({ algorithm: 'RS256' })
    const proof = await rsa.proof({ header: { jwk: { ...rsa.key.publicJwk, e } } })
    expect(reasonOf(await refusal(rsa.verify(proof)))).toMatch(/exponent/)
  })
})

describe('use', () => {
  test('a proof is good once', async () => {
    const proof = await scene.proof()
    await scene.verify(proof)
    expect((await refusal(scene.verify(proof))).code).toBe('dpop_proof_replayed')
  })

  test('a jti is good once, whatever else the proof says', async () => {
    await scene.verify(await scene.proof({ tokenId: 'once' }))
    const again = await scene.proof({ tokenId: 'once', issuedAt: scene.now() - 5, claims: { x: 1 } })
    expect((await refusal(scene.verify(again))).code).toBe('dpop_proof_replayed')
    await scene.verify(await scene.proof({ tokenId: 'Once' }))
  })

  test('the jti of one client does not block that of another', async () => {
    const other = await createDpopKey()
    await scene.verify(await scene.proof({ tokenId: 'shared' }))
    const proof = await other.proof({
      method: 'GET',
      url: `https://billing.example.com${path}`,
      token,
      issuedAt: scene.now(),
      tokenId: 'shared',
    })
    await expect(scene.verify(proof, { jkt: other.jkt })).resolves.toBe('first')
  })

  test.each(cases.filter(({ check }) => Number.parseInt(check, 10) >= 8))(
    'is not counted when it is refused: $name',
    async ({ bad, request }) => {
      const reserved: string[] = []
      const own = await createScene({ store: { reserve: async (key) => reserved.push(key) > 0 } })
      const before = scene
      scene = own
      try {
        await refusal(own.verify(await bad(), request))
        expect(reserved).toEqual([])
        await own.verify(await own.proof())
        expect(reserved).toHaveLength(1)
      } finally {
        scene = before
      }
    },
  )

  test('is remembered for as long as the proof could be accepted, under a short name', async () => {
    const calls: [string, number][] = []
    const own = await createScene({
      store: {
        async reserve(key, expiresAt) {
          calls.push([key, expiresAt])
          return true
        },
      },
    })
    await own.verify(await own.proof({ tokenId: 'x'.repeat(256), issuedAt: own.now() + 15 }))
    expect(calls).toEqual([[expect.stringMatching(/^dpop:[\w-]{43}$/), own.now() + 90]])
  })

  test('of 50 simultaneous ones one is the first', async () => {
    const proof = await scene.proof()
    const answers = await Promise.allSettled(Array.from({ length: 50 }, () => scene.verify(proof)))
    const refused = answers.filter((answer) => answer.status === 'rejected')
    expect(refused).toHaveLength(49)
    expect(new Set(refused.map(({ reason }: { reason: unknown }) => (reason as { code: string }).code))).toEqual(
      new Set(['dpop_proof_replayed']),
    )
  })

  test('a store that is out of order is our fault, not that of the proof', async () => {
    const own = await createScene({ store: { reserve: () => Promise.reject(new Error('down')) } })
    expect(await refusal(own.verify(await own.proof()))).toMatchObject({ code: 'replay_unavailable', status: 503 })
  })
})

describe('nonces (sections 8 and 9)', () => {
  const nonce = { secret: 'a secret of thirty-two bytes, or more', lifetime: 300 }

  test('are demanded when they are switched on, and not before', async () => {
    const strict = await createScene({ nonce })
    const first = await refusal(strict.verify(await strict.proof()))
    expect(first).toMatchObject({ code: 'dpop_nonce_required', status: 401, error: 'use_dpop_nonce' })
    const given = await strict.verifier.nonce()
    expect(given).toMatch(/^[\w-]{43}$/)
    await strict.verify(await strict.proof({ nonce: given }))

    expect(scene.verifier.nonce()).toBeUndefined()
    await scene.verify(await scene.proof({ nonce: 'whatever' }))
  })

  test('are good for the rest of their lifetime and for the next one', async () => {
    const strict = await createScene({ nonce })
    const old = await strict.verifier.nonce()
    strict.advance(300)
    await strict.verify(await strict.proof({ nonce: old }))
    expect(await strict.verifier.nonce()).not.toBe(old)
    strict.advance(300)
    expect((await refusal(strict.verify(await strict.proof({ nonce: old })))).code).toBe('dpop_nonce_required')
    await strict.verify(await strict.proof({ nonce: await strict.verifier.nonce() }))
  })

  test.each([7, null, {}, '', 'x'])('of a client are refused: %s', async (made) => {
    const strict = await createScene({ nonce })
    const proof = await strict.proof({ claims: { nonce: made } })
    expect((await refusal(strict.verify(proof))).code).toBe('dpop_nonce_required')
  })

  test('are asked for before the age is looked at, and after the URL', async () => {
    const strict = await createScene({ nonce })
    const old = await strict.proof({ issuedAt: 1 })
    expect((await refusal(strict.verify(old))).code).toBe('dpop_nonce_required')
    const elsewhere = await strict.proof({ url: 'https://evil.example/' })
    expect((await refusal(strict.verify(elsewhere))).code).toBe('dpop_proof_invalid')
    const dated = await strict.proof({ issuedAt: 1, nonce: await strict.verifier.nonce() })
    expect((await refusal(strict.verify(dated))).code).toBe('dpop_proof_invalid')
  })
})

describe('the example of RFC 9449 section 7.1', () => {
  const request = {
    proof:
      'eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA',
    method: 'GET',
    url: '/protectedresource',
    token: 'Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU',
    jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I',
  }
  /** The proof of section 4.1, for a token request: without ath. */
  const tokenProof =
    'eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg'

  const atTheTime = (host: string) => createScene({ resource: host, now: () => 1_562_262_620 })

  test('is accepted at its time, at its resource, once', async () => {
    const example = await atTheTime('https://resource.example.org')
    await expect(example.verifier.verify(request)).resolves.toBe('first')
    expect((await refusal(example.verifier.verify(request))).code).toBe('dpop_proof_replayed')
  })

  test('is refused at any other resource, and at any other time', async () => {
    expect(reasonOf(await refusal((await atTheTime(resource)).verifier.verify(request)))).toMatch(/htu/)
    const today = await createScene({ resource: 'https://resource.example.org' })
    expect(reasonOf(await refusal(today.verifier.verify(request)))).toMatch(/iat/)
  })

  test('has a twin for a token request, which is no proof for a resource', async () => {
    const server = await atTheTime('https://server.example.com')
    const other = { ...request, proof: tokenProof, method: 'POST', url: '/token' }
    expect(reasonOf(await refusal(server.verifier.verify(other)))).toMatch(/ath/)
  })
})
