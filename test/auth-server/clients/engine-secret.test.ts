import { afterAll, beforeAll, expect, it } from 'vitest'
import { toEngineClient } from '../../../packages/auth-server/dist/provider/engine-client.js'
import { type RunningAuthServer, startAuthServer } from '../support/server.js'

const billing = 'https://billing.example.com'
const secret = 'a secret that whoever runs the server chose'
let server: RunningAuthServer

beforeAll(async () => {
  server = await startAuthServer({
    seed: {
      policy: {
        schema: 'behalf-policy/1',
        resources: { [billing]: { name: 'Billing' } },
        permissions: { 'billing:read': { resource: billing, words: 'Read', risk: 'low', consent: 'none' } },
        roles: { support: { permissions: ['billing:read'] } },
        rules: [],
      },
      agents: [{ id: 'agent:support', name: 'Support', owner: 'team', roles: ['support'] }],
      clients: (['client_secret_basic', 'client_secret_post'] as const).map((method) => ({
        id: method,
        name: method,
        agent: 'agent:support',
        secret,
        metadata: { token_endpoint_auth_method: method, grant_types: ['client_credentials'], redirect_uris: [] },
      })),
    },
  })
})
afterAll(() => server.close())

async function ask(client_id: string, client_secret: string): Promise<number> {
  const form = { grant_type: 'client_credentials', resource: billing, scope: 'billing:read' }
  const body = new URLSearchParams({ ...form, client_id, client_secret })
  return (await fetch(`${server.issuer}/token`, { method: 'POST', body })).status
}

it.each(['client_secret_basic', 'client_secret_post'])('what the engine holds is no secret: %s', async (id) => {
  const client = await server.context.clients.find(id)
  if (client === undefined) throw new Error('the client is in the seed')
  const held = toEngineClient(client).client_secret
  expect(held).toBeTypeOf('string')
  expect(await ask(id, String(held))).toBe(401)
  expect(await ask(id, secret)).toBe(200)
})
