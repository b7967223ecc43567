import { onBehalfOf } from '@behalf/langchain'
import { AIMessage, type BaseMessage, HumanMessage } from '@langchain/core/messages'
import { Command } from '@langchain/langgraph'
import { createTools } from './delegated-tools.js'
import { chooseModel, type ScriptedCall } from './model.js'
import { createStage } from './stage.js'
import { createSupportAgent } from './support-agent.js'

const ada = 'user_8f2c1d'

const print = (text: string): void => void process.stdout.write(`${text}\n`)

/** Prints the messages of a run that were not printed yet. */
function tell(messages: readonly BaseMessage[], from: number): number {
  for (const message of messages.slice(from)) {
    const calls = AIMessage.isInstance(message) ? (message.tool_calls ?? []) : []
    const said = calls.map(({ name, args }) => `${name} ${JSON.stringify(args)}`).join(', ') || message.text
    print(`  ${message.type.padEnd(5)}  ${said.slice(0, 160)}`)
  }
  return messages.length
}

const call = (id: string, name: string, args: ScriptedCall['args'] = {}): ScriptedCall => ({ id, name, args })

const stage = await createStage()
try {
  const tools = createTools(stage.apis, stage.client)
  const token = await stage.tokenOf(ada)

  const script = [
    [call('call_1', 'get_customer_billing')],
    [call('call_2', 'get_user_profile', { userId: ada }), call('call_3', 'list_orders')],
  ]
  print('Ada asks: billing, profile and orders are three APIs, and each call has a token of its own')
  const reader = createSupportAgent(await chooseModel(script), tools)
  const asked = new HumanMessage(`Show me my billing details, my profile (I am ${ada}) and what I ordered.`)
  const read = await reader.invoke(
    { messages: [asked] },
    onBehalfOf(token, { configurable: { thread_id: 'questions' } }),
  )
  tell(read.messages, 0)

  print('\nAda wants money back: the run waits until she has agreed, and goes on')
  const refund = [[call('call_4', 'refund_charge', { userId: ada, charge: 'ch_5591', amount: 100 })]]
  const writer = createSupportAgent(await chooseModel(refund), tools)
  const wanted = new HumanMessage(`I am ${ada}. Please refund 1 EUR of charge ch_5591.`)
  const config = { configurable: { thread_id: 'refund' } }
  const waiting = await writer.invoke({ messages: [wanted] }, onBehalfOf(token, config))
  const told = tell(waiting.messages, 0)
  const [item] = await stage.context.approvals.list({ subject: ada, status: 'pending', limit: 1 })
  if (item !== undefined) {
    print(`  Ada    agrees to ${JSON.stringify(item.request.details)}`)
    await stage.context.approvals.decide(item.id, 'approved', ada, null)
  }
  const done = await writer.invoke(new Command({ resume: true }), onBehalfOf(token, config))
  tell(done.messages, told)
} finally {
  await stage.close()
}

print('\nWhat the four APIs recorded')
for (const { event } of stage.trail.events) {
  const { decision, subject, actor, tool, resource, txn } = event
  print(
    `  ${decision.padEnd(6)} ${subject?.id}  ${actor?.id}  ${tool?.name.padEnd(20)}  ${resource.route?.padEnd(18)}  ${txn}`,
  )
}
if (stage.trail.events.filter(({ event }) => event.decision === 'allow').length !== 4) process.exitCode = 1
