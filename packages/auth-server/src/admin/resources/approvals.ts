import { z } from 'zod'
import type { Approval } from '../../approvals/approval.js'
import type { Context } from '../../context.js'
import { ConflictError } from '../../errors.js'
import { type Caller, refuseOwnAgent } from '../caller.js'
import { filter, idParams, listOf, moment, text } from '../fields.js'
import { found } from '../found.js'
import { cutPage, pageOf, pageQuery } from '../page.js'
import { ProblemError } from '../problem.js'
import { type Route, route } from '../route.js'

const status = z.enum(['pending', 'approved', 'denied', 'expired'])

const approval = z
  .object({
    id: text,
    kind: z.enum(['consent', 'grant', 'permission']),
    agentId: text,
    subject: text.nullable().describe('Whose inbox it is in; null for approvers.'),
    request: z.object({
      resource: text,
      scope: listOf(text),
      details: listOf(z.unknown()).optional(),
      transaction: text.optional(),
      grantId: text.optional(),
      justification: text.optional().describe('Written by whoever asked: not to be trusted.'),
      bindingMessage: text.optional(),
    }),
    status,
    createdAt: moment,
    expiresAt: moment,
    decidedBy: text.nullable(),
  })
  .meta({ id: 'Approval' })

/** What waits for a person. */
export function approvalRoutes({ approvals }: Context): readonly Route[] {
  const find = (id: string): Promise<Approval> => found(approvals.find(id), 'approval')
  const base = { tag: 'Approvals' } as const
  const one = { ...base, entity: true, params: idParams, answer: approval } as const

  const decide = (name: 'approveItem' | 'denyItem', summary: string, decision: 'approved' | 'denied'): Route =>
    route({
      ...one,
      name,
      summary,
      method: 'post',
      path: decision === 'approved' ? '/approvals/:id/approve' : '/approvals/:id/deny',
      scope: 'admin:approve',
      ifMatch: 'heeded',
      run: async ({ caller, params, expect }) => {
        const before = await find(params.id)
        refuseOwnAgent(caller, before.agentId)
        refuseOthersConsent(caller, before)
        expect(before)
        const decided = await approvals.decide(params.id, decision, caller.by, caller.sessionId)
        if (!decided) throw new ConflictError('It is no longer pending.')
        return { body: await find(params.id) }
      },
    })

  return [
    route({
      ...base,
      name: 'listApprovals',
      summary: 'Items of the inboxes, newest first',
      method: 'get',
      path: '/approvals',
      scope: 'admin:read',
      query: z.strictObject({ ...pageQuery, subject: filter, agentId: filter, status: status.optional() }),
      answer: pageOf(approval),
      run: ({ query: { limit, ...rest } }) =>
        cutPage(
          limit,
          (limit) => approvals.list({ ...rest, limit }),
          ({ id }) => id,
        ),
    }),
    route({
      ...one,
      name: 'readApproval',
      summary: 'One item',
      method: 'get',
      path: '/approvals/:id',
      scope: 'admin:read',
      run: async ({ params }) => ({ body: await find(params.id) }),
    }),
    decide('approveItem', 'Approve an item; a consent only for oneself', 'approved'),
    decide('denyItem', 'Deny an item; a consent only for oneself', 'denied'),
  ]
}

/** Nobody consents for somebody else, and no client for a person. */
function refuseOthersConsent({ by, kind }: Caller, { kind: item, subject }: Approval): void {
  if (item !== 'consent' || (kind === 'subject' && by === subject)) return
  throw new ProblemError('not_own_item', 'The item is in the inbox of another person.')
}
