import { z } from 'zod'
import type { Context } from '../../context.js'
import type { Explanation, PolicyQuestion } from '../../policy/decision.js'
import { documentSchema } from '../../policy/document-schema.js'
import { identifier, listOf, names, text } from '../fields.js'
import { found } from '../found.js'
import { type Route, route } from '../route.js'
import { longestPolicy } from './policy.js'

/** Questions that one dry run answers at most. */
const mostQuestions = 200

const question = z.strictObject({
  agentId: identifier,
  subject: identifier.optional().describe('The person it is for; without one, direct access.'),
  resource: z.string().min(1).max(500),
  scope: names,
  tool: identifier.optional(),
  acr: z.string().min(1).max(200).optional().describe('How the person signed in.'),
  authTime: z.int().min(0).optional().describe('When the person signed in, seconds since the epoch.'),
  at: z.int().min(0).optional().describe('Seconds since the epoch. Default: now.'),
})

const explanation = z
  .object({
    allowed: z.boolean(),
    version: z.number(),
    permissions: listOf(
      z.object({
        name: text,
        allowed: z.boolean(),
        code: text,
        row: text.describe('The row that decided.'),
        rows: listOf(z.object({ row: text, code: text, allowed: z.boolean(), why: text.optional() })).describe(
          'Every row that matched, in the order in which they count.',
        ),
      }),
    ),
  })
  .meta({ id: 'Explanation' })

const dryRun = z
  .object({
    version: z.number().describe('The version it was held against.'),
    changed: z.boolean(),
    answers: listOf(z.object({ changed: z.boolean(), before: explanation, after: explanation })).describe(
      'One for each question, in their order.',
    ),
  })
  .meta({ id: 'DryRun' })

/** Questions to the policy: nothing is changed, and nothing issued. */
export function policyQuestionRoutes(context: Context): readonly Route[] {
  const { policy, agents, accounts, now } = context
  const base = { tag: 'Policy', method: 'post', scope: 'admin:read' } as const

  async function read(asked: z.output<typeof question>): Promise<PolicyQuestion> {
    const { id, status, roles, ceiling, lockedUntil } = await found(agents.find(asked.agentId), 'agent')
    const account = asked.subject === undefined ? undefined : await found(accounts.find(asked.subject), 'account')
    return {
      agent: { id, status, roles, ceiling, lockedUntil },
      subject: account && {
        id: account.subject,
        permissions: account.status === 'active' ? account.permissions : [],
        acr: asked.acr,
        authTime: asked.authTime,
      },
      resource: asked.resource,
      scope: asked.scope,
      tool: asked.tool,
      now: asked.at ?? now(),
    }
  }

  return [
    route({
      ...base,
      name: 'explain',
      summary: 'Would this be allowed, and which row says so',
      path: '/policy/explain',
      body: question,
      answer: explanation,
      run: async ({ body }): Promise<{ body: Explanation }> => {
        const current = await policy.current()
        return { body: current.explain(await read(body)) }
      },
    }),
    route({
      ...base,
      name: 'dryRun',
      summary: 'What another policy would answer',
      path: '/policy/dry-run',
      maxBody: longestPolicy,
      body: z.strictObject({ document: documentSchema, questions: z.array(question).min(1).max(mostQuestions) }),
      answer: dryRun,
      run: async ({ body }) => {
        const questions: PolicyQuestion[] = []
        for (const asked of body.questions) questions.push(await read(asked))
        return { body: await policy.dryRun(body.document, questions) }
      },
    }),
  ]
}
