import { setTimeout as sleep } from 'node:timers/promises'
import { agents, resourceOf, type Stage, web } from '@behalf/example-stage'
import { type ApiCall, bearer, type Headers, send, unboundToken } from './callers.js'
import { openDesk, task } from './desk.js'
import { answered, type Expected, issued, notIssued, refused, unreachable } from './expected.js'
import { explain } from './introduction.js'
import { note } from './note.js'
import { createDpopProof } from './thief.js'
import { changed, unsigned } from './token-text.js'
import type { Wire } from './wire.js'

/** Who makes a call, as the table says it. */
export interface Caller {
  readonly clientId: string
  readonly subject: string
  readonly agent?: string
}

/** Something that is done, and what must go over the wire while it is. */
export interface Act {
  readonly by: Caller
  readonly does: () => Promise<unknown>
  /** Undefined where a real model decides. */
  readonly leads: readonly Expected[] | undefined
}

export interface Scene {
  readonly title: string
  /** What happens before, and is not a call. */
  readonly before?: () => Promise<unknown>
  readonly acts: readonly Act[]
}

/** Seconds that a sign-in may lie back when money is given away. Minutes in real life; here nobody waits that long. */
export const refundMaxAge = 5

/** Seconds for which a just-in-time grant is open. Minutes in real life. */
const grantDuration = 5

const plan: ApiCall = { at: 'billing', path: '/plan' }
const charges: ApiCall = { at: 'billing', path: '/charges' }
const orders: ApiCall = { at: 'orders', path: '/orders' }
const refund: ApiCall = {
  at: 'refunds',
  path: '/users/user_8f2c1d/refunds',
  body: { charge: 'ch_5591', amount: 100 },
}

const billingTool = { name: 'get_customer_billing', args: {} }
const chargesTool = { name: 'list_charges', args: {} }
const profileTool = { name: 'get_user_profile', args: { userId: 'user_8f2c1d' } }
const otherProfileTool = { name: 'get_user_profile', args: { userId: 'user_41b7aa' } }
const ordersTool = { name: 'list_orders', args: {} }
const refundTool = { name: 'refund_charge', args: { userId: 'user_8f2c1d', charge: 'ch_5591', amount: 100 } }

