import type { Agent } from '../agents/agent.js'
import type { PolicyDocument } from './document.js'

/**
 * The policy with those it is about, as one file that can live in git and be looked over before it counts. Clients, passwords and
 * keys are no part of it.
 */
export interface PolicyFile extends PolicyDocument {
  /** By agent id. */
  readonly agents?: Readonly<Record<string, AgentEntry>>
  /** By subject: what the people who have an account may do themselves. */
  readonly accounts?: Readonly<Record<string, AccountEntry>>
}

/** An agent of the file; left out: no description, `active`, no roles, no ceiling. */
export interface AgentEntry {
  readonly name: string
  readonly description?: string
  readonly owner: string
  readonly status?: Agent['status']
  readonly roles?: readonly string[]
  readonly ceiling?: readonly string[]
}

export interface AccountEntry {
  readonly permissions: readonly string[]
}
