import type { Approvals } from '../approvals/approval.js'

/** What the token endpoint says about a request it does not grant (RFC 6749 section 5.2, RFC 8693, RFC 8707, RFC 9396, RFC 9449, RFC 9470). */
export type GrantError =
  | 'invalid_request'
  | 'unauthorized_client'
  | 'access_denied'
  | 'invalid_scope'
  | 'invalid_target'
  | 'invalid_authorization_details'
  | 'invalid_dpop_proof'
  | 'use_dpop_nonce'
  | 'consent_required'
  | 'insufficient_user_authentication'

/** What a refusal has besides its error. */
export interface RefusalOptions {
  /** The row of the policy that decided, as `roles.support@3`. */
  readonly policy?: string
  /** An attempt to get more than is allowed: it is counted, and enough of them lock the agent. */
  readonly isEscalation?: boolean
  /** Only the person lacks it: not counted, or one person could have the agent locked for everyone. */
  readonly isOfPerson?: boolean
  /** Seconds since their sign-in after which the person has to sign in again: `max_age` of the answer (RFC 9470 section 3). */
  readonly maxAge?: number
  /** What a person is asked because of it. */
  readonly ask?: Parameters<Approvals['ask']>[0]
}

/** A request for a token that is not granted. `message` is for the client's developer and holds nothing of a token. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly error: GrantError
  /** For the trail: stable. */
  readonly code: string
  readonly options: RefusalOptions

  constructor(error: GrantError, code: string, message: string, options: RefusalOptions = {}) {
    super(message)
    this.error = error
    this.code = code
    this.options = options
  }
}
