import { createTestIssuer, createTestKey, signingAlgorithms, type TestIssuer } from '@behalf/testing'
import { createLocalJWKSet, createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import { validateJwtAccessToken } from 'oauth4webapi'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { overLoopback } from './loopback.js'

const audience = 'https://billing.example.com'
let issuer: TestIssuer

beforeAll(async () => {
  issuer = await createTestIssuer()
})
afterAll(() => issuer.close())

describe('a good token', () => {
  test('has the header and the claims of RFC 9068 section 2, and no others', async () => {
    const token = await issuer.token({ subject: 'user-1', audience })
    const { iat = 0, jti, ...claims } = decodeJwt(token)
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: issuer.signingKey.keyId })
    expect(claims).toEqual({
      iss: issuer.issuer,
      sub: 'user-1',
      aud: audience,
      client_id: 'test-client',
      exp: iat + 300,
    })
    expect(jti).toMatch(/^[0-9a-f-]{36}$/)
    expect(Math.abs(iat - Date.now() / 1000)).toBeLessThan(5)
  })

  test('has a token identifier of its own', async () => {
    const spec = { subject: 'user-1', audience }
    expect(decodeJwt(await issuer.token(spec)).jti).not.toBe(decodeJwt(await issuer.token(spec)).jti)
  })

  test('says what its specification says', async () => {
    const token = await issuer.token({
      subject: 'user-1',
      audience: [audience, 'https://orders.example.com'],
      actor: 'agent:support',
      scope: ['billing:read', 'billing:write'],
      clientId: 'agent-support',
      issuedAt: 1_795_300_000,
      notBefore: 1_795_300_010,
      lifetime: 60,
      tokenId: 'token-1',
      transaction: 'task-1',
      claims: { acr: 'urn:example:loa2', sub_profile: 'user' },
      header: { extra: 1 },
    })
    expect(decodeJwt(token)).toEqual({
      iss: issuer.issuer,
      sub: 'user-1',
      aud: [audience, 'https://orders.example.com'],
      act: { iss: issuer.issuer, sub: 'agent:support' },
      scope: 'billing:read billing:write',
      client_id: 'agent-support',
      iat: 1_795_300_000,
      nbf: 1_795_300_010,
      exp: 1_795_300_060,
      jti: 'token-1',
      txn: 'task-1',
      acr: 'urn:example:loa2',
      sub_profile: 'user',
    })
    expect(decodeProtectedHeader(token)).toMatchObject({ extra: 1 })
  })

  test('takes a scope string as it stands and leaves an empty list out', async () => {
    const scoped = await issuer.token({ subject: 'user-1', audience, scope: 'a  b' })
    expect(decodeJwt(scoped).scope).toBe('a  b')
    expect(decodeJwt(await issuer.token({ subject: 'user-1', audience, scope: [] }))).not.toHaveProperty('scope')
  })

  test('replaces and removes members by claims and header', async () => {
    const token = await issuer.token({
      subject: 'user-1',
      audience,
      claims: { client_id: undefined, exp: 'never' },
      header: { kid: undefined, typ: 'application/at+jwt' },
    })
    expect(decodeJwt(token)).toMatchObject({ exp: 'never' })
    expect(decodeJwt(token)).not.toHaveProperty('client_id')
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'ES256', typ: 'application/at+jwt' })
  })

  test('follows the clock of the issuer', async () => {
    const silent = await createTestIssuer({ listen: false, now: () => 1000.9 })
    expect(decodeJwt(await silent.token({ subject: 'user-1', audience })).iat).toBe(1000)
    silent.clock.set(2000)
    expect(decodeJwt(await silent.token({ subject: 'user-1', audience })).exp).toBe(2300)
  })

  test('is for a named subject and audience', async () => {
    await expect(issuer.token({ subject: '', audience })).rejects.toThrow('a token needs a subject')
    await expect(issuer.token({ subject: 'user-1', audience: [] })).rejects.toThrow('a token needs an audience')
    // @ts-expect-error the audience is required
    await expect(issuer.token({ subject: 'user-1' })).rejects.toThrow('a token needs an audience')
  })
})

describe('a delegation chain', () => {
  const actOf = async (actor: Parameters<TestIssuer['token']>[0]['actor']) =>
    decodeJwt(await issuer.token({ subject: 'user-1', audience, actor })).act

  test('nests prior actors in the current one (RFC 8693 section 4.1)', async () => {
    const expected = {
      iss: issuer.issuer,
      sub: 'agent:support',
      act: { iss: issuer.issuer, sub: 'agent:planner', act: { iss: issuer.issuer, sub: 'agent:router' } },
    }
    expect(await actOf(['agent:support', 'agent:planner', 'agent:router'])).toEqual(expected)
    expect(
      await actOf({ subject: 'agent:support', actor: { subject: 'agent:planner', actor: 'agent:router' } }),
    ).toEqual(expected)
    expect(await actOf(['agent:support', { subject: 'agent:planner', actor: 'agent:router' }])).toEqual(expected)
  })

  test('names issuer, profile and whatever else a link says', async () => {
    expect(
      await actOf({ subject: 'a', issuer: 'https://b.example', profile: 'ai_agent', claims: { exp: 1, x: 'y' } }),
    ).toEqual({ iss: 'https://b.example', sub: 'a', sub_profile: 'ai_agent', exp: 1, x: 'y' })
    expect(await actOf({ subject: 'a', claims: { iss: undefined } })).toEqual({ sub: 'a' })
  })

  test('is never empty', async () => {
    await expect(actOf([])).rejects.toThrow('a list of actors needs at least one')
    await expect(actOf('')).rejects.toThrow('an actor needs a subject')
    await expect(actOf({ subject: '' })).rejects.toThrow('an actor needs a subject')
  })
})

