import type { Account } from '../accounts/account.js'
import type { Agent } from '../agents/agent.js'
import type { Context } from '../context.js'
import { policyFileSchema } from './document-schema.js'
import { bare, parseWith } from './parse-document.js'
import { everyOne } from './policy-facts.js'
import type { AgentEntry, PolicyFile } from './policy-file.js'
import { writeYaml } from './yaml.js'

/** The policy in use with every agent and account, as YAML: the same state is always the same text. */
export async function writePolicyFile({
  database,
  policy,
  agents,
  accounts,
}: Pick<Context, 'database' | 'policy' | 'agents' | 'accounts'>): Promise<string> {
  return database.transaction(async () => {
    const { document } = await policy.current()
    return formatPolicyFile({
      ...document,
      agents: Object.fromEntries((await everyOne(agents, ({ id }) => id)).map((agent) => [agent.id, entryOf(agent)])),
      accounts: Object.fromEntries(
        (await everyOne(accounts, ({ subject }) => subject)).map(({ subject, permissions }: Account) => [
          subject,
          { permissions },
        ]),
      ),
    })
  })
}

/** A file as YAML: names in order, members in the order of the schema. */
export function formatPolicyFile(file: PolicyFile): string {
  // what the schema returns has its order
  const { agents = {}, accounts = {}, ...document } = parseWith(policyFileSchema, file)
  return writeYaml({
    ...document,
    resources: bare(document.resources),
    permissions: bare(document.permissions),
    roles: bare(document.roles),
    agents: bare(agents),
    accounts: bare(accounts),
  })
}

/** An agent as a file has it: what is as usual is left out. */
export function entryOf({ name, description, owner, status, roles, ceiling }: Agent): AgentEntry {
  return {
    name,
    ...(description === '' ? {} : { description }),
    owner,
    ...(status === 'active' ? {} : { status }),
    ...(roles.length === 0 ? {} : { roles }),
    ...(ceiling === null ? {} : { ceiling }),
  }
}
