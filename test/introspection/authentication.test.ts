import { webcrypto } from 'node:crypto'
import { decodeProtectedHeader, exportJWK, jwtVerify } from 'jose'
import { describe, expect, test } from 'vitest'
import type { IntrospectionClient } from '../../packages/core/dist/token/introspection-options.js'
import { createKey, ISSUER, NOW } from '../support/token.js'
import type { Question } from './endpoint.js'
import { assertSecretFree, client, inScene } from './scene.js'

async function questionBy(client: IntrospectionClient, count = 1): Promise<readonly Question[]> {
  let asked: readonly Question[] = []
  await inScene(
    undefined,
    async ({ outcome, endpoint }) => {
      for (let i = 0; i < count; i += 1) expect(await outcome(`token-${i}`)).toBe('accepted')
      asked = endpoint.questions
    },
    { options: { client } },
  )
  return asked
}

describe('a secret', () => {
  test.each([
    ['billing-api', 'plain', 'billing-api:plain'],
    ['billing api', 'a:b c+d/e%f&g=h', 'billing+api:a%3Ab+c%2Bd%2Fe%25f%26g%3Dh'],
    ['https://billing.example.com', '~*-._', 'https%3A%2F%2Fbilling.example.com:%7E*-._'],
    ['rechnungen', 'schlüssel 🔑', 'rechnungen:schl%C3%BCssel+%F0%9F%94%91'],
  ])('of %s goes as RFC 6749 section 2.3.1 has it', async (id, secret, expected) => {
    const [question] = await questionBy({ id, secret })
    const [scheme, credentials = ''] = question?.headers.authorization?.split(' ') ?? []
    expect(scheme).toBe('Basic')
    expect(Buffer.from(credentials, 'base64').toString()).toBe(expected)
    expect([...(question?.form.keys() ?? [])]).toEqual(['token', 'token_type_hint'])
    expect(question?.path).toBe('/introspect')
  })
})

describe('a key', () => {
  const key = createKey('ES256', 'client-key')
  const id = 'billing-api'

  test.each([
    ['a JWK', async () => ({ ...(await exportJWK(key.privateKey)), alg: 'ES256', kid: 'client-key' }), {}],
    ['a JWK without alg and kid', () => exportJWK(key.privateKey), { algorithm: 'ES256', keyId: 'client-key' }],
    ['a KeyObject', async () => key.privateKey, { algorithm: 'ES256', keyId: 'client-key' }],
    [
      'a CryptoKey',
      async () =>
        webcrypto.subtle.importKey(
          'jwk',
          (await exportJWK(key.privateKey)) as webcrypto.JsonWebKey,
          { name: 'ECDSA', namedCurve: 'P-256' },
          false,
          ['sign'],
        ),
      { algorithm: 'ES256', keyId: 'client-key' },
    ],
  ] as const)('as %s signs an assertion that is good for the issuer, now and once', async (_name, make, more) => {
    const [first, second] = await questionBy({ id, privateKey: (await make()) as never, ...more }, 2)
    const assertions = [first, second].map((question) => question?.form.get('client_assertion') ?? '')
    expect(first?.headers.authorization).toBeUndefined()
    expect(first?.form.get('client_assertion_type')).toBe('urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
    const identifiers = new Set<unknown>()
    for (const assertion of assertions) {
      const { payload, protectedHeader } = await jwtVerify(assertion, key.publicKey, {
        audience: ISSUER,
        issuer: id,
        subject: id,
        currentDate: new Date(NOW * 1000),
      })
      expect(protectedHeader).toEqual({ alg: 'ES256', kid: 'client-key' })
      expect(payload).toEqual({
        iss: id,
        sub: id,
        aud: ISSUER,
        jti: expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown,
        iat: NOW,
        exp: NOW + 60,
      })
      identifiers.add(payload.jti)
    }
    expect(identifiers.size).toBe(2)
  })

  test('signs for another audience, without a name, where the issuer wants that', async () => {
    const audience = 'https://auth.example.com/introspect'
    const [question] = await questionBy({ id, privateKey: key.privateKey, algorithm: 'ES256', audience })
    const assertion = question?.form.get('client_assertion') ?? ''
    expect(decodeProtectedHeader(assertion)).toEqual({ alg: 'ES256' })
    const { payload } = await jwtVerify(assertion, key.publicKey, { currentDate: new Date(NOW * 1000) })
    expect(payload.aud).toBe(audience)
  })

  test('that does not sign what it should is a fault of this side, and stays secret', async () => {
    const jwk = await exportJWK(key.privateKey)
    await inScene(
      undefined,
      async ({ outcome, endpoint, warnings }) => {
        expect(await outcome()).toBe('introspection_unavailable')
        expect(endpoint.questions).toEqual([])
        expect(warnings).toHaveLength(1)
        assertSecretFree(warnings)
        expect(JSON.stringify(warnings)).not.toContain(jwk.d)
      },
      { options: { client: { id, privateKey: { ...jwk }, algorithm: 'RS256' } } },
    )
  })
})

test('credentials are read once: what is done to the options afterwards changes nothing', async () => {
  const mine = { ...client }
  await inScene(
    undefined,
    async ({ outcome, endpoint }) => {
      mine.secret = 'another'
      expect(await outcome()).toBe('accepted')
      const [question] = endpoint.questions
      expect(Buffer.from(question?.headers.authorization?.split(' ')[1] ?? '', 'base64').toString()).toContain(
        new URLSearchParams({ '': client.secret }).toString().slice(1),
      )
    },
    { options: { client: mine } },
  )
})
