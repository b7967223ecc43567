import type { AuthServerOptions } from '@behalf/auth-server'
import type { JWK } from 'jose'
import { type Api, apis, audienceOf } from './apis.js'

/** Everything the auth server knows from the start: APIs and what can be asked of them, agents, applications, people. */
export type World = NonNullable<AuthServerOptions['seed']>

/** Where applications are told how a sign-in ended. Nothing listens there: the demo reads the address. */
export const callback = 'http://127.0.0.1:5000/callback'

/** What each API is asked for in this story, and by which tool of an agent. */
export const uses: Readonly<Record<Api, { readonly scope: string; readonly tool: string; readonly words: string }>> = {
  billing: { scope: 'billing:read', tool: 'get_plan', words: 'Read your plan' },
  users: { scope: 'profile:read', tool: 'get_profile', words: 'Read your profile' },
  orders: { scope: 'orders:read', tool: 'list_orders', words: 'See what you ordered' },
  refunds: { scope: 'refunds:write', tool: 'write_refund', words: 'Refund a charge' },
}

export const ada = { subject: 'user_8f2c1d', username: 'ada', name: 'Ada', password: 'correct horse battery staple' }
const bob = { subject: 'user_41b7aa', username: 'bob', name: 'Bob', password: 'another horse, another staple' }

/** Agents, each with a client of its own. */
export const agents = {
  support: { id: 'agent:support', clientId: 'app_desk', name: 'Support assistant', scope: apis.map(scopeOf) },
  growth: { id: 'agent:growth', clientId: 'app_grow', name: 'Growth assistant', scope: [scopeOf('refunds')] },
} as const

/** An application without an agent. */
export const web = { clientId: 'app_web', name: 'Web shop' }

function scopeOf(api: Api): string {
  return uses[api].scope
}

/**
 * @param keys - the agents' public keys
 * @param eventsOf - where an API takes in what was withdrawn
 */
export function createWorld(keys: Readonly<Record<keyof typeof agents, JWK>>, eventsOf: (api: Api) => string): World {
  const roles = ['support', 'growth'] as const
  const named = roles.map((role) => ({ role, ...agents[role] }))
  return {
    policy: {
      schema: 'behalf-policy/1',
      resources: Object.fromEntries(
        apis.map((api) => [audienceOf(api), { name: `The ${api} API`, securityEvents: eventsOf(api) }]),
      ),
      permissions: {
        ...Object.fromEntries(
          apis.map((api) => {
            const { scope, tool, words } = uses[api]
            const risk = api === 'refunds' ? 'high' : 'low'
            return [
              scope,
              { resource: audienceOf(api), words, risk, consent: 'once', tools: [tool], purpose: 'support' },
            ]
          }),
        ),
        'charges:read': {
          resource: audienceOf('billing'),
          words: 'Read your charges',
          risk: 'medium',
          consent: 'once',
          tools: ['list_charges'],
        },
      },
      roles: Object.fromEntries(named.map(({ role, scope }) => [role, { permissions: scope }])),
      rules: [],
    },
    agents: named.map(({ role, id, name }) => ({ id, name, owner: `${role}-team`, roles: [role] })),
    clients: [
      ...named.map(({ role, id, clientId, name }) => ({
        id: clientId,
        name,
        agent: id,
        metadata: {
          token_endpoint_auth_method: 'private_key_jwt' as const,
          grant_types: ['authorization_code', 'urn:ietf:params:oauth:grant-type:token-exchange', 'client_credentials'],
          redirect_uris: [callback],
          jwks: { keys: [keys[role]] },
        },
      })),
      {
        id: web.clientId,
        name: web.name,
        metadata: {
          token_endpoint_auth_method: 'none',
          grant_types: ['authorization_code'],
          redirect_uris: [callback],
        },
      },
    ],
    accounts: [ada, bob].map((person) => ({ ...person, permissions: [...apis.map(scopeOf), 'charges:read'] })),
  }
}
