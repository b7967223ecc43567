import { z } from 'zod'
import type { Context } from '../../context.js'
import { importPolicyFile } from '../../policy/import-policy-file.js'
import { writePolicyFile } from '../../policy/write-policy-file.js'
import { listOf, text } from '../fields.js'
import { type Route, route } from '../route.js'
import { longestPolicy } from './policy.js'

const file = z.string().describe('The policy file: the policy with agents and what people may do, as YAML.')

const entries = z.record(z.string(), z.unknown())

/** Entries that are not the same, by name; one that is not there is null. */
const changed = z.object({ before: entries, after: entries }).meta({ id: 'EntryChanges' }).optional()

const difference = z
  .object({
    version: z.number().describe('The version in force.'),
    policy: z.object({
      resources: changed,
      permissions: changed,
      roles: changed,
      rules: changed,
      reordered: z.boolean().describe('Whether rules are in another order.'),
    }),
    agents: z.object({ registered: listOf(text), changed: listOf(text) }),
    accounts: z.object({ changed: listOf(text) }),
    unlisted: z
      .object({ agents: listOf(text), accounts: listOf(text) })
      .describe('Those the file says nothing about: they stay as they are.'),
  })
  .meta({ id: 'PolicyFileChanges' })

/** The policy as one file that can be reviewed. */
export function policyFileRoutes(context: Context): readonly Route[] {
  const base = { tag: 'Policy', media: 'application/yaml' } as const
  const one = { ...base, path: '/policy.yaml', entity: true, answer: file } as const

  return [
    route({
      ...one,
      name: 'readPolicyFile',
      summary: 'The policy file',
      method: 'get',
      scope: 'admin:read',
      run: async () => ({ body: await writePolicyFile(context) }),
    }),
    route({
      ...one,
      name: 'replacePolicyFile',
      summary: 'Put a policy file in force',
      method: 'put',
      scope: 'admin:write',
      dangerous: true,
      ifMatch: 'required',
      maxBody: longestPolicy,
      body: file,
      run: async ({ caller, body, expect }) => {
        const { version } = await context.policy.current()
        expect(await writePolicyFile(context))
        await importPolicyFile(context, body, { by: caller.by, expectedVersion: version })
        return { body: await writePolicyFile(context) }
      },
    }),
    route({
      ...base,
      answers: 'application/json',
      name: 'dryRunPolicyFile',
      summary: 'What a policy file would change',
      method: 'post',
      path: '/policy.yaml/dry-run',
      scope: 'admin:read',
      maxBody: longestPolicy,
      body: file,
      answer: difference,
      run: async ({ caller, body }) => ({
        body: await importPolicyFile(context, body, { by: caller.by, dryRun: true }),
      }),
    }),
  ]
}
