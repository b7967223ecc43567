import type { AuditEvent, DroppedEvent } from '@behalf/core'

/** What an agent did, as `@behalf/agent` tells it. Members beyond these are welcome. */
export interface AgentActivity {
  readonly id: string
  readonly time: string
  readonly type: 'token.requested' | 'token.reused' | 'tool.started' | 'tool.finished'
  /** The agent's client, which writes it. */
  readonly client: { readonly id: string }
  readonly resource: { readonly aud: string }
}

/** What a sink takes: the events of an API, and those of an agent. */
export type SinkEvent = AuditEvent | AgentActivity

/** Says that events were lost: those of an API, or those of an agent's client about it. */
export interface LossReport extends DroppedEvent {
  readonly client?: { readonly id: string }
}
