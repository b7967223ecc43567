/** A just-in-time grant: more than the roles give, for a while. */
export interface Grant {
  readonly id: string
  readonly agentId: string
  /** The person it is for; null for direct access. */
  readonly subject: string | null
  readonly resource: string
  readonly scope: readonly string[]
  readonly justification: string
  /** `approved` ones are open between `notBefore` and `expiresAt` while uses are left. */
  readonly status: 'requested' | 'approved' | 'denied' | 'revoked' | 'expired'
  /** Seconds the window stays open once approved. */
  readonly duration: number
  readonly maxUses: number | null
  readonly uses: number
  readonly transaction: string | null
  readonly notBefore: number | null
  readonly expiresAt: number | null
  readonly decidedBy: string | null
}

/** The just-in-time grants of the server. */
export interface Grants {
  /**
   * Keeps a request; the one that waits already where the same was asked before. Its justification is kept on one line.
   *
   * @param by - who asked on the agent's behalf, for the trail
   * @throws InvalidInputError without a justification of 1 to 500 characters, or with a window or number of uses out of bounds
   */
  request(
    grant: Pick<
      Grant,
      'agentId' | 'subject' | 'resource' | 'scope' | 'justification' | 'duration' | 'maxUses' | 'transaction'
    >,
    by?: string,
  ): Promise<Grant>
  /**
   * Decides a request. Approval opens the window now.
   *
   * @throws NotFoundError, ConflictError where it was decided already
   */
  decide(id: string, decision: 'approved' | 'denied', by: string): Promise<Grant>
  /**
   * An open grant that covers the scope, one use of it taken atomically; undefined where there is none.
   */
  use(need: {
    readonly agentId: string
    readonly subject: string | null
    readonly resource: string
    readonly scope: readonly string[]
    readonly transaction: string | null
  }): Promise<Grant | undefined>
  /** Marks and records the windows that closed: how many. Nothing depends on it being called in time. */
  expire(): Promise<number>
  find(id: string): Promise<Grant | undefined>
  /** Newest first. */
  list(filter: {
    readonly agentId?: string
    readonly status?: Grant['status']
    /** The last id of the page before. */
    readonly after?: string
    readonly limit: number
  }): Promise<readonly Grant[]>
}
