import { z } from 'zod'
import type { Approval } from '../../approvals/approval.js'
import type { Context } from '../../context.js'
import type { Grant } from '../../grants/grant.js'
import { refuseOwnAgent } from '../caller.js'
import { filter, identifier, idParams, listOf, moment, names, reasonBody, text } from '../fields.js'
import { found } from '../found.js'
import { cutPage, pageOf, pageQuery } from '../page.js'
import { type Route, route } from '../route.js'

/** Seconds a window stays open where nobody says. */
const defaultDuration = 900

/** Items of one agent that can wait at a time. */
const mostItems = 1000

const status = z.enum(['requested', 'approved', 'denied', 'revoked', 'expired'])

const grant = z
  .object({
    id: text,
    agentId: text,
    subject: text.nullable().describe('The person it is for; null for direct access.'),
    resource: text,
    scope: listOf(text),
    justification: text.describe('Written by whoever asked: not to be trusted.'),
    status,
    duration: z.number().describe('Seconds the window stays open once approved.'),
    maxUses: z.number().nullable(),
    uses: z.number(),
    transaction: text.nullable(),
    notBefore: moment.nullable(),
    expiresAt: moment.nullable(),
    decidedBy: text.nullable(),
  })
  .meta({ id: 'Grant' })

/** Just-in-time grants: more than the roles give, for a while. */
export function grantRoutes({ grants, approvals, revocations }: Context): readonly Route[] {
  const find = (id: string): Promise<Grant> => found(grants.find(id), 'grant')
  const base = { tag: 'Grants' } as const
  const one = { ...base, entity: true, params: idParams, answer: grant } as const

  /** Approvers see a request in their inbox, wherever it came from. */
  async function openItem({ id: grantId, agentId, resource, scope, justification }: Grant): Promise<void> {
    await approvals.ask({ kind: 'grant', agentId, subject: null, request: { resource, scope, grantId, justification } })
  }

  /** The item that waits for the same decision: it is decided with the grant. */
  async function findItem({ id, agentId }: Grant): Promise<Approval | undefined> {
    const waiting = await approvals.list({ subject: null, status: 'pending', agentId, limit: mostItems })
    return waiting.find(({ request }) => request.grantId === id)
  }

  const decide = (name: 'approveGrant' | 'denyGrant', summary: string, decision: 'approved' | 'denied'): Route =>
    route({
      ...one,
      name,
      summary,
      method: 'post',
      path: decision === 'approved' ? '/grants/:id/approve' : '/grants/:id/deny',
      scope: 'admin:approve',
      ifMatch: 'heeded',
      run: async ({ caller, params, expect }) => {
        const before = await find(params.id)
        refuseOwnAgent(caller, before.agentId)
        expect(before)
        const item = await findItem(before)
        const isDone = item !== undefined && (await approvals.decide(item.id, decision, caller.by, caller.sessionId))
        return { body: isDone ? await find(params.id) : await grants.decide(params.id, decision, caller.by) }
      },
    })

  return [
    route({
      ...base,
      name: 'listGrants',
      summary: 'Just-in-time grants, newest first',
      method: 'get',
      path: '/grants',
      scope: 'admin:read',
      query: z.strictObject({ ...pageQuery, agentId: filter, status: status.optional() }),
      answer: pageOf(grant),
      run: ({ query: { limit, ...rest } }) =>
        cutPage(
          limit,
          (limit) => grants.list({ ...rest, limit }),
          ({ id }) => id,
        ),
    }),
    route({
      ...base,
      name: 'requestGrant',
      summary: 'Ask for a grant for an agent',
      method: 'post',
      path: '/grants',
      scope: 'admin:write',
      status: 201,
      entity: true,
      body: z.strictObject({
        agentId: identifier,
        subject: identifier.nullable().default(null),
        resource: z.string().min(1).max(500),
        scope: names,
        justification: z.string().min(1).max(500),
        duration: z.int().min(1).default(defaultDuration).describe('Seconds.'),
        maxUses: z.int().min(1).nullable().default(null),
        transaction: identifier.nullable().default(null),
      }),
      answer: grant,
      run: async ({ caller, body }) => {
        const made = await grants.request(body, caller.by)
        await openItem(made)
        return { body: made, location: `/grants/${encodeURIComponent(made.id)}` }
      },
    }),
    route({
      ...one,
      name: 'readGrant',
      summary: 'One grant',
      method: 'get',
      path: '/grants/:id',
      scope: 'admin:read',
      run: async ({ params }) => ({ body: await find(params.id) }),
    }),
    decide('approveGrant', 'Approve a grant: its window opens now', 'approved'),
    decide('denyGrant', 'Deny a grant', 'denied'),
    route({
      ...one,
      name: 'revokeGrant',
      summary: 'Take a grant back, and every token issued under it',
      method: 'post',
      path: '/grants/:id/revoke',
      scope: 'admin:revoke',
      ifMatch: 'heeded',
      body: reasonBody,
      run: async ({ caller, params, body, expect }) => {
        expect(await find(params.id))
        await revocations.withdraw({ kind: 'grant', value: params.id, reason: body.reason, by: caller.by })
        return { body: await find(params.id) }
      },
    }),
  ]
}
