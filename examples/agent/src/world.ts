import type { AuthServerOptions } from '@behalf/auth-server'
import type { JWK } from 'jose'
import { type ApiName, names, resourceOf } from './apis.js'

/** What the auth server knows from the start. */
export type World = NonNullable<AuthServerOptions['seed']>

export const agentId = 'agent:support'
export const clientId = 'app_support'

const uses = {
  billing: { scope: 'billing:read', tool: 'get_customer_billing', words: 'Read your plan' },
  users: { scope: 'profile:read', tool: 'get_user_profile', words: 'Read your profile' },
  orders: { scope: 'orders:read', tool: 'list_orders', words: 'See what you ordered' },
  refunds: { scope: 'refunds:write', tool: 'refund_charge', words: 'Refund a charge' },
} as const satisfies Record<ApiName, unknown>

export const scopes: readonly string[] = names.map((name) => uses[name].scope)

/**
 * @param key - the agent's public key
 * @param eventsOf - where an API takes in what was withdrawn
 */
export function createWorld(key: JWK, eventsOf: (name: ApiName) => string): World {
  return {
    policy: {
      schema: 'behalf-policy/1',
      resources: Object.fromEntries(
        names.map((name) => [resourceOf(name), { name: `The ${name} API`, securityEvents: eventsOf(name) }]),
      ),
      permissions: Object.fromEntries(
        names.map((name) => {
          const { scope, tool, words } = uses[name]
          const shared = { resource: resourceOf(name), words, tools: [tool], purpose: 'answer_customer' }
          return [
            scope,
            name === 'refunds'
              ? { ...shared, risk: 'high', consent: 'each_time', details: 'refund' }
              : { ...shared, risk: 'low', consent: 'none' },
          ]
        }),
      ),
      roles: { support: { permissions: scopes } },
      rules: [],
    },
    agents: [{ id: agentId, name: 'Support assistant', owner: 'support-team', roles: ['support'] }],
    clients: [
      {
        id: clientId,
        name: 'Support assistant',
        agent: agentId,
        metadata: {
          token_endpoint_auth_method: 'private_key_jwt',
          grant_types: ['authorization_code', 'urn:ietf:params:oauth:grant-type:token-exchange'],
          redirect_uris: ['http://127.0.0.1:5000/callback'],
          jwks: { keys: [key] },
        },
      },
    ],
    accounts: [
      {
        subject: 'user_8f2c1d',
        username: 'ada',
        name: 'Ada',
        password: 'correct horse battery staple',
        permissions: scopes,
      },
      {
        subject: 'user_41b7aa',
        username: 'bob',
        name: 'Bob',
        password: 'another horse, another staple',
        permissions: scopes,
      },
    ],
  }
}
