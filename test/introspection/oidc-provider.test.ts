import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readKeyRing } from '../../packages/core/dist/keys/key-ring.js'
import { createStaticKeySet } from '../../packages/core/dist/keys/static-key-set.js'
import type { IntrospectionOptions } from '../../packages/core/dist/token/introspection-options.js'
import { introspected } from '../../packages/core/dist/token/profile.js'
import { type OpaqueServer, startOpaqueServer } from './opaque-server.js'
import { createScene, type Scene, trustIn } from './scene.js'

// Opaque tokens of a certified authorization server, asked about the way it wants to be asked.

let server: OpaqueServer
const scenes: Scene[] = []

beforeAll(async () => {
  server = await startOpaqueServer()
})

afterAll(async () => {
  await Promise.all(scenes.map((scene) => scene.close()))
  await server.close()
})

async function sceneWith(options: Partial<IntrospectionOptions>): Promise<Scene> {
  const trust = { ...trustIn(server.issuer), keys: createStaticKeySet(readKeyRing(server.jwks, () => {})) }
  const scene = await createScene(undefined, {
    issuers: new Map([[server.issuer, trust]]),
    clock: { now: Date.now() / 1000 },
    options: { endpoint: server.endpoint, ...options },
  })
  scenes.push(scene)
  return scene
}

const ways: Readonly<Record<string, () => Partial<IntrospectionOptions>>> = {
  client_secret_basic: () => ({ client: server.clients.secret }),
  private_key_jwt: () => ({ client: server.clients.key }),
  'signed answers': () => ({ client: server.clients.secret, signedResponses: 'required' }),
}

describe.each(Object.entries(ways))('%s', (_name, options) => {
  test('a delegated token is what the server says it is', async () => {
    const { judge } = await sceneWith(options())
    const token = await server.token({ subject: 'user-1', actor: 'agent:support', scope: 'billing:read billing:write' })
    expect(token).not.toContain('.')
    expect(await judge(token)).toMatchObject({
      issuer: server.issuer,
      subject: 'user-1',
      clientId: 'agent-support',
      scopes: ['billing:read', 'billing:write'],
      mode: 'delegated',
      delegation: [{ subject: 'agent:support', issuer: server.issuer }],
    })
  })

  test('a direct token is one', async () => {
    const { judge } = await sceneWith(options())
    expect(await judge(await server.token({ subject: 'user-1' }))).toMatchObject({ subject: 'user-1', mode: 'direct' })
  })

  test('a token of another API, and one that nobody issued, are refused', async () => {
    const { outcome } = await sceneWith(options())
    const other = await server.token({ subject: 'user-1', resource: 'https://orders.example.com' })
    expect(await outcome(other)).toBe('audience_mismatch')
    expect(await outcome('nobody-issued-this')).toBe('token_revoked')
    expect(await outcome(await server.token({ subject: 'user-1' }))).toBe('accepted')
  })

  test('a revoked token is refused as soon as the answer about it is old', async () => {
    const { outcome, clock } = await sceneWith({ ...options(), ttl: 10 })
    const token = await server.token({ subject: 'user-1' })
    expect(await outcome(token)).toBe('accepted')
    await server.revoke(token)
    expect(await outcome(token)).toBe('accepted')
    clock.now += 10
    expect(await outcome(token)).toBe('token_revoked')
  })

  test('a revoked token is refused at once where nothing is remembered', async () => {
    const { outcome } = await sceneWith({ ...options(), ttl: 0 })
    const token = await server.token({ subject: 'user-1' })
    expect(await outcome(token)).toBe('accepted')
    await server.revoke(token)
    expect(await outcome(token)).toBe('token_revoked')
  })
})

test('a client by itself has no sub: it counts where a profile says so', async () => {
  const token = await server.machineToken()
  const { outcome } = await sceneWith({ client: server.clients.secret })
  expect(await outcome(token)).toBe('claim_missing')
  const profile = introspected({ subjectClaims: ['sub', 'client_id'] })
  const { judge } = await sceneWith({ client: server.clients.secret, profile })
  expect(await judge(token)).toMatchObject({ subject: 'agent-support', clientId: 'agent-support', mode: 'direct' })
})

test('credentials that are wrong are a fault of this side', async () => {
  const { outcome, warnings } = await sceneWith({ client: { id: 'billing-api', secret: 'wrong' } })
  expect(await outcome(await server.token({ subject: 'user-1' }))).toBe('introspection_unavailable')
  expect(warnings.map(({ message }) => message)).toEqual([
    `tokens of ${server.issuer} cannot be introspected: status 401 from ${server.endpoint}`,
  ])
})

test('an assertion for another audience is refused there', async () => {
  const { outcome } = await sceneWith({
    client: { ...server.clients.key, audience: 'https://other.example.com' },
  })
  expect(await outcome(await server.token({ subject: 'user-1' }))).toBe('introspection_unavailable')
})
