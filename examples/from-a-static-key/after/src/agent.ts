import { onBehalfOf, refusalOf } from '@behalf/langchain'
import { createAgent } from 'langchain'
import { createModel } from './model.js'
import { getCustomerBilling } from './tools.js'

const [id = 'user_1', ticket = 'ticket-1'] = process.argv.slice(2)
const { SUBJECT_TOKEN = '' } = process.env // from the sign-in of the person

const agent = createAgent({ model: createModel(id), tools: [getCustomerBilling] })
const { messages } = await agent.invoke(
  { messages: [{ role: 'user', content: `What does ${id} pay for?` }] },
  onBehalfOf(SUBJECT_TOKEN, { configurable: { thread_id: ticket } }),
)
console.log(messages.at(-1)?.text)
for (const message of messages) {
  const refusal = refusalOf(message)
  if (refusal) console.log(refusal.outcome, refusal.reason ?? refusal.code)
}
