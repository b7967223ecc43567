import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createDelegationClient,
  DelegationError,
  environmentKey,
  generatedKey,
  type KeySource,
  keyFrom,
} from '@behalf/agent'
import { fileKey } from '@behalf/agent/node'
import { exportJWK, exportPKCS8, generateKeyPair, type JWK } from 'jose'
import { afterAll, describe, expect, test } from 'vitest'
import { billing, createStub, issued, json, privateJwk, serverUrl } from './stub.js'

const ask = { resource: billing, scope: 'billing:read' }
const folder = mkdtempSync(join(tmpdir(), 'behalf-agent-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
  delete process.env.BEHALF_TEST_KEY
})

test('two settings are enough', () => {
  expect(createDelegationClient({ serverUrl, clientId: 'support-app' })).toHaveProperty('fetch')
})

test.each<readonly [string, object]>([
  ['serverUrl', { serverUrl: 'http://auth.example.com' }],
  ['serverUrl', { serverUrl: 'auth.example.com' }],
  ['serverUrl', { serverUrl: 7 }],
  ['serverUrl', { serverUrl: 'https://ada:secret@auth.example.com' }],
  ['serverUrl', { serverUrl: 'https://auth.example.com/?tenant=1' }],
  ['clientId', { clientId: '' }],
  ['apiTimeout', { apiTimeout: 0 }],
  ['timeout', { timeout: 2 ** 31 }],
  ['audit', { audit: { write: () => {} } }],
  ['audit', { audit: null }],
  ['onWarning', { onWarning: 'log' }],
  ['timeout', { timeout: 0 }],
  ['timeout', { timeout: 1.5 }],
  ['retries', { retries: -1 }],
  ['maxTokens', { maxTokens: Number.NaN }],
  ['dpop', { dpop: 'yes' }],
  ['key', { key: 'text' }],
  ['fetch', { fetch: {} }],
  ['timeOut', { timeOut: 5 }],
])('a wrong %s is refused at once, by name: %o', (name, wrong) => {
  const options = { serverUrl, clientId: 'support-app', ...wrong }
  expect(() => createDelegationClient(options)).toThrow(DelegationError)
  expect(() => createDelegationClient(options)).toThrow(name)
})

test('options are an object', () => {
  for (const none of [undefined, null]) expect(() => createDelegationClient(none as never)).toThrow('options')
})

describe('a key', () => {
  const works = async (key: KeySource): Promise<void> => {
    const { client, tokenRequests } = createStub({ options: { key } })
    await client.getDelegationToken(ask)
    const { form } = tokenRequests[0] ?? { form: new URLSearchParams() }
    expect(form.get('client_assertion')?.split('.')).toHaveLength(3)
    expect(form.get('client_assertion_type')).toBe('urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
  }
  const pkcs8 = async (algorithm: string): Promise<string> =>
    exportPKCS8((await generateKeyPair(algorithm, { extractable: true })).privateKey)

  test('as a JWK, as its text, as PKCS #8, of either curve', async () => {
    await works(keyFrom(privateJwk))
    await works(keyFrom(JSON.stringify(privateJwk)))
    await works(keyFrom(await pkcs8('ES256')))
    await works(keyFrom(await pkcs8('EdDSA')))
    const { privateKey } = await generateKeyPair('EdDSA', { extractable: true })
    await works(keyFrom({ ...(await exportJWK(privateKey)), kid: 'key-1' }))
  })

  test('from the environment', async () => {
    process.env.BEHALF_TEST_KEY = JSON.stringify(privateJwk)
    await works(environmentKey('BEHALF_TEST_KEY'))
    const { client } = createStub({ options: { key: environmentKey('BEHALF_NO_SUCH_KEY') } })
    const missing = client.getDelegationToken(ask)
    await expect(missing).rejects.toMatchObject({ code: 'key_unavailable' })
    await expect(missing).rejects.toThrow('BEHALF_NO_SUCH_KEY')
  })

  test('made here: the public half is registered before it is used', async () => {
    const registered: JWK[] = []
    await works(generatedKey((key) => void registered.push(key)))
    expect(registered).toEqual([expect.objectContaining({ kty: 'EC', alg: 'ES256', use: 'sig' })])
    expect(registered[0]).not.toHaveProperty('d')
  })

  test('from a file, read again when the server refuses it', async () => {
    const path = join(folder, 'key.pem')
    writeFileSync(path, await pkcs8('ES256'))
    const kept = new Set<string>()
    const { client } = createStub({
      options: { key: fileKey(path), dpop: false },
      issue: (request, count) => {
        kept.add(String(request.form.get('client_assertion')).split('.')[0] ?? '')
        return count === 1 ? json({ error: 'invalid_client' }, 401) : issued(request)
      },
    })
    await expect(client.getDelegationToken(ask)).rejects.toMatchObject({ code: 'invalid_client' })
    writeFileSync(path, await pkcs8('EdDSA'))
    await client.getDelegationToken(ask)
    expect(kept.size).toBe(2) // another algorithm, another header
  })

  test.each<readonly [string, KeySource]>([
    ['public', keyFrom({ kty: 'EC', crv: 'P-256', x: privateJwk.x, y: privateJwk.y })],
    ['text that is none', keyFrom('secret-text-that-is-no-key')],
    ['no object', keyFrom('"secret-text"')],
    ['a secret', keyFrom({ kty: 'oct', k: 'c2VjcmV0LXRleHQ', alg: 'HS256' })],
    ['a file that is not there', fileKey(join(folder, 'none.pem'))],
    [
      'of a source that fails',
      () => {
        throw new Error('secret-text of the vault')
      },
    ],
  ])('that is %s: said so, and quoted nowhere', async (_what, key) => {
    const { client, tokenRequests } = createStub({ options: { key } })
    const error: unknown = await client.getDelegationToken(ask).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ name: 'DelegationError', code: 'key_unavailable' })
    expect(`${(error as Error).stack} ${String((error as Error).cause)}`).not.toContain('secret-text')
    expect(tokenRequests).toHaveLength(0)
  })
})
