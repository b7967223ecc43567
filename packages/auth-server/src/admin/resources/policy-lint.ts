import { z } from 'zod'
import type { Context } from '../../context.js'
import { createPolicy } from '../../policy/create-policy.js'
import { documentSchema } from '../../policy/document-schema.js'
import { parseDocument } from '../../policy/parse-document.js'
import { collectFacts } from '../../policy/policy-facts.js'
import type { Policy } from '../../policy/policy-store.js'
import { listOf, text } from '../fields.js'
import { type Route, route } from '../route.js'
import { longestPolicy } from './policy.js'

const finding = z
  .object({
    code: text,
    row: text,
    text,
    other: text.optional().describe('The row that makes it so.'),
  })
  .meta({ id: 'Finding' })

/** What is odd about the policy, or about one that is not in force yet. */
export function policyLintRoutes(context: Context): readonly Route[] {
  const { policy, settings } = context

  async function choose(candidate: unknown): Promise<Policy> {
    if (candidate === undefined) return policy.current()
    const document = parseDocument(candidate, settings.adminResource)
    return createPolicy(document, { version: 0, digest: '', adminResource: settings.adminResource })
  }

  return [
    route({
      tag: 'Policy',
      name: 'lintPolicy',
      summary: 'Rows that never count, and names that nobody has',
      method: 'post',
      path: '/policy/lint',
      scope: 'admin:read',
      maxBody: longestPolicy,
      body: z
        .strictObject({ document: documentSchema.optional().describe('Default: the policy in force.') })
        .prefault({}),
      answer: z.object({ findings: listOf(finding) }),
      run: async ({ body }) => {
        const chosen = await choose(body.document)
        return { body: { findings: chosen.lint(await collectFacts(context)) } }
      },
    }),
  ]
}
