import type { Permission } from './document.js'

/** The question: may this agent, for this person or by itself, use these permissions at this API now? */
export interface PolicyQuestion {
  readonly agent: {
    readonly id: string
    readonly status: 'active' | 'suspended' | 'retired'
    readonly roles: readonly string[]
    /** Permissions it can never exceed, whatever its roles say; null for no ceiling. */
    readonly ceiling: readonly string[] | null
    /** Until when it gets nothing, seconds since the epoch; null or left out where it is not locked. */
    readonly lockedUntil?: number | null
  }
  /** The person, and what they may do themselves; undefined for direct access. */
  readonly subject?: {
    readonly id: string
    readonly permissions: readonly string[]
    readonly acr?: string
    /** When they signed in, seconds since the epoch; left out where nobody knows. */
    readonly authTime?: number
  }
  readonly resource: string
  /** Permission names, as asked for in `scope`. None at all is never allowed. */
  readonly scope: readonly string[]
  readonly tool?: string
  /** Seconds since the epoch. */
  readonly now: number
}

/** Why one permission was granted or refused. */
export type VerdictCode =
  | 'role'
  | 'allow_rule'
  | 'agent_inactive'
  | 'agent_locked'
  | 'denied_by_rule'
  | 'unknown_permission'
  | 'other_resource'
  | 'tool_not_allowed'
  | 'above_ceiling'
  | 'subject_lacks'
  | 'no_role'
  | 'sign_in_too_old'

/**
 * The answer for one permission. `row` says which row decided: of the document, as `roles.support`, `rules.no-refunds-at-night`,
 * `permissions.billing:read.tools`; or of the agent or person asked about, as `agents.agent:support.ceiling`.
 */
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

/** A row that has something to say about a permission. */
export interface MatchedRow {
  readonly row: string
  readonly code: VerdictCode
  /** What it would answer by itself. */
  readonly allowed: boolean
  /** `why` of a rule. */
  readonly why?: string
}

/** A verdict with every row that matched, in the order in which they count: the first one decided. */
export interface ExplainedVerdict extends Verdict {
  readonly rows: readonly MatchedRow[]
}

/** A decision with its reasons. */
export interface Explanation {
  readonly allowed: boolean
  readonly version: number
  readonly permissions: readonly ExplainedVerdict[]
}
