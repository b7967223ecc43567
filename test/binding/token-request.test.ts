import { ConfigurationError, createMemoryReplayStore } from '@behalf/core'
import { createTokenRequestProofs, type TokenRequestProofOptions } from '@behalf/core/dpop'
import { createDpopKey, createTestClock, type DpopKey, type DpopProofSpec } from '@behalf/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { reasonOf, refusal } from './scene.js'

const endpoint = 'https://auth.example.com/token'
const clock = createTestClock()
clock.set(1_795_300_000)

let key: DpopKey
beforeAll(async () => {
  key = await createDpopKey()
})

const judge = (options: Partial<TokenRequestProofOptions> = {}) =>
  createTokenRequestProofs({
    endpoint,
    replayStore: createMemoryReplayStore({ now: clock.now }),
    now: clock.now,
    ...options,
  })
const proof = (spec: Partial<DpopProofSpec> = {}): Promise<string> =>
  key.proof({ method: 'POST', url: endpoint, issuedAt: clock.now(), ...spec })

describe('a proof at the token endpoint (RFC 9449 section 5)', () => {
  test('tells the thumbprint of its key, with no access token', async () => {
    await expect(judge().verify(await proof())).resolves.toBe(key.jkt)
  })

  test('may carry the hash of a token: it means nothing there', async () => {
    await expect(judge().verify(await proof({ token: 'any' }))).resolves.toBe(key.jkt)
  })

  test.each<[string, () => Promise<string>, RegExp]>([
    ['an empty header', async () => '', /malformed/],
    ['two proofs', async () => `${await proof()}, ${await proof()}`, /more than one/],
    ['another method', () => proof({ method: 'GET' }), /htm/],
    ['another endpoint', () => proof({ url: 'https://auth.example.com/authorize' }), /htu/],
    ['another host', () => proof({ url: 'https://evil.example/token' }), /htu/],
    ['an old one', () => proof({ issuedAt: clock.now() - 61 }), /long ago/],
    ['one from the future', () => proof({ issuedAt: clock.now() + 16 }), /future/],
    ['no jti', () => proof({ claims: { jti: undefined } }), /jti/],
    ['another type', () => proof({ header: { typ: 'JWT' } }), /typ/],
    ['a private key', () => proof({ header: { jwk: key.privateJwk } }), /public/],
    ['a broken signature', async () => (await proof()).replace(/[^.]+$/, 'AAAA'), /signature/],
    [
      'the key of somebody else',
      async () => proof({ header: { jwk: (await createDpopKey()).publicJwk } }),
      /signature/,
    ],
  ])('refuses %s', async (_name, bad, reason) => {
    const proofs = judge()
    const error = await refusal(proofs.verify(await bad()))
    expect([error.code, error.error]).toEqual(['dpop_proof_invalid', 'invalid_dpop_proof'])
    expect(reasonOf(error)).toMatch(reason)
    await expect(proofs.verify(await proof())).resolves.toBe(key.jkt)
  })

  test('is good once', async () => {
    const proofs = judge()
    const once = await proof()
    await proofs.verify(once)
    const error = await refusal(proofs.verify(once))
    expect([error.code, error.error]).toEqual(['dpop_proof_replayed', 'invalid_dpop_proof'])
    await proofs.verify(await proof())
  })

  test('is remembered until it is too old, and a refused one is not', async () => {
    const kept: number[] = []
    const proofs = judge({
      replayStore: {
        async reserve(_name, expiresAt) {
          kept.push(expiresAt)
          return true
        },
      },
    })
    await refusal(proofs.verify(await proof({ method: 'GET' })))
    expect(kept).toEqual([])
    await proofs.verify(await proof())
    expect(kept).toEqual([clock.now() + 75])
  })

  test('is never taken while the store cannot tell', async () => {
    const lost = async (): Promise<boolean> => Promise.reject(new Error('gone'))
    const error = await refusal(judge({ replayStore: { reserve: lost } }).verify(await proof()))
    expect([error.code, error.status]).toEqual(['replay_unavailable', 503])
  })

  test('must have a nonce where one is demanded', async () => {
    const proofs = judge({ nonce: { secret: 'x'.repeat(32) } })
    const error = await refusal(proofs.verify(await proof()))
    expect([error.code, error.error]).toEqual(['dpop_nonce_required', 'use_dpop_nonce'])
    await expect(proofs.verify(await proof({ nonce: await proofs.nonce() }))).resolves.toBe(key.jkt)
    expect(judge().nonce()).toBeUndefined()
  })

  test('may be limited to some algorithms', async () => {
    expect(reasonOf(await refusal(judge({ algorithms: ['EdDSA'] }).verify(await proof())))).toMatch(/alg/)
    await judge({ algorithms: ['ES256'] }).verify(await proof())
  })
})

test.each<[Partial<TokenRequestProofOptions>, RegExp]>([
  [{ endpoint: '/token' }, /endpoint/],
  [{ maxAge: 0 }, /maxAge/],
  [{ futureTolerance: 301 }, /futureTolerance/],
  [{ nonce: { secret: 'short' } }, /nonce/],
])('a wrong setting is refused at once: %j', (options, message) => {
  expect(() => judge(options)).toThrow(ConfigurationError)
  expect(() => judge(options)).toThrow(message)
})
