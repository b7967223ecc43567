import { setTimeout as sleep } from 'node:timers/promises'
import type { Step } from '@behalf/example-harness'
import type { Api, Stage } from './stage.js'
import { type Carried, delegated, direct } from './tokens.js'

/** One call of the story. */
export interface Line extends Step {
  readonly api: Api
  readonly carries: Carried | null
  /** For a call that can be repeated after the story: a name for its token and what it shows. */
  readonly again?: readonly [token: string, says: string]
}

export interface Scene {
  readonly title: string
  /** What happens before its first call. */
  readonly before?: () => Promise<unknown>
  readonly lines: readonly Line[]
}

const order = { charge: 'ch_5591', amount: 100 }

const plan = { api: 'billing', call: { method: 'GET', path: '/plan' } } as const
const charges = { api: 'billing', call: { method: 'GET', path: '/charges' } } as const
const profile = { api: 'users', call: { method: 'GET', path: '/users/user_8f2c1d' } } as const
const otherProfile = { api: 'users', call: { method: 'GET', path: '/users/user_41b7aa' } } as const
const orders = { api: 'orders', call: { method: 'GET', path: '/orders' } } as const
const refund = { api: 'refunds', call: { method: 'POST', path: '/users/user_8f2c1d/refunds', body: order } } as const
const otherRefund = {
  api: 'refunds',
  call: { method: 'POST', path: '/users/user_41b7aa/refunds', body: order },
} as const

/** The calls, in order, with what must come of each. */
export function createStory({ issuer, restart }: Stage): readonly Scene[] {
  const firstKey = issuer.signingKey

  return [
    {
      title: 'The support agent works for a user: it reads at three APIs and writes at the fourth',
      lines: [
        {
          ...plan,
          carries: delegated('billing'),
          expect: { status: 200 },
          again: ['support', 'the support agent reads the plan of the user it acts for'],
        },
        { ...profile, carries: delegated('users'), expect: { status: 200 } },
        { ...orders, carries: delegated('orders'), expect: { status: 200 } },
        {
          ...refund,
          carries: delegated('refunds'),
          expect: { status: 201 },
          again: ['refund', 'and writes a refund'],
        },
      ],
    },
    {
      title: 'The user calls without an agent',
      lines: [
        {
          ...plan,
          carries: direct('billing'),
          expect: { status: 200 },
          again: ['user', 'the user reads the plan without an agent'],
        },
        { ...orders, carries: direct('orders'), expect: { status: 200 } },
      ],
    },
    {
      title: 'The scope for the plan does not open the charges',
      lines: [
        {
          ...charges,
          carries: delegated('billing'),
          expect: { status: 403, code: 'scope_insufficient' },
          again: ['support', 'the scope for the plan does not open the charges'],
        },
      ],
    },
    {
      title: 'The token for billing does not open orders',
      lines: [
        {
          ...orders,
          carries: delegated('billing'),
          expect: { status: 401, code: 'audience_mismatch' },
          again: ['support', 'the token for billing does not open orders'],
        },
      ],
    },
    {
      title: "One user's token does not open another user's record",
      lines: [
        {
          ...otherProfile,
          carries: delegated('users'),
          expect: { status: 403, code: 'subject_mismatch' },
          again: ['profile', "one user's token does not open another user's record"],
        },
        { ...otherRefund, carries: delegated('refunds'), expect: { status: 403, code: 'subject_mismatch' } },
      ],
    },
    {
      title: 'A refund demands the support agent: not another, not one that support called, not none',
      lines: [
        {
          ...refund,
          carries: delegated('refunds', 'agent:growth'),
          expect: { status: 403, code: 'actor_unauthorized', audit: 'actor_not_allowed' },
          again: ['growth', 'another agent may not write a refund'],
        },
        {
          ...refund,
          carries: delegated('refunds', 'agent:growth', 'agent:support'),
          expect: { status: 403, code: 'actor_unauthorized', audit: 'actor_not_allowed' },
        },
        {
          ...refund,
          carries: direct('refunds'),
          expect: { status: 403, code: 'actor_unauthorized', audit: 'delegation_required' },
          again: ['nobody', 'nor may the user without an agent'],
        },
      ],
    },
    {
      title: 'No token; one that expired; one changed to allow more; one that nobody signed',
      lines: [
        {
          ...plan,
          carries: null,
          expect: { status: 401, code: 'token_missing' },
          again: ['', 'no token at all'],
        },
        {
          ...plan,
          carries: delegated('billing'),
          mint: (issuer, spec) => issuer.bad.expired(spec),
          expect: { status: 401, code: 'token_expired' },
          again: ['expired', 'a token that expired'],
        },
        {
          ...charges,
          carries: delegated('billing'),
          mint: (issuer, spec) => issuer.bad.tampered(spec, { scope: 'billing:read charges:read' }),
          expect: { status: 401, code: 'signature_invalid' },
          again: ['changed', 'a token changed to allow more'],
        },
        {
          ...plan,
          carries: delegated('billing'),
          mint: (issuer, spec) => issuer.bad.unsigned(spec),
          expect: { status: 401, code: 'algorithm_rejected' },
        },
      ],
    },
    {
      title: 'The issuer rotates its key: tokens of the new one pass at once, those of the old one still do',
      before: () => issuer.rotateKeys(),
      lines: [
        { ...plan, carries: delegated('billing'), expect: { status: 200 } },
        { ...profile, carries: delegated('users'), expect: { status: 200 } },
        { ...orders, carries: delegated('orders'), expect: { status: 200 } },
        { ...refund, carries: delegated('refunds'), expect: { status: 201 } },
        { ...plan, carries: { ...delegated('billing'), key: firstKey }, expect: { status: 200 } },
      ],
    },
    {
      title: 'The issuer is down: the keys that are known go on serving',
      before: () => issuer.outage('down'),
      lines: [
        { ...plan, carries: delegated('billing'), expect: { status: 200 } },
        { ...refund, carries: delegated('refunds'), expect: { status: 201 } },
      ],
    },
    {
      title: 'An API that restarts meanwhile knows no key yet: its fault, never the fault of the token',
      before: () => restart('orders'),
      lines: [{ ...orders, carries: delegated('orders'), expect: { status: 503, code: 'keys_unavailable' } }],
    },
    {
      title: 'The issuer is back, and so is that API, by itself',
      async before() {
        await issuer.outage(null)
        await sleep(1_100)
      },
      lines: [{ ...orders, carries: delegated('orders'), expect: { status: 200 } }],
    },
  ]
}
