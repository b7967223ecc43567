import { createPublicKey } from 'node:crypto'
import {
  type BadTokenKind,
  badTokens,
  createTestIssuer,
  malformedActs,
  signingAlgorithms,
  type TestIssuer,
} from '@behalf/testing'
import {
  compactVerify,
  createLocalJWKSet,
  createRemoteJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  EmbeddedJWK,
} from 'jose'
import { validateJwtAccessToken } from 'oauth4webapi'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { overLoopback } from './loopback.js'

const audience = 'https://billing.example.com'
const spec = { subject: 'user-1', audience, actor: 'agent:support', scope: 'billing:read' }

/** Kinds the issuer did not sign as they stand, or that are no JWS: all others must be refused for what they say. */
const notSigned: readonly BadTokenKind[] = [
  'encrypted',
  'truncated',
  'unsigned',
  'algorithmNone',
  'strippedSignature',
  'hs256Confusion',
  'tampered',
  'foreignSignature',
  'zeroSignature',
  'wrongKey',
  'embeddedKey',
  'unknownKey',
  'plantedKeyUrl',
]

/** Kinds that RFC 9068 alone does not forbid: Behalf's own limits, and what it knows about delegation. */
const beyondRfc9068: readonly BadTokenKind[] = [
  'tooOld',
  'livesTooLong',
  'severalAudiences',
  'issuedInFuture',
  'nestedToken',
  'compressed',
  'tooLarge',
  'malformedChain',
  'tooDeepChain',
  'selfDelegation',
  'foreignActor',
]

let issuer: TestIssuer
beforeAll(async () => {
  issuer = await createTestIssuer()
})
afterAll(() => issuer.close())

/** jose ignores no `crit`, so one that is to be seen as signed must be named to it. */
const isSigned = async (signer: TestIssuer, token: string): Promise<boolean> => {
  const verified = compactVerify(token, createLocalJWKSet(signer.jwks()), {
    crit: { 'urn:example:unknown-extension': true },
  })
  return verified.then(
    () => true,
    () => false,
  )
}

const isAccessToken = (token: string): Promise<boolean> =>
  validateJwtAccessToken(
    { issuer: issuer.issuer, jwks_uri: issuer.jwksUri },
    new Request(audience, { headers: { authorization: `Bearer ${token}` } }),
    audience,
    overLoopback,
  ).then(
    () => true,
    () => false,
  )

test('the catalogue names every kind once, frozen', () => {
  expect(badTokens.map(({ kind }) => kind).toSorted()).toEqual(Object.keys(issuer.bad).toSorted())
  expect(Object.isFrozen(badTokens)).toBe(true)
  expect(badTokens.every(Object.isFrozen)).toBe(true)
})

describe('independent verifiers', () => {
  test('find the good twin good', async () => {
    const token = await issuer.token(spec)
    expect(await isSigned(issuer, token)).toBe(true)
    expect(await isAccessToken(token)).toBe(true)
  })

  test.each(badTokens)('jose: the signature of $kind', async ({ kind }) => {
    expect(await isSigned(issuer, await issuer.bad[kind](spec))).toBe(!notSigned.includes(kind))
  })

  test.each(badTokens)('oauth4webapi: its verdict on $kind', async ({ kind }) => {
    expect(await isAccessToken(await issuer.bad[kind](spec))).toBe(beyondRfc9068.includes(kind))
  })
})

describe('every algorithm', () => {
  test.each(signingAlgorithms)('%s: signed or not, as it should be', async (algorithm) => {
    const signer = await createTestIssuer({ listen: false, algorithm })
    for (const { kind } of badTokens) {
      const token = await signer.bad[kind](spec)
      expect(await isSigned(signer, token), kind).toBe(!notSigned.includes(kind))
      if (['wrongKey', 'unknownKey', 'zeroSignature', 'tampered'].includes(kind)) {
        expect(decodeProtectedHeader(token).alg).toBe(algorithm)
      }
    }
  })
})

