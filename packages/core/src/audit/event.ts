import type { ErrorCode } from '../errors.js'

/** Somebody in an audit event: a subject or an actor. */
export interface AuditParty {
  readonly id: string
  readonly iss: string
  readonly profile?: string
}

/**
 * What was decided, and about whom: one event per decision. A JSON document with `snake_case` members, made to be
 * stored as it is. It never holds a token, a proof or a secret; texts that came with the token are cut and freed of
 * control characters; the whole is at most 4 kB.
 *
 * Who is named was proven: a token whose signature did not hold leaves only its `token.sha256`.
 */
export interface DecisionEvent {
  readonly schema: 'delegation-audit/1'
  /** UUIDv7 (RFC 9562): unique, and sorts by time. */
  readonly id: string
  /** RFC 3339, UTC, milliseconds. */
  readonly time: string
  readonly type: 'access.decision'
  /** `'error'`: the request was refused because of a fault of this server (status 500 and above). */
  readonly decision: 'allow' | 'deny' | 'error'
  readonly reason: { readonly code: ErrorCode | 'allowed'; readonly oauth_error?: string }
  /** Whose authority is used. */
  readonly subject?: AuditParty
  /** The current actor. */
  readonly actor?: AuditParty
  /** The delegation chain, current actor first. */
  readonly chain?: readonly AuditParty[]
  /** How many actors the token names, cut from `chain` or not. */
  readonly chain_depth?: number
  /** False when actors were cut from `chain`. */
  readonly chain_complete?: boolean
  readonly client?: { readonly id: string }
  readonly mode?: 'delegated' | 'direct'
  readonly token?: {
    /** SHA-256 of the token, the first 16 bytes as base64url. */
    readonly sha256: string
    readonly iss?: string
    readonly jti?: string
    /** Seconds since the epoch. */
    readonly iat?: number
    /** Seconds since the epoch. */
    readonly exp?: number
    /** How the caller proved that the token is its own; absent for a bearer token. */
    readonly bound?: 'dpop' | 'mtls'
    readonly grant_id?: string
  }
  /** What the route asked for. */
  readonly requested?: { readonly scope?: readonly string[]; readonly any_scope?: readonly string[] }
  /** What the token allows. */
  readonly granted?: { readonly scope: readonly string[] }
  readonly resource: {
    readonly aud: string
    /** Template of the route, such as `/customers/:id`. */
    readonly route?: string
  }
  readonly request: { readonly method: string }
  /** From the `traceparent` header (W3C Trace Context). */
  readonly trace?: { readonly trace_id: string; readonly span_id: string }
  /** What the token was issued for: the tool that calls (`tctx.tool`). */
  readonly tool?: { readonly name: string }
  /** What the token was issued for (`tctx.purpose`). */
  readonly purpose?: string
  /** How the user signed in, as far as the token says. */
  readonly assurance?: { readonly acr?: string; readonly auth_time?: number }
  /** Checks that could not be made and were waived by configuration: the request was allowed all the same. */
  readonly unchecked?: readonly 'replay'[]
  /** `txn` of the token: joins everything that was done for one task. */
  readonly txn?: string
  /** Milliseconds from the first look at the request to the decision. */
  readonly duration_ms: number
}

/** Says that events were lost since the last one that was delivered. */
export interface DroppedEvent {
  readonly schema: 'delegation-audit/1'
  readonly id: string
  readonly time: string
  readonly type: 'audit.dropped'
  /** How many events were lost. */
  readonly dropped: number
  readonly resource: { readonly aud: string }
}

/** Everything an {@link AuditSink} receives. */
export type AuditEvent = DecisionEvent | DroppedEvent

/** Where audit events go. */
export interface AuditSink {
  /** Takes one event. A promise that rejects counts as lost, or refuses the request when auditing is required. */
  record(event: AuditEvent): void | Promise<void>
  /** Writes out what is still held back. */
  flush?(): void | Promise<void>
  close?(): void | Promise<void>
}
