import { z } from 'zod'
import type { Agent, AgentChange } from '../../agents/agent.js'
import type { Context } from '../../context.js'
import { type Caller, refuseOwnAgent } from '../caller.js'
import { identifier, idParams, line, listOf, moment, names, text } from '../fields.js'
import { found } from '../found.js'
import { cutPage, pageOf, pageQuery } from '../page.js'
import { type Change, type Route, route } from '../route.js'

const status = z.enum(['active', 'suspended', 'retired'])

const agent = z
  .object({
    id: text.describe('As in `act.sub` of its tokens.'),
    name: text,
    description: text,
    owner: text.describe('Who answers for it.'),
    status,
    roles: listOf(text),
    ceiling: listOf(text).nullable().describe('Permissions it never exceeds; null for no ceiling.'),
    lockedUntil: moment.nullable().describe('Until when repeated escalation keeps it from getting tokens.'),
    version: z.number(),
    createdAt: moment,
    updatedAt: moment,
  })
  .meta({ id: 'Agent' })

const description = z.strictObject({
  name: line.optional(),
  description: z.string().max(2000).optional(),
  owner: line.optional(),
})

/** What takes power away, beside the description. */
const change = description.extend({ status: z.enum(['suspended', 'retired']).optional() })

/** What gives power. */
const authority = z.strictObject({
  status: z.literal('active').optional(),
  roles: names.optional(),
  ceiling: names.nullable().optional(),
})

/** Agents: who acts. */
export function agentRoutes({ agents }: Context): readonly Route[] {
  const find = (id: string): Promise<Agent> => found(agents.find(id), 'agent')
  const base = { tag: 'Agents' } as const

  /** One agent, changed by anyone but itself. */
  async function changeOne(
    caller: Caller,
    id: string,
    body: AgentChange,
    expect: (before: Agent) => void,
  ): Promise<{ readonly body: Agent; readonly changes: readonly Change[] }> {
    const before = await find(id)
    refuseOwnAgent(caller, before.id)
    expect(before)
    const after = await agents.change(id, body, before.version, caller.by)
    return { body: after, changes: changesOf(before, after) }
  }

  return [
    route({
      ...base,
      name: 'listAgents',
      summary: 'Agents, by id',
      method: 'get',
      path: '/agents',
      scope: 'admin:read',
      query: z.strictObject(pageQuery),
      answer: pageOf(agent),
      run: ({ query: { limit, after } }) =>
        cutPage(
          limit,
          (limit) => agents.list({ limit, after }),
          ({ id }) => id,
        ),
    }),
    route({
      ...base,
      name: 'registerAgent',
      summary: 'Register an agent, which has no role yet',
      method: 'post',
      path: '/agents',
      scope: 'admin:write',
      status: 201,
      entity: true,
      body: description.extend({ id: identifier, name: line, owner: line }),
      answer: agent,
      run: async ({ body }) => {
        const made = await agents.create(body)
        return {
          body: made,
          location: `/agents/${encodeURIComponent(made.id)}`,
          changes: [{ type: 'agent.registered', actor: partyOf(made), after: made }],
        }
      },
    }),
    route({
      ...base,
      name: 'readAgent',
      summary: 'One agent',
      method: 'get',
      path: '/agents/:id',
      scope: 'admin:read',
      entity: true,
      params: idParams,
      answer: agent,
      run: async ({ params }) => ({ body: await find(params.id) }),
    }),
    route({
      ...base,
      name: 'changeAgent',
      summary: 'Change an agent; suspending or retiring it ends its tokens',
      method: 'patch',
      path: '/agents/:id',
      scope: 'admin:write',
      entity: true,
      ifMatch: 'heeded',
      params: idParams,
      body: change,
      answer: agent,
      run: ({ caller, params, body, expect }) => changeOne(caller, params.id, body, expect),
    }),
    route({
      ...base,
      name: 'changeAgentAuthority',
      summary: 'Change what an agent may do: its roles, its ceiling, and whether it is active again',
      method: 'patch',
      path: '/agents/:id/authority',
      scope: 'admin:write',
      dangerous: true,
      entity: true,
      ifMatch: 'heeded',
      params: idParams,
      body: authority,
      answer: agent,
      run: ({ caller, params, body, expect }) => changeOne(caller, params.id, body, expect),
    }),
    route({
      ...base,
      name: 'unlockAgent',
      summary: 'End the lock that repeated escalation set',
      method: 'post',
      path: '/agents/:id/unlock',
      scope: 'admin:write',
      entity: true,
      ifMatch: 'heeded',
      params: idParams,
      answer: agent,
      run: async ({ caller, params, expect }) => {
        const before = await find(params.id)
        refuseOwnAgent(caller, before.id)
        expect(before)
        const after = await agents.unlock(params.id)
        const detail = { unlocked: true }
        return { body: after, changes: [{ type: 'agent.changed', actor: partyOf(after), before, after, detail }] }
      },
    }),
  ]
}

function partyOf({ id }: Agent): Change['actor'] {
  return { id, profile: 'ai_agent' }
}

/** An agent that gets other roles is an event of its own, beside what else became of it. */
function changesOf(before: Agent, after: Agent): readonly Change[] {
  const actor = partyOf(after)
  const type =
    before.status !== after.status && after.status === 'suspended'
      ? 'agent.suspended'
      : before.status !== after.status && after.status === 'retired'
        ? 'agent.retired'
        : 'agent.changed'
  const changes: Change[] = [{ type, actor, before, after }]
  if (before.roles.join(' ') !== after.roles.join(' ')) {
    changes.push({ type: 'role.changed', actor, before: before.roles, after: after.roles })
  }
  return changes
}
