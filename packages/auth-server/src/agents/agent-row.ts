import type { Agent } from './agent.js'

/** A row of table `agents`. */
export interface AgentRow {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly owner: string
  readonly status: Agent['status']
  readonly roles: readonly string[]
  readonly ceiling: readonly string[] | null
  readonly locked_until: number | null
  readonly version: number
  readonly created_at: number
  readonly updated_at: number
}

export function toAgent(row: AgentRow): Agent {
  const { locked_until, created_at, updated_at, id, name, description, owner, status, roles, ceiling, version } = row
  return {
    id,
    name,
    description,
    owner,
    status,
    roles,
    ceiling,
    lockedUntil: locked_until,
    version,
    createdAt: created_at,
    updatedAt: updated_at,
  }
}
