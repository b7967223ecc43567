import { ConfigurationError } from '@behalf/core'
import { describe, expect, test } from 'vitest'
import {
  checkIntrospection,
  type IntrospectionOptions,
  readIntrospection,
} from '../../packages/core/dist/token/introspection-options.js'
import { introspected, rfc9068 } from '../../packages/core/dist/token/profile.js'
import { createKey, type Json } from '../support/token.js'

const secret = { id: 'billing-api', secret: 'a secret of this test alone' }
const good: IntrospectionOptions = { endpoint: 'https://auth.example.com/introspect', mode: 'opaque', client: secret }
const key = createKey('ES256')
const jwk: Json = key.privateKey.export({ format: 'jwk' })
const signing = { id: 'billing-api', privateKey: jwk, algorithm: 'ES256' }

const looksOver = (options: unknown) => () => checkIntrospection(options, 'introspection')

/** Wrong settings, by the option that must be named. */
const wrong: Readonly<Record<string, readonly unknown[]>> = {
  introspection: [null, 'https://auth.example.com/introspect', true, []],
  'introspection.unknown': [{ ...good, unknown: 1 }],
  'introspection.endpoint': [
    { ...good, endpoint: undefined },
    { ...good, endpoint: 'http://auth.example.com/introspect' },
    { ...good, endpoint: 'http://10.0.0.1/introspect' },
    { ...good, endpoint: 'https://user:password@auth.example.com/introspect' },
    { ...good, endpoint: 'https://auth.example.com/introspect#x' },
    { ...good, endpoint: '/introspect' },
    { ...good, endpoint: 7 },
  ],
  'introspection.issuer': [
    { ...good, issuer: '' },
    { ...good, issuer: 7 },
  ],
  'introspection.mode': [
    { ...good, mode: undefined },
    { ...good, mode: 'never' },
    { ...good, mode: true },
  ],
  'introspection.client': [
    { ...good, client: undefined },
    { ...good, client: null },
    { ...good, client: 'billing-api' },
    { ...good, client: { id: 'billing-api' } },
    { ...good, client: { ...secret, ...signing } },
  ],
  'introspection.client.id': [
    { ...good, client: { secret: 'x' } },
    { ...good, client: { ...secret, id: '' } },
  ],
  'introspection.client.secret': [{ ...good, client: { ...secret, secret: '' } }],
  'introspection.client.password': [{ ...good, client: { ...secret, password: 'x' } }],
  'introspection.client.privateKey': [
    { ...good, client: { ...signing, privateKey: 'pem' } },
    { ...good, client: { ...signing, privateKey: null } },
    { ...good, client: { ...signing, privateKey: key.jwk } },
    { ...good, client: { ...signing, privateKey: key.publicKey } },
    { ...good, client: { ...signing, privateKey: { kty: 'oct', k: 'c2VjcmV0' } } },
  ],
  'introspection.client.algorithm': [
    { ...good, client: { ...signing, algorithm: undefined } },
    { ...good, client: { ...signing, algorithm: undefined, privateKey: { ...jwk, alg: 'HS256' } } },
    { ...good, client: { ...signing, algorithm: undefined, privateKey: key.privateKey } },
    { ...good, client: { ...signing, algorithm: 'HS256' } },
    { ...good, client: { ...signing, algorithm: 'none' } },
  ],
  'introspection.client.keyId': [{ ...good, client: { ...signing, keyId: 7 } }],
  'introspection.client.audience': [{ ...good, client: { ...signing, audience: '' } }],
  'introspection.timeout': [0, -1, Number.NaN, Number.POSITIVE_INFINITY, '3000', 60_001].map((timeout) => ({
    ...good,
    timeout,
  })),
  'introspection.ttl': [-1, Number.NaN, Number.POSITIVE_INFINITY, '30', 3_601].map((ttl) => ({ ...good, ttl })),
  'introspection.maxEntries': [0, 1.5, -1, '10'].map((maxEntries) => ({ ...good, maxEntries })),
  'introspection.maxConcurrent': [0, 1.5, -1, '10'].map((maxConcurrent) => ({ ...good, maxConcurrent })),
  'introspection.maxSize': [0, 255, 1.5, '1000'].map((maxSize) => ({ ...good, maxSize })),
  'introspection.signedResponses': [true, 'optional', false].map((signedResponses) => ({ ...good, signedResponses })),
  'introspection.profile': [{}, null, 'auth0', rfc9068()].map((profile) => ({ ...good, profile })),
}

describe.each(Object.entries(wrong))('%s', (path, settings) => {
  test.each(settings.map((options, index) => [index, options]))('wrong %#', (_index, options) => {
    expect(looksOver(options)).toThrow(ConfigurationError)
    expect(looksOver(options)).toThrow(expect.objectContaining({ option: path }) as Error)
  })
})

test.each<[string, unknown]>([
  ['the least there is', good],
  ['http on loopback', { ...good, endpoint: 'http://127.0.0.1:8080/introspect?tenant=1' }],
  ['a JWK that names its algorithm', { ...good, client: { id: 'billing-api', privateKey: { ...jwk, alg: 'ES256' } } }],
  ['a key object', { ...good, client: { ...signing, privateKey: key.privateKey, keyId: 'k', audience: 'a' } }],
  [
    'everything',
    {
      ...good,
      issuer: 'https://auth.example.com',
      mode: 'always',
      timeout: 1,
      ttl: 0,
      maxEntries: 1,
      maxConcurrent: 1,
      maxSize: 256,
      signedResponses: 'required',
      profile: introspected({ scopeArrays: true }),
    },
  ],
])('%s is right', (_name, options) => {
  expect(looksOver(options)).not.toThrow()
})

test('what a wrong setting is told never holds the secret', () => {
  const holdsIt = { ...good, client: { ...secret, privateKey: jwk } }
  expect(looksOver(holdsIt)).toThrow('introspection.client must have either a secret or a privateKey')
})

test('defaults are those that are documented', () => {
  const { client, profile, ...settings } = readIntrospection(good)
  expect(settings).toEqual({
    endpoint: good.endpoint,
    issuer: undefined,
    mode: 'opaque',
    timeout: 3_000,
    ttl: 30,
    maxEntries: 10_000,
    maxConcurrent: 100,
    maxSize: 65_536,
    signed: false,
  })
  expect(client).toEqual(secret)
  expect(profile.name).toBe('introspected')
})
