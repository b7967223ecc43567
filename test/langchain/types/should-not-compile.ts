// Each line under a `@ts-expect-error` must not compile: the build fails when one does. Each has a twin that does.
import type { DelegationClient } from '@behalf/agent'
import { type Delegation, delegatedTool, onBehalfOf } from '@behalf/langchain'
import { z } from 'zod'

type RequiredNames<T> = { [Name in keyof T]-?: object extends Pick<T, Name> ? never : Name }[keyof T]
type Same<A, B> = [A, B] extends [B, A] ? true : false

// whose client and which API, and no third
export const delegation: Same<RequiredNames<Delegation>, 'client' | 'resource'> = true

declare const client: DelegationClient
const fields = { name: 'read_plan', description: 'Reads.', schema: z.object({ id: z.string() }) }
const resource = 'https://billing.example.com'

delegatedTool(async ({ id }, { fetch }) => (await fetch(`/plans/${id}`)).text(), {
  ...fields,
  delegation: { client, resource, details: ({ id }) => [{ type: 'plan', identifier: id }] },
})
// @ts-expect-error: what are its tokens for?
delegatedTool(async () => '', fields)
delegatedTool(async () => '', {
  ...fields,
  // @ts-expect-error: for which API?
  delegation: { client },
})
delegatedTool(async () => '', {
  ...fields,
  // @ts-expect-error: the person comes from the run, never from the arguments
  delegation: { client, resource, subjectToken: ({ id }) => id },
})
delegatedTool(
  // @ts-expect-error: the model does not say that
  async ({ userId }) => String(userId),
  { ...fields, delegation: { client, resource } },
)

onBehalfOf('token', { configurable: { thread_id: '1' } })
onBehalfOf(async () => 'token')
// @ts-expect-error: for whom?
onBehalfOf(undefined)
