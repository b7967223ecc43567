/** Items of one agent that may wait for one person. */
export const mostWaiting = 20

/** Something that waits for a person. */
export interface Approval {
  readonly id: string
  /** `consent`: the person themselves; `grant` and `permission`: someone who may approve. */
  readonly kind: 'consent' | 'grant' | 'permission'
  readonly agentId: string
  /** Whose inbox it is in; null for approvers. */
  readonly subject: string | null
  readonly request: {
    readonly resource: string
    readonly scope: readonly string[]
    readonly details?: readonly unknown[]
    readonly transaction?: string
    readonly grantId?: string
    readonly justification?: string
    /** Shown to the person and on the agent's side (CIBA). */
    readonly bindingMessage?: string
    /** The authentication request that waits for it (CIBA), sealed. */
    readonly backchannelRequest?: string
  }
  readonly status: 'pending' | 'approved' | 'denied' | 'expired'
  readonly createdAt: number
  readonly expiresAt: number
  readonly decidedBy: string | null
}

/** The approvals of the server. */
export interface Approvals {
  /**
   * Opens an item; the pending one there is where the same was asked before.
   *
   * @throws InvalidInputError when a `consent` names no subject, or another kind names one
   */
  ask(item: Pick<Approval, 'kind' | 'agentId' | 'subject' | 'request'>): Promise<Approval>
  /**
   * Decides an item and does what it says: consents are kept, a grant opens; a `permission` is only recorded.
   * False where it is no longer pending, a `consent` is another person's, or the grant was decided elsewhere.
   */
  decide(id: string, decision: 'approved' | 'denied', by: string, sessionId: string | null): Promise<boolean>
  /** Told of every decision, inside its transaction: a rejection undoes it. */
  onDecided(listener: (decided: Approval, sessionId: string | null) => Promise<void>): void
  /** Marks the items that ran out: how many. Nothing depends on it being called in time. */
  expire(): Promise<number>
  find(id: string): Promise<Approval | undefined>
  /** Newest first. Items that ran out are not pending. `subject` null: the approvers' inbox. */
  list(filter: {
    readonly subject?: string | null
    readonly status?: Approval['status']
    readonly agentId?: string
    /** The last id of the page before. */
    readonly after?: string
    readonly limit: number
  }): Promise<readonly Approval[]>
}
