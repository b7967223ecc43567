// Each line under a `@ts-expect-error` must not compile: the build fails when one does. Each has a twin that does.
import {
  type AgentEvent,
  createDelegationClient,
  type DelegationClientOptions,
  type DelegationRequest,
} from '@behalf/agent'
import { httpSink } from '@behalf/audit'

type RequiredNames<T> = { [Name in keyof T]-?: object extends Pick<T, Name> ? never : Name }[keyof T]
type Same<A, B> = [A, B] extends [B, A] ? true : false

// two settings are required, and no third
export const options: Same<RequiredNames<DelegationClientOptions>, 'serverUrl' | 'clientId'> = true
export const request: Same<RequiredNames<DelegationRequest>, 'resource'> = true

const client = createDelegationClient({ serverUrl: 'https://auth.example.com', clientId: 'support-app' })
// @ts-expect-error: whose client?
createDelegationClient({ serverUrl: 'https://auth.example.com' })
// @ts-expect-error: of which server?
createDelegationClient({ clientId: 'support-app' })
// @ts-expect-error: no such option
createDelegationClient({ serverUrl: 'https://auth.example.com', clientId: 'support-app', clientSecret: 'x' })

void client.getDelegationToken({ resource: 'https://billing.example.com' })
// @ts-expect-error: for which API?
void client.getDelegationToken({ scope: 'billing:read' })

void client.fetch('https://billing.example.com', { resource: 'https://billing.example.com', body: 'text' })
const body = new ReadableStream()
// @ts-expect-error: a stream cannot be sent twice
void client.fetch('https://billing.example.com', { resource: 'https://billing.example.com', body })

// the sink of the trail takes what an agent did
const required = { serverUrl: 'https://auth.example.com', clientId: 'support-app' }
createDelegationClient({ ...required, audit: httpSink({ url: 'https://auth.example.com/audit/events', token: 'x' }) })
createDelegationClient({ ...required, audit: async (event) => void event.client.id })
// @ts-expect-error: a sink records
createDelegationClient({ ...required, audit: { write: () => {} } })

// a closed list, each with what it alone has
export const types: Same<AgentEvent['type'], 'token.requested' | 'token.reused' | 'tool.started' | 'tool.finished'> =
  true
export function sha256Of(event: AgentEvent): string | undefined {
  // @ts-expect-error: a tool has no token
  if (event.type === 'tool.started') return event.token
  return event.type === 'tool.finished' ? event.reason.code : event.token?.sha256
}
