import { createPolicy } from '../../../packages/auth-server/dist/policy/create-policy.js'
import type { PolicyQuestion } from '../../../packages/auth-server/dist/policy/decision.js'
import { digestOf } from '../../../packages/auth-server/dist/policy/digest.js'
import type { PolicyDocument, Rule } from '../../../packages/auth-server/dist/policy/document.js'
import { parseDocument } from '../../../packages/auth-server/dist/policy/parse-document.js'
import type { Policy } from '../../../packages/auth-server/dist/policy/policy-store.js'

export const adminResource = 'https://auth.example.com/admin'
export const billing = 'https://billing.example.com'
export const orders = 'https://orders.example.com'

/** Sunday, 22 November 2026, 12:00 UTC. */
export const noon = Date.UTC(2026, 10, 22, 12) / 1000

/** A shop: two APIs, a support agent's role and a reader's. */
export const shop: PolicyDocument = {
  schema: 'behalf-policy/1',
  resources: {
    [billing]: { name: 'Billing', clients: ['billing-api'], tokenLifetime: 30 },
    [orders]: { name: 'Orders' },
  },
  permissions: {
    'billing:read': {
      resource: billing,
      words: 'Read your billing details',
      risk: 'low',
      consent: 'once',
      tools: ['get_billing'],
    },
    'billing:refund': {
      resource: billing,
      words: 'Refund a charge',
      risk: 'high',
      consent: 'each_time',
      tools: ['refund'],
    },
    'orders:read': { resource: orders, words: 'Read your orders', risk: 'low', consent: 'once' },
  },
  roles: {
    support: { permissions: ['billing:read', 'billing:refund', 'orders:read'] },
    reader: { words: 'Looks, and changes nothing', permissions: ['billing:read', 'orders:read'] },
    operator: { permissions: ['admin:read'] },
  },
  rules: [],
}

export function withRules(...rules: readonly Rule[]): PolicyDocument {
  return { ...shop, rules }
}

export function policyOf(document: unknown): Policy {
  const parsed = parseDocument(document, adminResource)
  return createPolicy(parsed, { version: 7, digest: digestOf(parsed), adminResource })
}

type Changes = Partial<Omit<PolicyQuestion, 'agent'>> & { readonly agent?: Partial<PolicyQuestion['agent']> }

/** The support agent reads Alice's billing details, with changes. */
export function ask({ agent, ...changes }: Changes = {}): PolicyQuestion {
  return {
    agent: { id: 'agent:support', status: 'active', roles: ['support'], ceiling: null, ...agent },
    subject: { id: 'alice', permissions: ['billing:read', 'billing:refund', 'orders:read', 'admin:read'], acr: 'pwd' },
    resource: billing,
    scope: ['billing:read'],
    tool: 'get_billing',
    now: noon,
    ...changes,
  }
}