describe('what is spoilt is one thing', () => {
  const fixed = { ...spec, tokenId: 'token-1', issuedAt: 1_795_300_000 }
  const changesOf = async (kind: BadTokenKind) => {
    const [good, bad] = [decodeJwt(await issuer.token(fixed)), decodeJwt(await issuer.bad[kind](fixed))]
    return [...new Set([...Object.keys(good), ...Object.keys(bad)])]
      .filter((name) => JSON.stringify(good[name]) !== JSON.stringify(bad[name]))
      .toSorted()
  }

  test.each([
    ['expired', ['exp', 'iat']],
    ['notYetValid', ['exp', 'iat', 'nbf']],
    ['issuedInFuture', ['exp', 'iat']],
    ['tooOld', ['exp', 'iat']],
    ['livesTooLong', ['exp', 'iat']],
    ['wrongAudience', ['aud']],
    ['severalAudiences', ['aud']],
    ['wrongIssuer', ['iss']],
    ['missingClaim', ['jti']],
    ['invalidClaim', ['exp']],
    ['boundToken', ['cnf']],
    ['tooLarge', ['padding']],
    ['tampered', ['scope']],
    ['foreignSignature', []],
    ['zeroSignature', []],
    ['algorithmNone', []],
    ['strippedSignature', []],
    ['wrongKey', []],
    ['malformedChain', ['act']],
    ['tooDeepChain', ['act']],
    ['selfDelegation', ['act']],
    ['foreignActor', ['act']],
  ] as const)('%s: %j', async (kind, changes) => {
    expect(await changesOf(kind)).toEqual(changes)
  })
})

describe('variants', () => {
  test('any claim may be missing or of the wrong type', async () => {
    expect(decodeJwt(await issuer.bad.missingClaim(spec, 'client_id'))).not.toHaveProperty('client_id')
    expect(decodeJwt(await issuer.bad.invalidClaim(spec, 'sub')).sub).toBe(7)
    expect(decodeJwt(await issuer.bad.invalidClaim(spec, 'iat')).iat).toMatch(/^\d+$/)
  })

  test('none is spelt at will, and a type is any', async () => {
    expect(decodeProtectedHeader(await issuer.bad.unsigned(spec, 'nOnE')).alg).toBe('nOnE')
    expect(decodeProtectedHeader(await issuer.bad.algorithmNone(spec, 'es256')).alg).toBe('es256')
    expect(decodeProtectedHeader(await issuer.bad.wrongType(spec, 'dpop+jwt')).typ).toBe('dpop+jwt')
  })

  test.each(['pem', 'pem-trimmed', 'pem-crlf', 'der', 'jwk', 'jwks', 'empty'] as const)(
    'HS256 over the public key as %s',
    async (secret) => {
      const token = await issuer.bad.hs256Confusion(spec, secret)
      expect(decodeProtectedHeader(token).alg).toBe('HS256')
      expect(token.split('.')[2]).toHaveLength(43)
    },
  )

  test('HS256 over the PEM file fools whoever takes it for a secret', async () => {
    const pem = createPublicKey({ key: { ...issuer.signingKey.publicJwk }, format: 'jwk' }).export({
      type: 'spki',
      format: 'pem',
    })
    await compactVerify(await issuer.bad.hs256Confusion(spec), Buffer.from(pem))
  })

  test('a planted key would verify, were it fetched', async () => {
    const token = await issuer.bad.plantedKeyUrl(spec)
    const { jku } = decodeProtectedHeader(token)
    expect(issuer.requests['/planted']).toBe(0)
    await compactVerify(token, createRemoteJWKSet(new URL(String(jku))))
    expect(issuer.requests['/planted']).toBe(1)
  })

  test('an embedded key would verify, were it believed', async () => {
    await compactVerify(await issuer.bad.embeddedKey(spec), EmbeddedJWK)
  })

  test.each(malformedActs.map((act) => [JSON.stringify(act).slice(0, 80), act]))('act may be %s', async (_, act) => {
    expect(decodeJwt(await issuer.bad.malformedChain(spec, act)).act).toEqual(act)
  })

  test('a chain is as deep as one likes', async () => {
    let depth = 0
    for (let act: unknown = decodeJwt(await issuer.bad.tooDeepChain(spec, 40)).act; act; depth += 1) {
      act = typeof act === 'object' && 'act' in act ? act.act : undefined
    }
    expect(depth).toBe(40)
  })

  test('an audience list grows by one', async () => {
    const token = await issuer.bad.severalAudiences({ ...spec, audience: [audience] })
    expect(decodeJwt(token).aud).toEqual([audience, 'https://elsewhere.example'])
  })

  test('claims may be tampered with at will', async () => {
    expect(decodeJwt(await issuer.bad.tampered(spec, { sub: 'user-2' })).sub).toBe('user-2')
  })
})
