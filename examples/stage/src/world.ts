import { randomBytes } from 'node:crypto'
import type { AuthServerOptions } from '@behalf/auth-server'
import type { JWK } from 'jose'
import { type ApiName, apiNames, resourceOf } from './apis.js'

/** Everything the auth server knows from the start: APIs and what can be asked of them, agents, clients, people. */
export type World = NonNullable<AuthServerOptions['seed']>

type Permissions = NonNullable<World['policy']>['permissions']

/** Where applications are told how a sign-in ended. Nothing listens there: whoever drives the sign-in reads the address. */
export const callback = 'http://127.0.0.1:5000/callback'

export const ada = { subject: 'user_8f2c1d', username: 'ada', name: 'Ada', password: 'correct horse battery staple' }
export const bob = { subject: 'user_41b7aa', username: 'bob', name: 'Bob', password: 'another horse, another staple' }

/** Who keeps the policy, and who decides on what agents ask for and reads the trail: never the same person. */
export const operator = { subject: 'staff_ops', username: 'ops', name: 'Operations', password: 'a horse in the stable' }
export const security = { subject: 'staff_sec', username: 'sec', name: 'Security', password: 'a horse at the gate' }

const customerScope = ['billing:read', 'charges:read', 'profile:read', 'orders:read', 'refunds:write']

/** Agents, each with a client of its own, and what people are asked for when they sign in at its application. */
export const agents = {
  support: { id: 'agent:support', clientId: 'app_desk', name: 'Support assistant', scope: customerScope },
  growth: { id: 'agent:growth', clientId: 'app_grow', name: 'Growth assistant', scope: ['refunds:write'] },
} as const

/** Applications without an agent: for customers, and for those who run the auth server. */
export const web = { clientId: 'app_web', name: 'Web shop' }
export const adminConsole = { clientId: 'app_console', name: 'Console' }

const shared = { risk: 'low', consent: 'once', purpose: 'support' } as const

/** @param refundMaxAge - seconds that a sign-in may lie back when money is given away */
function createPermissions(refundMaxAge: number): Permissions {
  return {
    'billing:read': {
      ...shared,
      resource: resourceOf('billing'),
      words: 'Read your plan',
      tools: ['get_customer_billing'],
    },
    'charges:read': {
      ...shared,
      resource: resourceOf('billing'),
      words: 'Read your charges',
      risk: 'medium',
      justInTime: 'approval',
      tools: ['list_charges'],
    },
    'profile:read': {
      ...shared,
      resource: resourceOf('users'),
      words: 'Read your profile',
      tools: ['get_user_profile'],
    },
    'orders:read': {
      ...shared,
      resource: resourceOf('orders'),
      words: 'See what you ordered',
      tools: ['list_orders'],
    },
    'refunds:write': {
      ...shared,
      resource: resourceOf('refunds'),
      words: 'Refund a charge',
      risk: 'high',
      consent: 'each_time',
      details: 'refund',
      tools: ['refund_charge'],
      maxAge: refundMaxAge,
    },
  }
}

/** What the auth server is told of the parties that this process starts. */
export interface Parties {
  /** The agents' public keys. */
  readonly keys: Readonly<Record<keyof typeof agents, JWK>>
  /** Where an API takes in what was withdrawn. */
  readonly eventsOf: (name: ApiName) => string
  /** What an API writes to the trail with. */
  readonly secretOf: (name: ApiName) => string
}

export function createWorld({ keys, eventsOf, secretOf }: Parties, refundMaxAge: number): World {
  const named = (['support', 'growth'] as const).map((role) => ({ role, ...agents[role] }))
  const people = { grant_types: ['authorization_code'], redirect_uris: [callback] }
  return {
    policy: {
      schema: 'behalf-policy/1',
      resources: Object.fromEntries(
        apiNames.map((name) => [
          resourceOf(name),
          { name: `The ${name} API`, securityEvents: eventsOf(name), clients: [auditClientOf(name)] },
        ]),
      ),
      permissions: createPermissions(refundMaxAge),
      roles: {
        ...Object.fromEntries(named.map(({ role, scope }) => [role, { permissions: [...scope, 'audit:write'] }])),
        api: { permissions: ['audit:write'] },
      },
      rules: [],
    },
    agents: [
      ...named.map(({ role, id, name }) => ({ id, name, owner: `${role}-team`, roles: [role] })),
      ...apiNames.map((name) => ({
        id: `agent:${name}-api`,
        name: `The ${name} API`,
        owner: `${name}-team`,
        roles: ['api'],
      })),
    ],
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
      ...[web, adminConsole].map(({ clientId, name }) => ({
        id: clientId,
        name,
        metadata: { token_endpoint_auth_method: 'none' as const, ...people },
      })),
      ...apiNames.map((name) => ({
        id: auditClientOf(name),
        name: `The ${name} API`,
        agent: `agent:${name}-api`,
        metadata: {
          token_endpoint_auth_method: 'client_secret_basic' as const,
          grant_types: ['client_credentials'],
          redirect_uris: [],
        },
        secret: secretOf(name),
      })),
    ],
    accounts: [
      ...[ada, bob].map((person) => ({ ...person, permissions: customerScope })),
      { ...operator, permissions: ['admin:read', 'admin:write', 'admin:revoke'] },
      { ...security, permissions: ['admin:read', 'admin:approve', 'admin:audit'] },
    ],
  }
}

/** The client with which an API writes to the trail. */
export function auditClientOf(name: ApiName): string {
  return `${name}-api`
}

export function createSecret(): string {
  return randomBytes(32).toString('base64url')
}
