import type { DelegationClient } from '@behalf/agent'
import type { Apis } from '@behalf/example-stage'
import { delegatedTool as tool } from '@behalf/langchain'
import { none, someCharge, someUser } from './arguments.js'
import { post, read } from './requests.js'

/** After: no key at all. Every call has a token of its own, for this person, this tool and this API, and for a minute. */
export const createTools = ({ billing, users, orders, refunds }: Apis, client: DelegationClient) => [
  tool(async (_, { fetch }) => read(await fetch(`${billing.url}/plan`)), {
    name: 'get_customer_billing',
    description: 'The plan of the customer, its price and when it renews.',
    schema: none,
    delegation: { client, ...billing },
  }),

  tool(async (_, { fetch }) => read(await fetch(`${billing.url}/charges`)), {
    name: 'list_charges',
    description: 'What the customer was charged.',
    schema: none,
    delegation: { client, ...billing },
  }),

  tool(async ({ userId }, { fetch }) => read(await fetch(`${users.url}/users/${userId}`)), {
    name: 'get_user_profile',
    description: 'The profile of a user: language, time zone, since when they are a member.',
    schema: someUser,
    delegation: { client, ...users },
  }),

  tool(async (_, { fetch }) => read(await fetch(`${orders.url}/orders`)), {
    name: 'list_orders',
    description: 'What the customer bought recently.',
    schema: none,
    delegation: { client, ...orders },
  }),

  tool(
    async ({ userId, ...sum }, { fetch }) => read(await fetch(`${refunds.url}/users/${userId}/refunds`, post(sum))),
    {
      name: 'refund_charge',
      description: 'Gives the money of a charge back, or a part of it; amounts are in cents.',
      schema: someCharge,
      delegation: { client, ...refunds, singleUse: true, details: refundOf },
    },
  ),
]

/** What the person is asked to agree to: this charge and this amount. */
function refundOf({ charge, amount }: { charge: string; amount: number }) {
  return [{ type: 'refund', identifier: charge, amount }]
}
