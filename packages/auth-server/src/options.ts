import type { Logger } from 'pino'
import type { ClientMetadata } from './clients/client.js'
import type { PolicyDocument } from './policy/document.js'

/** How an auth server is set up. */
export interface AuthServerOptions {
  /** The server's URL as everyone sees it: `iss` of its tokens. https, or http on a loopback address. */
  readonly issuer: string
  /** `postgres://...`; a folder for the embedded database; or `memory`. Default `memory`. */
  readonly database?: string
  /**
   * Encrypts keys at rest: 32 bytes in base64url, the same for every process. Required unless the database is in memory.
   * Earlier ones after the first let a new one come in use.
   */
  readonly encryptionKey?: string | readonly string[]
  /** Algorithm of new signing keys. Default `ES256`. */
  readonly signingAlgorithm?: 'ES256' | 'EdDSA'
  /** Seconds. */
  readonly lifetimes?: {
    /** A delegation token, where its API sets no other. Default 60, at most 300. */
    readonly delegation?: number
    /** An agent's own token. Default 300, at most 900. */
    readonly direct?: number
    /** A person's token, which agents exchange. Default 600, at most 3600. */
    readonly subject?: number
    /** A refresh token. Default 86400. */
    readonly refresh?: number
    /** A sign-in. Default 28800. */
    readonly session?: number
    /** A `once` consent. Default 2592000 (30 days). */
    readonly consent?: number
    /** An item of the approvals inbox. Default 600. */
    readonly approval?: number
  }
  /** Objects in `act`, the current actor included. Default 4. */
  readonly maxChainDepth?: number
  /** Refusals for escalation in `window` seconds that lock an agent for `duration` seconds. Default 5 in 300, 900. */
  readonly escalation?: { readonly limit?: number; readonly window?: number; readonly duration?: number }
  /** How keys are rotated, in seconds. Default: every 90 days, published 600 s before use, checked every second. */
  readonly keys?: { readonly rotateEvery?: number; readonly leadTime?: number }
  /**
   * Requests a minute: by client at the token and introspection endpoints (600, 6000), by address at sign-in (30) and approvals
   * (60). `audit`: events a minute that a client may send to the trail (60000).
   */
  readonly rateLimits?: {
    readonly token?: number
    readonly introspection?: number
    readonly login?: number
    readonly approval?: number
    readonly audit?: number
  }
  /**
   * Proofs of possession at the token endpoint. `nonce: 'required'`: each carries a nonce of this server, so that none is made in
   * advance (RFC 9449 section 8); one without is answered with `use_dpop_nonce` and a nonce. Default `off`.
   */
  readonly dpop?: { readonly nonce?: 'off' | 'required' }
  /** Whether a token is issued when its event cannot be written. `required` refuses. Default `required`. */
  readonly audit?: 'required' | 'best-effort'
  /** Name of this process in the trail. Default: a random one. */
  readonly instance?: string
  /** What to start with on an empty database, and what to add later: existing entries stay as they are. */
  readonly seed?: Seed
  /** Structured log. Default: none. */
  readonly log?: Logger
  /** Proxies in front, whose `X-Forwarded-For` and `-Proto` are believed. Default 0. */
  readonly trustedProxies?: number
  /** Seconds since the epoch. Default: the system's clock. */
  readonly now?: () => number
}

/** First entries of a server. */
export interface Seed {
  readonly policy?: PolicyDocument
  readonly agents?: readonly {
    readonly id: string
    readonly name: string
    readonly owner: string
    readonly description?: string
    readonly roles?: readonly string[]
    readonly ceiling?: readonly string[]
  }[]
  readonly clients?: readonly {
    readonly id: string
    readonly name: string
    readonly agent?: string
    readonly metadata: ClientMetadata
    /** A client secret chosen by whoever runs the server; lives a year. */
    readonly secret?: string
  }[]
  readonly accounts?: readonly {
    readonly subject: string
    readonly username: string
    readonly name: string
    readonly password: string
    readonly permissions?: readonly string[]
  }[]
}
