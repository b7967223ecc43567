import type { Permission } from './document.js'

/** The question: may this agent, for this person or by itself, use these permissions at this API now? */
export interface PolicyQuestion {
  readonly agent: {
    readonly id: string
    readonly status: 'active' | 'suspended' | 'retired'
    readonly roles: readonly string[]
    /** Permissions it can never exceed, whatever its roles say; null for no ceiling. */
    readonly ceiling: readonly string[] | null
  }
  /** The person, and what they may do themselves; undefined for direct access. */
  readonly subject?: { readonly id: string; readonly permissions: readonly string[]; readonly acr?: string }
  readonly resource: string
  /** Permission names, as asked for in `scope`. */
  readonly scope: readonly string[]
  readonly tool?: string
  /** Seconds since the epoch. */
  readonly now: number
}

/** Why one permission was granted or refused. */
export type VerdictCode =
  | 'role'
  | 'allow_rule'
  | 'unknown_permission'
  | 'agent_inactive'
  | 'other_resource'
  | 'above_ceiling'
  | 'subject_lacks'
  | 'denied_by_rule'
  | 'tool_not_allowed'
  | 'no_role'

/** The answer for one permission. `row` says which row of the document decided, as `roles.support`, `rules.no-refunds-at-night`. */
export interface Verdict {
  readonly name: string
  readonly allowed: boolean
  readonly code: VerdictCode
  readonly row: string
  /** Undefined for one that the document does not know. */
  readonly permission?: Permission
}

/** The answer as a whole: allowed only where every permission is. */
export interface PolicyDecision {
  readonly allowed: boolean
  /** Version of the policy that answered. */
  readonly version: number
  readonly verdicts: readonly Verdict[]
}
