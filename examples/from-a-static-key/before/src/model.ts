import { AIMessage } from '@langchain/core/messages'
import { fakeModel } from '@langchain/core/testing'

/** Stands for a model, so that this runs without one: it calls the tool, and repeats what that said. */
export function createModel(id: string) {
  return fakeModel()
    .respondWithTools([{ name: 'get_customer_billing', args: { id }, id: 'call_1' }])
    .respond((messages) => new AIMessage(messages.at(-1)?.text ?? ''))
}
