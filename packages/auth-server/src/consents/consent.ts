import type { ConsentMode } from '../policy/document.js'

/** What a person allowed an agent: one permission, at one API, for one record where it names one. */
export interface Consent {
  readonly id: string
  readonly subject: string
  readonly agentId: string
  readonly permission: string
  readonly resource: string
  /** Digest of the one entry of `authorization_details` it covers; empty where it names no record. */
  readonly detailsDigest: string
  readonly mode: Exclude<ConsentMode, 'none'>
  /** The task, for `per_task`. */
  readonly transaction: string | null
  readonly status: 'granted' | 'used' | 'withdrawn'
  readonly sessionId: string | null
  readonly createdAt: number
  readonly expiresAt: number | null
}

/** What a call needs consent for. */
export interface ConsentNeed {
  readonly subject: string
  readonly agentId: string
  readonly permission: string
  readonly resource: string
  readonly detailsDigest: string
  readonly mode: Consent['mode']
  readonly transaction: string | null
}

/** The consents of the server. */
export interface Consents {
  /**
   * Keeps what a person allowed. One in force for the same is made to last longer, but for `each_time`: two are two uses.
   *
   * @throws InvalidInputError when one for a task names none
   */
  grant(
    consent: ConsentNeed & { readonly sessionId: string | null; readonly expiresAt: number | null },
  ): Promise<Consent>
  /**
   * The consents that cover every need, used up where they are for one time: atomically, so that two calls never share one.
   * Undefined, with nothing used up, where one is missing.
   */
  use(needs: readonly ConsentNeed[]): Promise<readonly Consent[] | undefined>
  /** Those of a person, newest first. */
  list(filter: {
    readonly subject?: string
    readonly agentId?: string
    readonly status?: Consent['status']
    /** The last id of the page before. */
    readonly after?: string
    readonly limit: number
  }): Promise<readonly Consent[]>
  find(id: string): Promise<Consent | undefined>
}
