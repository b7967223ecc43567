import { z } from 'zod'
import type { Context } from '../../context.js'
import { importPolicyFile } from '../../policy/import-policy-file.js'
import { writePolicyFile } from '../../policy/write-policy-file.js'
import { type Route, route } from '../route.js'
import { longestPolicy } from './policy.js'

const file = z.string().describe('The policy file: the policy with agents and what people may do, as YAML.')

/** The policy as one file that can be reviewed. */
export function policyFileRoutes(context: Context): readonly Route[] {
  const base = { tag: 'Policy', path: '/policy.yaml', media: 'application/yaml', entity: true, answer: file } as const

  return [
    route({
      ...base,
      name: 'readPolicyFile',
      summary: 'The policy file',
      method: 'get',
      scope: 'admin:read',
      run: async () => ({ body: await writePolicyFile(context) }),
    }),
    route({
      ...base,
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
  ]
}
