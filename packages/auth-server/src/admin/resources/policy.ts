import { z } from 'zod'
import type { Context } from '../../context.js'
import { documentSchema } from '../../policy/document-schema.js'
import type { Policy } from '../../policy/policy-store.js'
import { moment, text } from '../fields.js'
import { found } from '../found.js'
import { cutPage, pageOf, pageQuery } from '../page.js'
import { type Route, route } from '../route.js'

/** Characters of the longest policy: more than ten thousand rules. */
export const longestPolicy = 8_388_608

const policy = z
  .object({
    version: z.number().describe('0 before there is any policy.'),
    digest: text.describe('SHA-256 of the document, base64url.'),
    document: documentSchema,
  })
  .meta({ id: 'Policy' })

const version = z
  .object({ version: z.number(), digest: text, createdBy: text, createdAt: moment })
  .meta({ id: 'PolicyVersion' })

/** The policy as a whole, and its versions. */
export function policyRoutes({ policy: store }: Context): readonly Route[] {
  const base = { tag: 'Policy' } as const

  return [
    route({
      ...base,
      name: 'readPolicy',
      summary: 'The policy in force',
      method: 'get',
      path: '/policy',
      scope: 'admin:read',
      entity: true,
      answer: policy,
      run: async () => ({ body: viewOf(await store.current()) }),
    }),
    route({
      ...base,
      name: 'replacePolicy',
      summary: 'Replace the policy; it counts from the next token on',
      method: 'put',
      path: '/policy',
      scope: 'admin:write',
      dangerous: true,
      entity: true,
      ifMatch: 'required',
      maxBody: longestPolicy,
      body: documentSchema,
      answer: policy,
      run: async ({ caller, body, expect }) => {
        const before = await store.current()
        expect(viewOf(before))
        return { body: viewOf(await store.replace(body, { by: caller.by, expectedVersion: before.version })) }
      },
    }),
    route({
      ...base,
      name: 'listPolicyVersions',
      summary: 'Versions of the policy, newest first',
      method: 'get',
      path: '/policy/versions',
      scope: 'admin:read',
      query: z.strictObject({ ...pageQuery, after: z.coerce.number().int().min(1).optional() }),
      answer: pageOf(version),
      run: ({ query: { limit, after } }) =>
        cutPage(
          limit,
          (limit) => store.versions({ before: after, limit }),
          ({ version }) => String(version),
        ),
    }),
    route({
      ...base,
      name: 'readPolicyVersion',
      summary: 'An earlier version of the policy',
      method: 'get',
      path: '/policy/versions/:version',
      scope: 'admin:read',
      entity: true,
      params: z.object({ version: z.coerce.number().int().min(0) }),
      answer: policy,
      run: async ({ params }) => ({ body: viewOf(await found(store.at(params.version), 'version')) }),
    }),
  ]
}

function viewOf({ version, digest, document }: Policy): Pick<Policy, 'version' | 'digest' | 'document'> {
  return { version, digest, document }
}