/** Everything that happens, in order, with what must come of it. */
export async function createStory(stage: Stage, wire: Wire): Promise<readonly Scene[]> {
  const { authority, support, growth, people, operations, security } = stage
  const { ada } = people
  const desk = await openDesk(stage, ada)
  const isScripted = !process.env.BEHALF_MODEL
  let signedIn = 0

  const forAda: Caller = { clientId: support.clientId, subject: ada.subject, agent: support.id }
  const growthForAda: Caller = { clientId: growth.clientId, subject: ada.subject, agent: growth.id }
  const thief: Caller = { clientId: 'a thief', subject: ada.subject, agent: support.id }
  const nobody: Caller = { clientId: '-', subject: '-' }

  /** Ada talks to the agent. */
  function says(leads: readonly Expected[], ...turn: Parameters<typeof desk.says>): Act {
    return { by: forAda, does: () => desk.says(...turn), leads: isScripted ? leads : undefined }
  }

  /** Somebody sends a call with whatever they have. */
  function sends(by: Caller, call: ApiCall, headers: () => Headers | Promise<Headers>, ...leads: Expected[]): Act {
    return { by, does: async () => send(stage, wire, call, await headers()), leads }
  }

  const overheard = (): Headers => Object.fromEntries(wire.overheard('billing').headers)
  const overheardToken = (): string => overheard().authorization?.split(' ')[1] ?? ''

  /** Nobody waits here until what the agent holds has ended. */
  function forget(): void {
    support.client.forget()
    note('agent', 'drops the tokens it holds, which would go on for their 60 seconds')
  }

  async function changeRole(permissions: readonly string[]): Promise<void> {
    await operations.patch('/policy/roles', () => ({ support: { permissions: [...permissions, 'audit:write'] } }))
    forget()
  }

  async function openWindow(): Promise<void> {
    const { id } = await operations.post('/grants', {
      agentId: support.id,
      subject: ada.subject,
      resource: resourceOf('billing'),
      scope: ['charges:read'],
      justification: 'Ada asks about a charge she does not know',
      duration: grantDuration,
      transaction: task,
    })
    note('Operations', `asks for charges:read, for this agent, for Ada, in this task, for ${grantDuration} seconds`)
    await security.post(`/grants/${String(id)}/approve`)
    note('Security', 'approves: the window is open')
  }

  async function rotateKey(): Promise<void> {
    const { activeFrom } = await operations.post('/keys/rotate', { purpose: 'token' })
    await sleep(Math.max(0, Number(activeFrom) * 1000 - Date.now()) + 100)
    forget()
  }

  return [
    {
      title: 'Ada signs in at the support desk, reads what its agent asks for, and allows it',
      async before() {
        await support.subjectToken(ada)
        signedIn = Date.now()
        note('Ada', `allows: ${agents.support.scope.join(', ')}`)
      },
      acts: [
        says([issued, answered('billing')], 'Show me my billing details.', [billingTool]),
        { by: forAda, does: async () => explain(overheardToken()), leads: [] },
      ],
    },
    {
      title: 'Three tools, three APIs: a token for each, and the one it has already is used again',
      acts: [
        says(
          [answered('billing'), issued, answered('users'), issued, answered('orders')],
          'And all together: my plan, my profile (I am user_8f2c1d), my orders.',
          [billingTool, profileTool, ordersTool],
        ),
      ],
    },
    {
      title: 'Money: a fresh sign-in, and her consent to this charge and this amount',
      before: () => sleep(Math.max(0, signedIn + (refundMaxAge + 1.1) * 1000 - Date.now())), // whole seconds are compared
      acts: [
        says(
          [
            notIssued('insufficient_user_authentication'),
            notIssued('consent_required'),
            notIssued('consent_required'), // LangGraph plays a run that goes on again, up to where it waited
            issued,
            answered('refunds', 201),
          ],
          'Please refund 1 EUR of charge ch_5591.',
          [refundTool],
        ),
      ],
    },
    {
      title: 'A note in her orders talks the model into opening the profile of somebody else: the API does not',
      acts: [
        says(
          [issued, answered('orders'), issued, refused('users', 403, 'subject_mismatch')],
          'What do the notes on my orders say?',
          [ordersTool, otherProfileTool],
        ),
      ],
    },
    {
      title: 'Agents ask for more than they were given: no token',
      acts: [
        says([notIssued('invalid_scope')], 'What was I charged?', [chargesTool]),
        {
          by: growthForAda,
          does: () => unboundToken(growth, ada, 'billing', 'get_customer_billing').catch(() => null),
          leads: [notIssued('invalid_scope')],
        },
      ],
    },
    {
      title: `Just in time: somebody asks, somebody else approves, and the window is open for ${grantDuration} seconds`,
      before: openWindow,
      acts: [
        says([issued, answered('billing')], 'What was I charged?', [chargesTool]),
        {
          by: forAda,
          does: () => sleep(grantDuration * 1000),
          leads: [],
        },
        says([notIssued('invalid_scope')], 'Once more, please?', [chargesTool]),
      ],
    },
    {
      title: 'Operations takes orders out of the role while the agent works, and puts them back',
      before: () => changeRole(agents.support.scope.filter((scope) => scope !== 'orders:read')),
      acts: [
        says([notIssued('invalid_scope')], 'Is my dock on its way?', [ordersTool]),
        { by: forAda, does: () => changeRole(agents.support.scope), leads: [] },
        says([issued, answered('orders')], 'And now?', [ordersTool]),
      ],
    },
    {
      title: 'Somebody takes the token for billing off the wire, proof and all, and tries it from elsewhere',
      acts: [
        says([issued, answered('billing')], 'My plan again?', [billingTool]),
        sends(thief, plan, overheard, refused('billing', 401, 'dpop_proof_replayed')),
        sends(thief, plan, () => bearer(overheardToken()), refused('billing', 401, 'binding_required')),
        sends(
          thief,
          plan,
          () => createDpopProof(overheardToken(), stage.apis.billing.url, plan.path),
          refused('billing', 401, 'binding_mismatch'),
        ),
        sends(thief, orders, overheard, refused('orders', 401, 'audience_mismatch')),
      ],
    },
    {
      title: 'What else an API refuses by itself',
      acts: [
        sends(nobody, plan, () => ({}), refused('billing', 401, 'token_missing')),
        sends(
          forAda,
          charges,
          async () => bearer(await unboundToken(support, ada, 'billing', 'get_customer_billing')),
          issued,
          refused('billing', 403, 'scope_insufficient'),
        ),
        sends(
          forAda,
          charges,
          async () =>
            bearer(
              changed(await unboundToken(support, ada, 'billing', 'get_customer_billing'), { scope: 'charges:read' }),
            ),
          issued,
          refused('billing', 401, 'signature_invalid'),
        ),
        sends(
          forAda,
          plan,
          async () => bearer(unsigned(await unboundToken(support, ada, 'billing', 'get_customer_billing'))),
          issued,
          refused('billing', 401, 'algorithm_rejected'),
        ),
        sends(
          { clientId: web.clientId, subject: ada.subject },
          refund,
          async () => bearer(await stage.web.tokenOf(ada, resourceOf('refunds'), 'refunds:write')),
          refused('refunds', 403, 'actor_unauthorized', 'delegation_required'),
        ),
        sends(
          { clientId: web.clientId, subject: ada.subject },
          plan,
          async () => bearer(await stage.web.tokenOf(ada, resourceOf('billing'), 'billing:read')),
          answered('billing'),
        ),
      ],
    },
    {
      title: 'Between the second tool and the third, Ada takes back what she allowed: a second later it is over',
      acts: [
        says(
          [
            answered('billing'),
            issued,
            answered('users'),
            refused('orders', 401, 'token_revoked'),
            notIssued('consent_required'),
            notIssued('consent_required'),
          ],
          'Everything once more: plan, profile, orders.',
          [billingTool, profileTool, ordersTool],
          {
            meanwhile: {
              async list_orders() {
                await ada.withdraw('See what you ordered')
                note('Ada', 'takes back "See what you ordered", on the page of her consents')
                await sleep(1_000)
              },
            },
            consent: 'declines',
          },
        ),
      ],
    },
    {
      title: 'The auth server takes another signing key: nobody notices',
      before: rotateKey,
      acts: [
        says([issued, answered('billing'), issued, answered('users')], 'My plan and my profile?', [
          billingTool,
          profileTool,
        ]),
      ],
    },
    {
      title: 'The auth server is gone: tokens that are out still work, and there are no new ones',
      before: () => authority.leave(),
      acts: [
        says([answered('billing'), answered('users')], 'My plan and my profile?', [billingTool, profileTool]),
        says([unreachable, unreachable, unreachable], 'Another refund?', [refundTool]),
      ],
    },
    {
      title: 'It is back, and the agent goes on',
      async before() {
        await authority.comeBack()
        forget()
      },
      acts: [says([issued, answered('billing')], 'My plan, please?', [billingTool])],
    },
  ]
}
