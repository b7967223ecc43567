import { z } from 'zod'
import type { Context } from '../context.js'
import { first, json, type Value } from '../database/database.js'
import { ConflictError, NotFoundError, StaleVersionError } from '../errors.js'
import { line, lines, names, readInput } from '../input.js'
import type { Agent, AgentChange, Agents } from './agent.js'
import { type AgentRow, toAgent } from './agent-row.js'
import { countRefusal } from './escalation.js'

const changeSchema = z.strictObject({
  name: line.optional(),
  description: lines.optional(),
  owner: line.optional(),
  status: z.enum(['active', 'suspended', 'retired']).optional(),
  roles: names.optional(),
  ceiling: names.nullable().optional(),
})

/** `agent:` keeps ids apart from those of people and clients, which may not begin like that. */
const agentId = /^agent:[a-z0-9][a-z0-9._-]{0,99}$/u

/** What one is registered with. */
export const newAgentSchema = changeSchema.extend({
  id: z.string().regex(agentId, 'must be agent: and a name in lower case'),
  name: line,
  owner: line,
})

/** The agents of the database. Changes are recorded by who asks for them; a lock is recorded here. */
export function createAgents(
  context: Pick<Context, 'database' | 'settings' | 'now' | 'audit' | 'revocations'>,
): Agents {
  const { database, now, revocations } = context

  async function one(text: string, values: readonly Value[]): Promise<Agent | undefined> {
    const row = first(await database.query<AgentRow>(text, values))
    return row && toAgent(row)
  }

  /** The agent, held until the transaction under way ends. */
  async function hold(id: string, version?: number): Promise<Agent> {
    const agent = await one('select * from agents where id = $1 for update', [id])
    if (agent === undefined) throw new NotFoundError(`agent ${id} is not known`)
    if (version !== undefined && version !== agent.version) throw new StaleVersionError(`agent ${id} was changed`)
    return agent
  }

  async function write(agent: Agent): Promise<Agent> {
    const written = await one(
      `update agents set name = $2, description = $3, owner = $4, status = $5, roles = $6, ceiling = $7,
         version = version + 1, updated_at = $8
       where id = $1 returning *`,
      [
        agent.id,
        agent.name,
        agent.description,
        agent.owner,
        agent.status,
        json(agent.roles),
        agent.ceiling === null ? null : json(agent.ceiling),
        now(),
      ],
    )
    return written ?? agent
  }

  return {
    find: async (id) => (agentId.test(id) ? one('select * from agents where id = $1', [id]) : undefined),
    list: async ({ after = '', limit }) => {
      const rows = await database.query<AgentRow>('select * from agents where id > $1 order by id limit $2', [
        after,
        limit,
      ])
      return rows.map(toAgent)
    },
    create: async (input) => {
      const { id, name, owner, description, status, roles, ceiling } = readInput(newAgentSchema, input, 'agent')
      const created = await one(
        `insert into agents (id, name, description, owner, status, roles, ceiling, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $8) on conflict (id) do nothing returning *`,
        [
          id,
          name,
          description ?? '',
          owner,
          status ?? 'active',
          json(roles ?? []),
          ceiling === undefined || ceiling === null ? null : json(ceiling),
          now(),
        ],
      )
      if (created === undefined) throw new ConflictError(`agent ${id} exists`)
      return created
    },
    change: async (id, input, version, by = 'server') => {
      const change: AgentChange = readInput(changeSchema, input, 'agent')
      return database.transaction(async () => {
        const before = await hold(id, version)
        if (before.status === 'retired') throw new ConflictError(`agent ${id} is retired, which is for ever`)
        const after = await write({ ...before, ...definedOf(change) })
        if (after.status !== 'active' && after.status !== before.status) {
          await revocations.withdraw({ kind: 'agent', value: id, reason: `agent_${after.status}`, by })
        }
        return after
      })
    },
    countRefusal: (id) => countRefusal(context, id),
    unlock: async (id) =>
      database.transaction(async () => {
        const before = await hold(id)
        if (before.lockedUntil === null || before.lockedUntil <= now()) return before
        const unlocked = await one(
          `update agents set locked_until = null, refusals = '[]', version = version + 1, updated_at = $2
           where id = $1 returning *`,
          [id, now()],
        )
        return unlocked ?? before
      }),
  }
}

/** A member that is undefined changes nothing. */
function definedOf(change: AgentChange): AgentChange {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined))
}
