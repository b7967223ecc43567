/** An agent: who acts. */
export interface Agent {
  /** Stable, as in `act.sub`: `agent:support`. */
  readonly id: string
  /** What people see on the consent page. */
  readonly name: string
  readonly description: string
  /** Who answers for it. */
  readonly owner: string
  readonly status: 'active' | 'suspended' | 'retired'
  readonly roles: readonly string[]
  /** Permissions it never exceeds; null for none. */
  readonly ceiling: readonly string[] | null
  /** Until when it gets nothing because of repeated escalation; null where it is not locked. */
  readonly lockedUntil: number | null
  readonly version: number
  readonly createdAt: number
  readonly updatedAt: number
}

/** What is set when one is registered or changed. */
export interface AgentChange {
  readonly name?: string
  readonly description?: string
  readonly owner?: string
  readonly status?: Agent['status']
  readonly roles?: readonly string[]
  readonly ceiling?: readonly string[] | null
}

/** The agents of the server. */
export interface Agents {
  find(id: string): Promise<Agent | undefined>
  /** In order of id, those after `after`. */
  list(page: { readonly after?: string; readonly limit: number }): Promise<readonly Agent[]>
  /** @throws InvalidInputError, ConflictError when the id is taken */
  create(agent: AgentChange & { readonly id: string; readonly name: string; readonly owner: string }): Promise<Agent>
  /**
   * One that becomes suspended or retired gets nothing more, and what it was given is withdrawn. A retired one stays as it is.
   *
   * @param version - of the agent that was looked at: another one since is a conflict
   * @param by - who asks, for what is withdrawn. Default `server`
   * @throws NotFoundError, InvalidInputError, StaleVersionError, ConflictError for a retired one
   */
  change(id: string, change: AgentChange, version?: number, by?: string): Promise<Agent>
  /** Counts a refused escalation. True when this one locks the agent; not for one that is locked already. */
  countRefusal(id: string): Promise<boolean>
  /**
   * Ends a lock before its time; an agent without one stays as it is.
   *
   * @throws NotFoundError
   */
  unlock(id: string): Promise<Agent>
}
