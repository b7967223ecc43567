import { z } from 'zod'
import { policyAt, readPastAuthority } from '../../audit/past-authority.js'
import type { Context } from '../../context.js'
import { filter, listOf, moment, text } from '../fields.js'
import { pageQuery } from '../page.js'
import { type Route, route } from '../route.js'

const authority = z
  .object({
    agentId: text,
    status: z.enum(['active', 'suspended', 'retired']),
    roles: listOf(text),
    ceiling: listOf(text).nullable(),
    permissions: listOf(text).describe(
      'What the roles gave, within the ceiling; the rules may have refused some of it.',
    ),
    certain: z.boolean().describe('False when the trail does not tell all that became of the agent since.'),
    consents: listOf(
      z.object({
        consentId: text,
        subject: text,
        permission: text,
        resource: text,
        transaction: text.nullable(),
      }),
    )
      .optional()
      .describe('What people allowed it; absent for a moment of which consents are no longer kept.'),
  })
  .meta({ id: 'PastAuthority' })

const answer = z.object({
  at: moment,
  policy: z.object({ version: z.number(), digest: text, createdAt: moment }).nullable().describe('In force then.'),
  items: listOf(authority),
  next: text.optional().describe('`after` of the next page; absent on the last one.'),
})

/** Who could do what at a past moment. */
export function auditAuthorityRoutes(context: Context): readonly Route[] {
  return [
    route({
      name: 'readPastAuthority',
      summary: 'What agents could do at a moment, by the policy, the roles and the consents of then',
      tag: 'Audit',
      method: 'get',
      path: '/audit/authority',
      scope: 'admin:audit',
      query: z.strictObject({
        ...pageQuery,
        at: z.coerce.number().int().min(0).describe('Seconds since the epoch.'),
        agent: filter.describe('One agent alone.'),
      }),
      answer,
      run: async ({ query: { at, agent, limit, after } }) => {
        const found = await policyAt(context, at)
        const one = agent === undefined ? undefined : await context.agents.find(agent)
        const listed = agent === undefined ? await context.agents.list({ limit: limit + 1, after }) : one ? [one] : []
        const page = listed.slice(0, limit)
        const items = await readPastAuthority(context, found?.policy, page, at)
        const next = listed.length > limit ? page.at(-1)?.id : undefined
        const policy = found && {
          version: found.policy.version,
          digest: found.policy.digest,
          createdAt: found.createdAt,
        }
        return { body: { at, policy: policy ?? null, items, next }, next }
      },
    }),
  ]
}
