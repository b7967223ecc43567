import { setTimeout as sleep } from 'node:timers/promises'
import { InteractionRequiredError } from '@behalf/agent'
import type { Step } from '@behalf/example-harness'
import { type Api, audienceOf } from './apis.js'
import { type Agent, alone, copying, delegated, direct, forging, keeping, nobody, type Party, task } from './party.js'
import type { Stage } from './stage.js'
import { changed, keyOf, unsigned } from './token-text.js'
import { uses } from './world.js'

/** One call of an API. */
export interface Call extends Step {
  readonly api: Api
  readonly by: Party
  /** For a call that can be repeated after the story: a name for its token and what it shows. */
  readonly again?: readonly [token: string, says: string]
}

/** A token that an agent asks the auth server for, and does not get. */
export interface Ask {
  readonly by: Party
  readonly scope: string
  readonly ask: () => Promise<unknown>
  /** The error that the agent gets. */
  readonly refused: string
}

export interface Scene {
  readonly title: string
  /** What happens before its first call. */
  readonly before?: () => Promise<unknown>
  readonly lines: readonly (Call | Ask)[]
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
export function createStory({ authority, person, support, growth, web, restart }: Stage): readonly Scene[] {
  const { issuer } = authority
  const byAgent = (api: Api): Party => delegated(support, person, issuer, api)
  const byPerson = (api: Api): Party => direct(web, person, api)

  /** The agent wants more for the person than it has: a fresh token, whatever it holds. */
  function asking(agent: Agent, api: Api, { scope, tool }: { scope: string; tool: string }, refused: string): Ask {
    const ask = async (): Promise<unknown> =>
      agent.client.getDelegationToken({
        resource: audienceOf(api),
        scope,
        tool,
        transaction: task,
        subjectToken: await agent.application.tokenOf(person, issuer, agent.scope.join(' ')),
        singleUse: true,
      })
    return { by: delegated(agent, person, issuer, api), scope, ask, refused }
  }

  const held = keeping(byAgent('billing'))
  const heldLater = keeping(byAgent('billing'))
  let item: URL | undefined
  const askAgain = asking(support, 'billing', uses.billing, 'consent_required')

  return [
    {
      title: 'Ada signed in and allowed it: the support agent reads for her at three APIs and writes at the fourth',
      lines: [
        {
          ...plan,
          by: byAgent('billing'),
          expect: { status: 200 },
          again: ['support', 'the support agent reads the plan of the person it acts for'],
        },
        { ...profile, by: byAgent('users'), expect: { status: 200 } },
        { ...orders, by: byAgent('orders'), expect: { status: 200 } },
        { ...refund, by: byAgent('refunds'), expect: { status: 201 }, again: ['refund', 'and writes a refund'] },
      ],
    },
    {
      title: 'Ada calls by herself, in an application without an agent',
      lines: [
        {
          ...plan,
          by: byPerson('billing'),
          expect: { status: 200 },
          again: ['ada', 'Ada reads her plan without an agent'],
        },
        { ...orders, by: byPerson('orders'), expect: { status: 200 } },
      ],
    },
    {
      title: 'The agent asks for more than it was given: the auth server issues nothing',
      lines: [
        asking(support, 'billing', { scope: 'charges:read', tool: 'list_charges' }, 'invalid_scope'),
        asking(growth, 'billing', uses.billing, 'invalid_scope'),
      ],
    },
    {
      title: 'The token for the plan does not open the charges',
      lines: [
        {
          ...charges,
          by: copying(byAgent('billing')),
          expect: { status: 403, code: 'scope_insufficient' },
          again: ['support', 'the token for the plan does not open the charges'],
        },
      ],
    },
    {
      title: 'The token for billing does not open orders',
      lines: [
        {
          ...orders,
          by: copying(byAgent('billing')),
          expect: { status: 401, code: 'audience_mismatch' },
          again: ['support', 'the token for billing does not open orders'],
        },
      ],
    },
    {
      title: "Ada's token does not open Bob's record",
      lines: [
        {
          ...otherProfile,
          by: byAgent('users'),
          expect: { status: 403, code: 'subject_mismatch' },
          again: ['profile', "Ada's token does not open Bob's record"],
        },
        { ...otherRefund, by: byAgent('refunds'), expect: { status: 403, code: 'subject_mismatch' } },
      ],
    },
    {
      title: 'A refund demands the support agent for Ada: not another agent, not Ada alone, not the agent alone',
      lines: [
        {
          ...refund,
          by: delegated(growth, person, issuer, 'refunds'),
          expect: { status: 403, code: 'actor_unauthorized', audit: 'actor_not_allowed' },
          again: ['growth', 'another agent may not write a refund, whatever it was given'],
        },
        {
          ...refund,
          by: byPerson('refunds'),
          expect: { status: 403, code: 'actor_unauthorized', audit: 'delegation_required' },
          again: ['person', 'nor may Ada without the agent'],
        },
        {
          ...refund,
          by: alone(support, 'refunds'),
          expect: { status: 403, code: 'actor_unauthorized', audit: 'delegation_required' },
          again: ['alone', 'nor may the agent for itself'],
        },
      ],
    },
    {
      title: 'No token; one changed to allow more; one that nobody signed',
      lines: [
        { ...plan, by: nobody, expect: { status: 401, code: 'token_missing' }, again: ['', 'no token at all'] },
        {
          ...charges,
          by: forging(byAgent('billing'), (token) => changed(token, { scope: 'billing:read charges:read' })),
          expect: { status: 401, code: 'signature_invalid' },
          again: ['changed', 'a token changed to allow more'],
        },
        {
          ...plan,
          by: forging(byAgent('billing'), unsigned),
          expect: { status: 401, code: 'algorithm_rejected' },
        },
      ],
    },
    {
      title: 'A token that the agent holds is good',
      lines: [{ ...plan, by: held, expect: { status: 200 } }],
    },
    {
      title: 'A second after Ada withdrew her consent it is not, and there is no other',
      async before() {
        await person.withdraw(uses.billing.words)
        await sleep(1_000)
      },
      lines: [
        { ...plan, by: held, expect: { status: 401, code: 'token_revoked' } },
        {
          ...askAgain,
          ask: () =>
            askAgain.ask().catch((error: unknown) => {
              item = itemOf(error)
              throw error
            }),
        },
        { ...profile, by: byAgent('users'), expect: { status: 200 } },
      ],
    },
    {
      title: 'Ada finds the question in her inbox and agrees: the agent goes on',
      async before() {
        if (item) await person.approve(item)
        support.client.forget()
      },
      lines: [{ ...plan, by: byAgent('billing'), expect: { status: 200 } }],
    },
    {
      title: 'The auth server rotates its key: tokens of the new one pass at once, those of the old one still do',
      async before() {
        const earlier = keyOf(await heldLater.token())
        await authority.rotateKey()
        support.client.forget()
        if (keyOf(await byAgent('billing').token()) === earlier) throw new Error('the earlier key still signs')
      },
      lines: [
        { ...plan, by: byAgent('billing'), expect: { status: 200 } },
        { ...profile, by: byAgent('users'), expect: { status: 200 } },
        { ...orders, by: byAgent('orders'), expect: { status: 200 } },
        { ...refund, by: byAgent('refunds'), expect: { status: 201 } },
        { ...plan, by: heldLater, expect: { status: 200 } },
      ],
    },
    {
      title: 'The auth server is gone: no new token, and those that are out go on',
      before: () => authority.leave(),
      lines: [
        asking(support, 'billing', uses.billing, 'server_unavailable'),
        { ...plan, by: byAgent('billing'), expect: { status: 200 } },
        { ...refund, by: byAgent('refunds'), expect: { status: 201 } },
      ],
    },
    {
      title: 'An API that restarts meanwhile knows no key yet: its fault, never the fault of the token',
      before: () => restart('orders'),
      lines: [{ ...orders, by: byAgent('orders'), expect: { status: 503, code: 'keys_unavailable' } }],
    },
    {
      title: 'The auth server is back, and so is that API, by itself',
      async before() {
        await authority.comeBack()
        await sleep(1_100)
      },
      lines: [{ ...orders, by: byAgent('orders'), expect: { status: 200 } }],
    },
  ]
}

/** Where a person finds what the agent waits for. */
function itemOf(error: unknown): URL | undefined {
  if (!(error instanceof InteractionRequiredError) || error.interaction.kind !== 'consent') return undefined
  const { uri, approvalId } = error.interaction
  return uri === null ? undefined : new URL(`${uri}/${approvalId}`)
}
