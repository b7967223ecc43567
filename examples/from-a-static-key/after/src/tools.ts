import { delegatedTool as tool } from '@behalf/langchain'
import { z } from 'zod'
import { client } from './client.js'

const { API = 'http://127.0.0.1:4001' } = process.env

export const getCustomerBilling = tool(
  async ({ id }, { fetch }) => (await fetch(`${API}/customers/${id}/plan`)).text(),
  {
    name: 'get_customer_billing',
    description: 'The plan of a customer, and when it renews.',
    schema: z.object({ id: z.string().regex(/^\w{1,64}$/) }),
    delegation: { client, resource: API },
  },
)