describe('signatures', () => {
  test.each(signingAlgorithms)('%s verifies with jose, by the static set and over HTTP', async (algorithm) => {
    const signer = await createTestIssuer({ algorithm })
    try {
      const token = await signer.token({ subject: 'user-1', audience, actor: 'agent:support' })
      const rules = { issuer: signer.issuer, audience, typ: 'at+jwt', algorithms: [algorithm] }
      await jwtVerify(token, createLocalJWKSet(signer.jwks()), rules)
      await jwtVerify(token, createRemoteJWKSet(new URL(signer.jwksUri)), rules)
    } finally {
      await signer.close()
    }
  })

  test('are accepted as access tokens by oauth4webapi', async () => {
    const token = await issuer.token({ subject: 'user-1', audience, actor: 'agent:support', scope: 'billing:read' })
    const claims = await validateJwtAccessToken(
      { issuer: issuer.issuer, jwks_uri: issuer.jwksUri },
      new Request(audience, { headers: { authorization: `Bearer ${token}` } }),
      audience,
      overLoopback,
    )
    expect(claims).toMatchObject({ sub: 'user-1', act: { sub: 'agent:support' } })
  })

  test('are made by the key and the algorithm that are asked for', async () => {
    const key = await createTestKey({ algorithm: 'RS256', keyId: 'mine' })
    const token = await issuer.token({ subject: 'user-1', audience, key, algorithm: 'PS512' })
    expect(decodeProtectedHeader(token)).toMatchObject({ alg: 'PS512', kid: 'mine' })
    const { alg: _, ...publicJwk } = key.publicJwk
    await jwtVerify(token, createLocalJWKSet({ keys: [publicJwk] }), { algorithms: ['PS512'] })
  })

  test('know no algorithm but the asymmetric ones', async () => {
    // @ts-expect-error not an algorithm of an issuer
    await expect(createTestIssuer({ algorithm: 'HS256' })).rejects.toThrow('algorithm must be one of RS256')
    // @ts-expect-error not an algorithm of a key
    await expect(createTestKey({ algorithm: 'none' })).rejects.toThrow(TypeError)
  })
})

describe('keys', () => {
  const spec = { subject: 'user-1', audience }
  const verify = (signer: TestIssuer, token: string) => jwtVerify(token, createLocalJWKSet(signer.jwks()))

  test('rotate with overlap, and withdraw one by one', async () => {
    const signer = await createTestIssuer({ listen: false })
    const oldKey = signer.signingKey
    const oldToken = await signer.token(spec)
    const newKey = await signer.rotateKeys()
    const newToken = await signer.token(spec)
    expect(signer.signingKey).toBe(newKey)
    expect(newKey.algorithm).toBe('ES256')
    expect(signer.jwks().keys.map((jwk) => jwk.kid)).toEqual([newKey.keyId, oldKey.keyId])
    await verify(signer, oldToken)
    await verify(signer, newToken)

    signer.withdrawKey(oldKey.keyId)
    await expect(verify(signer, oldToken)).rejects.toThrow('no applicable key found')
    await verify(signer, newToken)
  })

  test('a withdrawn signing key goes on signing', async () => {
    const signer = await createTestIssuer({ listen: false })
    signer.withdrawKey(signer.signingKey.keyId)
    expect(signer.jwks()).toEqual({ keys: [] })
    await expect(verify(signer, await signer.token(spec))).rejects.toThrow()
    expect(() => signer.withdrawKey(signer.signingKey.keyId)).toThrow(TypeError)
  })

  test('rotate to another algorithm, or under the same kid', async () => {
    const signer = await createTestIssuer({ listen: false })
    const first = signer.signingKey
    const oldToken = await signer.token(spec)
    const replaced = await signer.rotateKeys({ keyId: first.keyId })
    expect(signer.jwks().keys).toEqual([replaced.publicJwk])
    await expect(verify(signer, oldToken)).rejects.toThrow('signature verification failed')
    await verify(signer, await signer.token(spec))

    await signer.rotateKeys({ algorithm: 'Ed25519' })
    expect(decodeProtectedHeader(await signer.token(spec)).alg).toBe('Ed25519')
    await verify(signer, await signer.token({ ...spec, key: replaced }))
  })

  test('are published in their public half, as copies', async () => {
    const signer = await createTestIssuer({ listen: false })
    signer.publishKey({ kty: 'oct', k: 'AAAA', kid: 'odd' })
    const { keys } = signer.jwks()
    expect(keys).toEqual([signer.signingKey.publicJwk, { kty: 'oct', k: 'AAAA', kid: 'odd' }])
    expect(keys[0]).not.toHaveProperty('d')
    expect(keys[0]).toMatchObject({ use: 'sig', alg: 'ES256' })
    keys.pop()
    expect(signer.jwks().keys).toHaveLength(2)
  })

  test('are trusted by name without a network', async () => {
    const signer = await createTestIssuer({ listen: false, issuer: 'https://auth.example.com' })
    expect(signer.trusted()).toEqual({ issuer: 'https://auth.example.com', jwks: signer.jwks() })
    expect(decodeJwt(await signer.token(spec)).iss).toBe('https://auth.example.com')
    expect(signer.requests).toEqual({})
    await expect(signer.outage('error')).rejects.toThrow('does not listen')
    await signer.close()
  })
})
