import type { AuditEvent, AuditSink } from './audit/event.js'
import type { ClientCertificateHeader } from './binding/binding.js'
import type { DpopMode, DpopOptions } from './binding/dpop.js'
import type { ReplayStore } from './binding/replay.js'
import type { ClaimsSchema } from './claims-schema.js'
import type { SigningAlgorithm } from './jws/algorithm.js'
import type { RevocationCheck, RevocationSink } from './revocation/revocation.js'
import type { SecurityEvent } from './revocation/security-events.js'
import type { StatusListOptions } from './revocation/status-list-options.js'
import type { Claims } from './token/claims.js'
import type { DelegationOptions } from './token/delegation.js'
import type { IntrospectionOptions } from './token/introspection-options.js'
import type { TrustedIssuer } from './trusted-issuer.js'
import type { WarningListener } from './warning.js'

/** Settings of a resource server. Only `issuer` and `audience` are required. */
export interface ResourceServerOptions<C = Claims> {
  /** Whose tokens are accepted, compared exactly. A URL is enough where the issuer publishes its metadata. */
  readonly issuer: string | TrustedIssuer | readonly (string | TrustedIssuer)[]
  /** Identifier of this API: `aud` of a token must contain it (RFC 9068 section 4). */
  readonly audience: string
  /**
   * URL of this API as clients see it, for its metadata (RFC 9728), DPoP proofs and `authorization_details` that name
   * their `locations`. Never taken from a request. Default: `audience` when that is a URL.
   */
  readonly resource?: string
  /** Algorithms every issuer may sign with. Default: RS, PS and ES with 256, 384, 512 bits, EdDSA, Ed25519. */
  readonly algorithms?: readonly SigningAlgorithm[]
  /** Seconds by which clocks may differ, 0 to 300. Default 5. */
  readonly clockTolerance?: number
  /** Seconds since `iat` after which a token is refused. Default: no limit of its own. */
  readonly maxTokenAge?: number
  /** Longest accepted lifetime (`exp` minus `iat`) in seconds. Default: 900 for delegated tokens, no limit for direct ones. */
  readonly maxTokenLifetime?: { readonly delegated?: number; readonly direct?: number }
  /** Bytes; a larger token is refused before anything is decoded. Default 16384. */
  readonly maxTokenSize?: number
  /** How delegation chains are judged. */
  readonly delegation?: DelegationOptions
  /** Times of the key cache. */
  readonly keySet?: KeySetOptions
  /** Verified tokens that are remembered. `false`: none. Default 10000 entries. */
  readonly tokenCache?: false | { readonly maxEntries?: number }
  /** Parses and types `Principal.claims`: a schema of zod, valibot, arktype or another Standard Schema library. */
  readonly claims?: ClaimsSchema<C>
  /**
   * Whether tokens bound to a key are accepted with a DPoP proof (RFC 9449): `'disabled'`, `'allowed'`, or `'required'`
   * for every token. Default `'allowed'` where this API has a URL (`resource`), which proofs are compared with.
   */
  readonly dpop?: DpopMode | DpopOptions
  /**
   * The header in which a proxy passes the client's certificate on, for tokens bound to one (RFC 8705). Default: the
   * certificate of the connection itself.
   */
  readonly clientCertificateHeader?: ClientCertificateHeader
  /**
   * Remembers what may be used once: DPoP proofs, and tokens on routes with `singleUse`. Processes that share the load
   * must share it. Default: the memory of this process.
   */
  readonly replayStore?: ReplayStore | ReplayOptions
  /** Says whether a token has been withdrawn, asked at every request: one check or several. */
  readonly revocation?: RevocationCheck | readonly RevocationCheck[]
  /** Status lists that tokens may point to (Token Status List draft). Default: the claim is not looked at. */
  readonly statusList?: StatusListOptions
  /**
   * Asks the issuer about tokens (RFC 7662): those that are no JWT (`mode: 'opaque'`), or every one (`'always'`). A route
   * can ask for every one by itself: `Requirement.introspection`. Answers are remembered for a short time.
   */
  readonly introspection?: IntrospectionOptions
  /**
   * What security events of the trusted issuers (RFC 8417, CAEP, RISC) put in force. The guard that receives them is
   * mounted with `securityEvents()`. Default: none are received.
   */
  readonly securityEvents?: SecurityEventOptions
  /** Receives one event per decision: a function, a sink, or a sink that decisions wait for (`required`). */
  readonly audit?: ((event: AuditEvent) => unknown) | AuditSink | AuditOptions
  /** Milliseconds a requirement function or a `check` may take before the request is refused. Default 5000. */
  readonly policyTimeout?: number
  /** What an operator should know: stale keys serving, bad keys skipped, events dropped. */
  readonly onWarning?: WarningListener
  /** Seconds since the epoch; every clock of the resource server. Default: the system clock. */
  readonly now?: () => number
}

/** What becomes of security events. */
export interface SecurityEventOptions {
  /** Where revocations go: a revocation list that is also in `revocation`. */
  readonly revocations: RevocationSink
  /** `aud` of the events. Default: `audience`. */
  readonly audience?: string
  /** Learns of each event once it is in force. What it throws is ignored. */
  readonly onEvent?: (event: SecurityEvent) => void
}

/** A replay store with more than its defaults. */
export interface ReplayOptions {
  readonly store: ReplayStore
  /** Milliseconds the store may take. Default 250. */
  readonly timeout?: number
  /**
   * Whether a request is allowed without the check while the store cannot be reached: a stolen proof or token is then
   * good for as often as it is sent. Every such request is marked in its audit event (`unchecked`). Default false: 503.
   */
  readonly allowUncheckedWhenUnavailable?: boolean
}

/** Times of the key cache, in milliseconds. */
export interface KeySetOptions {
  /** How long fetched keys count as fresh; `Cache-Control: max-age` may shorten it. Default 600000. */
  readonly cacheMaxAge?: number
  /** An unknown `kid` is looked up at most once in this time; failed fetches back off up to it. Default 30000. */
  readonly cooldownDuration?: number
  /** Deadline of a refresh, discovery and bodies included. Default 5000. */
  readonly timeoutDuration?: number
  /** How much longer the last keys serve while the issuer cannot be reached. Default 3600000. */
  readonly cacheMaxAgeFallback?: number
}

/** Auditing with more than a function. */
export interface AuditOptions {
  readonly sink: AuditSink
  /** `true`: a decision waits for its event; `audit_unavailable` (503) when the sink fails. Default false. */
  readonly required?: boolean
  /** Milliseconds a required event may take, and `close` may wait. Default 1000. */
  readonly timeout?: number
}
