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
  list(page: { readonly after?: string; readonly limit: number }): Promise<readonly Agent[]>
  create(agent: AgentChange & { readonly id: string; readonly name: string; readonly owner: string }): Promise<Agent>
  /**
   * @param version - of the agent that was looked at: another one since is a conflict
   * @throws StaleVersionError
   */
  change(id: string, change: AgentChange, version?: number): Promise<Agent>
  /** Counts a refused escalation. True when this one locks the agent. */
  countRefusal(id: string): Promise<boolean>
}
