import type { AuthServerOptions } from '@behalf/auth-server'

export const billing = 'https://billing.example.com'
export const orders = 'https://orders.example.com'
export const stock = 'https://stock.example.com'
export const ledger = 'https://ledger.example.com'

type Seed = NonNullable<AuthServerOptions['seed']>

const permission = (resource: string, more: object = {}) => ({
  resource,
  words: 'Do something',
  risk: 'low' as const,
  consent: 'none' as const,
  ...more,
})

/** What agents may do here. */
export const policy: Seed['policy'] = {
  schema: 'behalf-policy/1',
  resources: {
    [billing]: { name: 'Billing', clients: ['billing-api'], tokenLifetime: 120 },
    [orders]: { name: 'Orders', clients: ['orders-api'] },
    [stock]: { name: 'Stock', clients: ['stock-api'] },
    [ledger]: { name: 'Ledger', senderConstrained: true, tokenLifetime: 300 },
  },
  permissions: {
    'billing:read': permission(billing, { tools: ['get_bill'], purpose: 'answer_billing_question' }),
    'billing:charges': permission(billing, { tools: ['get_bill'], purpose: 'answer_billing_question' }),
    'billing:export': permission(billing),
    'billing:admin': permission(billing),
    'billing:denied': permission(billing),
    'billing:record': permission(billing, { details: 'customer_record' }),
    'billing:once': permission(billing, { consent: 'once' }),
    'billing:task': permission(billing, { consent: 'per_task' }),
    'billing:refund': permission(billing, { consent: 'each_time', risk: 'high' }),
    'billing:window': permission(billing, { justInTime: 'approval' }),
    'billing:auto': permission(billing, { justInTime: 'automatic' }),
    'billing:both': permission(billing, { justInTime: 'approval', consent: 'each_time' }),
    'billing:fresh': permission(billing, { maxAge: 300 }),
    'billing:fresher': permission(billing, { maxAge: 60, justInTime: 'approval', consent: 'each_time' }),
    'orders:read': permission(orders, { downstream: ['stock:read'] }),
    'stock:read': permission(stock, { downstream: ['billing:export'] }),
    'ledger:write': permission(ledger),
  },
  roles: {
    support: {
      permissions: [
        ...['billing:read', 'billing:charges', 'billing:export', 'billing:denied', 'billing:record', 'billing:once'],
        ...['billing:task', 'billing:refund', 'billing:window', 'billing:auto', 'billing:both'],
        ...['billing:fresh', 'billing:fresher'],
        ...['orders:read', 'stock:read', 'ledger:write'],
      ],
    },
    api: { permissions: ['stock:read', 'billing:export', 'orders:read', 'billing:read'] },
  },
  rules: [{ id: 'never', effect: 'deny', when: { permissions: ['billing:denied'] } }],
}

const grants = ['urn:ietf:params:oauth:grant-type:token-exchange', 'client_credentials']
const confidential = {
  token_endpoint_auth_method: 'client_secret_basic' as const,
  grant_types: grants,
  redirect_uris: [],
}

const agent = (name: string, roles: readonly string[], ceiling?: readonly string[]) => ({
  id: `agent:${name}`,
  name,
  owner: 'team',
  roles,
  ...(ceiling && { ceiling }),
})
const client = (id: string, of: string | undefined, metadata: object = {}) => ({
  id,
  name: id,
  ...(of !== undefined && { agent: `agent:${of}` }),
  metadata: { ...confidential, ...metadata },
})
const person = (subject: string, permissions: readonly string[]) => ({
  subject,
  username: subject,
  name: subject,
  password: 'a good password',
  permissions,
})

/** Everything but what no agent has. */
export const everything: readonly string[] = Object.keys(policy?.permissions ?? {})

export const seed: Seed = {
  policy,
  agents: [
    agent('support', ['support']),
    agent('other', ['support']),
    agent('narrow', ['support'], ['billing:read']),
    agent('roleless', []),
    agent('suspended', ['support']),
    agent('escalating', ['support']),
    ...['orders-api', 'stock-api', 'billing-api'].map((name) => agent(name, ['api'])),
  ],
  clients: [
    client('support', 'support'),
    client('support-bound', 'support', { dpop_bound_access_tokens: true }),
    client('other', 'other'),
    client('narrow', 'narrow'),
    client('roleless', 'roleless'),
    client('suspended', 'suspended'),
    client('escalating', 'escalating'),
    ...['orders-api', 'stock-api', 'billing-api'].map((name) => client(name, name)),
    client('no-agent', undefined),
    client('no-exchange', 'support', { grant_types: ['client_credentials'] }),
    client('forced-public', 'support'),
    {
      ...client('public', undefined),
      metadata: {
        token_endpoint_auth_method: 'none' as const,
        grant_types: ['authorization_code'],
        redirect_uris: ['https://app.example.com/back'],
      },
    },
    client('app', undefined, { grant_types: ['authorization_code'], redirect_uris: ['https://app.example.com/back'] }),
  ],
  accounts: [
    person('alice', everything),
    person('bob', everything),
    person('carol', ['billing:read']),
    person('dave', everything),
  ],
}
