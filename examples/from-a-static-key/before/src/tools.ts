import { tool } from 'langchain'
import { z } from 'zod'

const { API = 'http://127.0.0.1:4001', BILLING_API_KEY = '' } = process.env

export const getCustomerBilling = tool(
  async ({ id }) => (await fetch(`${API}/customers/${id}/plan`, { headers: { 'x-api-key': BILLING_API_KEY } })).text(),
  {
    name: 'get_customer_billing',
    description: 'The plan of a customer, and when it renews.',
    schema: z.object({ id: z.string().regex(/^\w{1,64}$/) }),
  },
)
