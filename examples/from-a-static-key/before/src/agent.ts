import { createAgent } from 'langchain'
import { createModel } from './model.js'
import { getCustomerBilling } from './tools.js'

const [id = 'user_1'] = process.argv.slice(2)

const agent = createAgent({ model: createModel(id), tools: [getCustomerBilling] })
const { messages } = await agent.invoke({ messages: [{ role: 'user', content: `What does ${id} pay for?` }] })
console.log(messages.at(-1)?.text)
