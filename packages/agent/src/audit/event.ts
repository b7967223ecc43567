/** What every event of an agent has. */
interface Common {
  readonly schema: 'delegation-audit/1'
  /** UUIDv7 (RFC 9562): unique, and sorts by time. */
  readonly id: string
  /** RFC 3339, UTC, milliseconds. */
  readonly time: string
  /** The agent's client. */
  readonly client: { readonly id: string }
  /** The API that the token or the tool is for. */
  readonly resource: { readonly aud: string }
  /** The task: joins everything that was done for it. */
  readonly txn?: string
  /** That of the call, so that the API's event names the same. */
  readonly trace?: { readonly trace_id: string; readonly span_id: string }
}

/** How it ended. `'error'`: nobody decided, for something is out of order. */
export interface Outcome {
  readonly decision: 'allow' | 'deny' | 'error'
  /** `allowed`, or the code of the `DelegationError`; `tool_failed` for any other error of a tool, `interrupted` for the end of a run for now. */
  readonly reason: { readonly code: string }
}

/** A tool, and the model's call of it. */
export interface ToolPart {
  readonly name: string
  readonly call_id?: string
}

/** A token was asked of the auth server, or taken from memory. A remembered refusal is an event of its own too. */
export interface TokenEvent extends Common, Outcome {
  readonly type: 'token.requested' | 'token.reused'
  /** Whether the agent acts for somebody. */
  readonly mode: 'delegated' | 'direct'
  /** Where there is one. What is in it is read and not verified: that is for the API. */
  readonly token?: {
    /** SHA-256 of the token, the first 16 bytes as base64url: as in the event of the API. */
    readonly sha256: string
    readonly iss: string
    readonly jti?: string
    /** Seconds since the epoch. */
    readonly iat?: number
    /** Seconds since the epoch. */
    readonly exp?: number
    readonly bound?: 'dpop'
  }
  readonly requested: { readonly scope?: readonly string[] }
  readonly granted?: { readonly scope: readonly string[] }
  readonly tool?: ToolPart
  /** Milliseconds until the answer was there. */
  readonly duration_ms: number
}

/** A tool of an agent begins. */
export interface ToolStartedEvent extends Common {
  readonly type: 'tool.started'
  readonly tool: ToolPart
  /** The run of the agent. */
  readonly run?: { readonly id: string }
}

/** And has ended: `allow` where it answered. */
export interface ToolFinishedEvent extends Common, Outcome {
  readonly type: 'tool.finished'
  readonly tool: ToolPart
  /** The run of the agent. */
  readonly run?: { readonly id: string }
  /** Milliseconds from its start. */
  readonly duration_ms: number
}

/**
 * What an agent did, in the schema of the APIs and of the auth server. It holds no token, no argument and no answer; texts
 * are cut and freed of control characters; the whole is less than 4 kB.
 */
export type AgentEvent = TokenEvent | ToolStartedEvent | ToolFinishedEvent

/** Where events go: `httpSink()` of `@behalf/audit`, or anything with this method. */
export interface AgentAuditSink {
  /** Takes one event. A promise that rejects counts as lost. */
  record(event: AgentEvent): void | Promise<void>
  /** Writes out what is still held back. */
  flush?(): void | Promise<void>
  close?(): void | Promise<void>
}

/** Something an operator should know. */
export interface AgentWarning {
  readonly code: 'audit_failed' | 'audit_dropped'
  /** A sentence for a log. */
  readonly message: string
  readonly cause?: unknown
}
