import type { ApiName, Apis } from '@behalf/example-stage'
import { tool } from 'langchain'
import { none, someCharge, someUser } from './arguments.js'
import { get, post, read } from './requests.js'

/** Before: a key for each API, good for every customer until somebody changes it. */
export const createTools = ({ billing, users, orders, refunds }: Apis, keys: Readonly<Record<ApiName, string>>) => [
  tool(async () => read(await fetch(`${billing.url}/plan`, get(keys.billing))), {
    name: 'get_customer_billing',
    description: 'The plan of the customer, its price and when it renews.',
    schema: none,
  }),

  tool(async () => read(await fetch(`${billing.url}/charges`, get(keys.billing))), {
    name: 'list_charges',
    description: 'What the customer was charged.',
    schema: none,
  }),

  tool(async ({ userId }) => read(await fetch(`${users.url}/users/${userId}`, get(keys.users))), {
    name: 'get_user_profile',
    description: 'The profile of a user: language, time zone, since when they are a member.',
    schema: someUser,
  }),

  tool(async () => read(await fetch(`${orders.url}/orders`, get(keys.orders))), {
    name: 'list_orders',
    description: 'What the customer bought recently.',
    schema: none,
  }),

  tool(
    async ({ userId, ...sum }) => read(await fetch(`${refunds.url}/users/${userId}/refunds`, post(sum, keys.refunds))),
    {
      name: 'refund_charge',
      description: 'Gives the money of a charge back, or a part of it; amounts are in cents.',
      schema: someCharge,
    },
  ),
]
