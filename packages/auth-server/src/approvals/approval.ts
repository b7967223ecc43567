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
  }
  readonly status: 'pending' | 'approved' | 'denied'
  readonly createdAt: number
  readonly expiresAt: number
  readonly decidedBy: string | null
}

/** The approvals of the server. */
export interface Approvals {
  /** Opens an item; the pending one there is where the same was asked before. */
  ask(item: Pick<Approval, 'kind' | 'agentId' | 'subject' | 'request'>): Promise<Approval>
  /** Decides an item and does what it says: consents are kept, a grant opens. False where it is no longer pending. */
  decide(id: string, decision: 'approved' | 'denied', by: string, sessionId: string | null): Promise<boolean>
  find(id: string): Promise<Approval | undefined>
  list(filter: { readonly subject?: string | null; readonly status?: Approval['status']; readonly limit: number }): Promise<readonly Approval[]>
}
