/** What went wrong, beside the error codes of OAuth that the server answers with. */
export type DelegationErrorCode =
  | 'configuration'
  | 'key_unavailable'
  | 'server_unavailable'
  | 'server_misbehaves'
  | 'server_not_accepted'
  | 'api_unavailable'
  | 'aborted'
  | (string & {})

/** What else is known of an error. */
export interface DelegationErrorOptions {
  readonly cause?: unknown
  readonly isTransient?: boolean
  readonly retryAfter?: number | undefined
}

/** A token could not be had. Its text never contains a token, a proof or a key. */
export class DelegationError extends Error {
  override readonly name: string = 'DelegationError'
  /** An error code of OAuth (`invalid_scope`, `invalid_target`, ...), or one of this package's own. */
  readonly code: DelegationErrorCode
  /** Whether the same request may succeed a moment later. */
  readonly isTransient: boolean
  /** Milliseconds after which the server wants to be asked again, where it says so (`Retry-After`). */
  readonly retryAfter: number | undefined

  constructor(code: DelegationErrorCode, message: string, options: DelegationErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.code = code
    this.isTransient = options.isTransient ?? false
    this.retryAfter = options.retryAfter
  }
}

/** What a person has to do before the agent can go on. */
export type Interaction =
  /** Consent, at this page; `approvalId` names the item there. */
  | { readonly kind: 'consent'; readonly uri: string | null; readonly approvalId: string | null }
  /** An approval by those who decide about the agent; `approvalId` names the item. */
  | { readonly kind: 'approval'; readonly uri: string | null; readonly approvalId: string }
  /** A fresh or a stronger sign-in (RFC 9470). */
  | { readonly kind: 'sign_in'; readonly acrValues: readonly string[]; readonly maxAge: number | null }

/** A person is needed. Show it, wait for them, and make the same request again. */
export class InteractionRequiredError extends DelegationError {
  override readonly name = 'InteractionRequiredError'
  readonly interaction: Interaction

  constructor(code: DelegationErrorCode, message: string, interaction: Interaction, options: { cause?: unknown } = {}) {
    super(code, message, options)
    this.interaction = interaction
  }
}
