import { z } from 'zod'
import type { Agent } from '../../agents/agent.js'
import type { Context } from '../../context.js'
import { refuseOwnAgent } from '../caller.js'
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

const change = z.strictObject({
  name: line.optional(),
  description: z.string().max(2000).optional(),
  owner: line.optional(),
  status: status.optional(),
  roles: names.optional(),
  ceiling: names.nullable().optional(),
})

/** Agents: who acts. */
export function agentRoutes({ agents }: Context): readonly Route[] {
  const find = (id: string): Promise<Agent> => found(agents.find(id), 'agent')
  const base = { tag: 'Agents' } as const

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
      summary: 'Register an agent',
      method: 'post',
      path: '/agents',
      scope: 'admin:write',
      status: 201,
      entity: true,
      body: change.extend({ id: identifier, name: line, owner: line }),
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
      run: async ({ caller, params, body, expect }) => {
        const before = await find(params.id)
        refuseOwnAgent(caller, before.id)
        expect(before)
        const after = await agents.change(params.id, body, before.version, caller.by)
        return { body: after, changes: changesOf(before, after) }
      },
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
