import type { AgentAuditSink, AgentEvent, AgentWarning } from './audit/event.js'
import type { KeySource } from './key-source.js'

/** How a client for an agent is set up. Two settings are required; the key comes from its source. */
export interface DelegationClientOptions {
  /** URL of the auth server: its issuer, whose metadata is discovered (RFC 8414, or OpenID Connect Discovery). */
  readonly serverUrl: string
  /** The agent's client id at the server. */
  readonly clientId: string
  /** Where the client's key comes from. Default: the environment variable `BEHALF_AGENT_KEY`. */
  readonly key?: KeySource
  /** Binds every token to a key that never leaves this process (DPoP, RFC 9449). Default true. */
  readonly dpop?: boolean
  /** Tokens that are kept at most. Default 1000; 0 keeps none. */
  readonly maxTokens?: number
  /** Milliseconds for one try at the auth server, everything it takes included. Default 5000. */
  readonly timeout?: number
  /** Milliseconds until an API begins to answer. Default 30000. */
  readonly apiTimeout?: number
  /** How often a call is tried again when the server cannot be reached or is too busy. Default 2. */
  readonly retries?: number
  /** Milliseconds that a refusal is remembered, so that a loop does not ask again and again. Default 5000; 0 forgets at once. */
  readonly refusalTime?: number
  /** Told of every token that is asked for, and of every call of a tool. Default: nobody. */
  readonly audit?: ((event: AgentEvent) => void | Promise<void>) | AgentAuditSink
  /** Told when events are lost. It must not throw; what it throws is ignored. */
  readonly onWarning?: (warning: AgentWarning) => void
  /** Used for every request. Default: the platform's own. */
  readonly fetch?: typeof fetch
  /** Milliseconds since the epoch. Default: the platform's clock. */
  readonly now?: () => number
}

/** Options looked over, with every default in place. */
export interface Settings extends Required<Omit<DelegationClientOptions, 'serverUrl' | 'audit'>> {
  readonly serverUrl: URL
  readonly audit: AgentAuditSink | undefined
}
