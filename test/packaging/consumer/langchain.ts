import { createDelegationClient } from '@behalf/agent'
import { delegatedTool, onBehalfOf, type Refusal, refusalOf } from '@behalf/langchain'
import type { StructuredToolInterface } from '@langchain/core/tools'

const client = createDelegationClient({ serverUrl: 'https://auth.example.com', clientId: 'support-app' })

const readPlan = delegatedTool(async ({ id }, { fetch }) => (await fetch(`/plans/${String(id)}`)).text(), {
  name: 'read_plan',
  description: 'Reads a plan.',
  schema: { type: 'object', properties: { id: { type: 'string' } } },
  delegation: { client, resource: 'https://billing.example.com', scope: 'billing:read' },
})

export const tools: readonly StructuredToolInterface[] = [readPlan]

export async function read(token: string): Promise<Refusal | undefined> {
  const call = { type: 'tool_call', id: 'call_1', name: 'read_plan', args: { id: 'team' } } as const
  const message: unknown = await readPlan.invoke(call, onBehalfOf(token, { tags: ['billing'] }))
  return typeof message === 'object' && message !== null ? refusalOf(message) : undefined
}
