import type { AuthServerOptions } from '@behalf/auth-server'
import type { JWK } from 'jose'

export const clientId = 'support-app'
export const subject = 'ada'
export const resource = 'https://billing.example.com'
export const scope = 'billing:read'
export const tool = 'get_bill'

/** Seconds: longer than a benchmark runs. */
export const day = 86_400

/** One agent that may read the bills of one person, proven by this key. */
export function createWorld(clientKey: JWK): NonNullable<AuthServerOptions['seed']> {
  const permissions = [scope]
  return {
    policy: {
      schema: 'behalf-policy/1',
      resources: { [resource]: { name: 'Billing', tokenLifetime: 300 } },
      permissions: { [scope]: { resource, words: 'Read your bills', risk: 'low', consent: 'none', tools: [tool] } },
      roles: { support: { permissions } },
      rules: [],
    },
    agents: [{ id: 'agent:support', name: 'Support', owner: 'team', roles: ['support'] }],
    clients: [
      {
        id: clientId,
        name: 'Support',
        agent: 'agent:support',
        metadata: {
          token_endpoint_auth_method: 'private_key_jwt',
          grant_types: ['client_credentials', 'urn:ietf:params:oauth:grant-type:token-exchange'],
          redirect_uris: [],
          jwks: { keys: [clientKey] },
        },
      },
    ],
    accounts: [{ subject, username: subject, name: 'Ada', password: 'a good password', permissions }],
  }
}
