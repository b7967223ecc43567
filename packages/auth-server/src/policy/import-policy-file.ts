import type { Account } from '../accounts/account.js'
import type { Agent } from '../agents/agent.js'
import type { AuditRecord } from '../audit/record.js'
import type { Context } from '../context.js'
import { InvalidInputError } from '../errors.js'
import { stableText } from './digest.js'
import { changesOf, type DocumentChanges } from './document-changes.js'
import { everyOne } from './policy-facts.js'
import type { AgentEntry } from './policy-file.js'
import { type ReadPolicyFile, readPolicyFile } from './read-policy-file.js'
import { entryOf } from './write-policy-file.js'

/** What an import needs of the server. */
export type ImportContext = Pick<Context, 'database' | 'settings' | 'policy' | 'agents' | 'accounts' | 'audit'>

/** What a file changed, or would change. */
export interface PolicyImport {
  /** Version of the policy afterwards; in a dry run, the one in use. */
  readonly version: number
  readonly policy: DocumentChanges
  readonly agents: { readonly registered: readonly string[]; readonly changed: readonly string[] }
  readonly accounts: { readonly changed: readonly string[] }
  /** Those the file says nothing about: they stay as they are. */
  readonly unlisted: { readonly agents: readonly string[]; readonly accounts: readonly string[] }
}

/**
 * Makes the server what a policy file says, in one transaction: the policy, the agents, what people may do. Agents and accounts
 * that the file does not list stay as they are.
 *
 * @param change.expectedVersion - of the policy that the file was made from; another one since is a conflict
 * @param change.dryRun - says what would change, and changes nothing. Default false
 * @throws InvalidInputError when the file is wrong or lists a person without an account, StaleVersionError, ConflictError
 */
export async function importPolicyFile(
  context: ImportContext,
  text: string,
  change: { readonly by: string; readonly expectedVersion?: number; readonly dryRun?: boolean },
): Promise<PolicyImport> {
  const { database, settings, policy } = context
  const file = readPolicyFile(text, settings.adminResource)
  return database.transaction(async () => {
    const before = await policy.current()
    const plan = await makePlan(context, file)
    const after = change.dryRun === true ? before : await apply(context, file, plan, change)
    return {
      version: after.version,
      policy: changesOf(before.document, file.document),
      agents: {
        registered: plan.agents.filter(({ before }) => before === undefined).map(({ id }) => id),
        changed: plan.agents.filter(({ before }) => before !== undefined).map(({ id }) => id),
      },
      accounts: { changed: plan.accounts.map(({ before }) => before.subject) },
      unlisted: plan.unlisted,
    }
  })
}

interface Plan {
  readonly agents: readonly { readonly id: string; readonly before: Agent | undefined; readonly entry: AgentEntry }[]
  readonly accounts: readonly { readonly before: Account; readonly permissions: readonly string[] }[]
  readonly unlisted: PolicyImport['unlisted']
}

/** What is not yet as the file has it. */
async function makePlan({ agents, accounts }: ImportContext, file: ReadPolicyFile): Promise<Plan> {
  const known = new Map((await everyOne(agents, ({ id }) => id)).map((agent) => [agent.id, agent]))
  const people = new Map((await everyOne(accounts, ({ subject }) => subject)).map((one) => [one.subject, one]))
  return {
    agents: Object.entries(file.agents)
      .map(([id, entry]) => ({ id, before: known.get(id), entry }))
      .filter(
        ({ before, entry }) =>
          before === undefined || !isSame(entryOf(before), entryOf({ ...before, ...whole(entry) })),
      ),
    accounts: Object.entries(file.accounts)
      .map(([subject, { permissions }]) => {
        const before = people.get(subject)
        if (before === undefined) throw new InvalidInputError(`accounts.${subject}: has no account`)
        return { before, permissions }
      })
      .filter(({ before, permissions }) => !isSame(before.permissions, permissions)),
    unlisted: {
      agents: [...known.keys()].filter((id) => !Object.hasOwn(file.agents, id)),
      accounts: [...people.keys()].filter((subject) => !Object.hasOwn(file.accounts, subject)),
    },
  }
}

async function apply(
  { policy, agents, accounts, audit }: ImportContext,
  { document }: ReadPolicyFile,
  plan: Plan,
  { by, expectedVersion }: { readonly by: string; readonly expectedVersion?: number },
): Promise<{ readonly version: number }> {
  const replaced = await policy.replace(document, { by, expectedVersion })
  for (const { id, before, entry } of plan.agents) {
    const after =
      before === undefined
        ? await agents.create({ id, ...whole(entry) })
        : await agents.change(id, whole(entry), before.version, by)
    for (const record of agentRecords(before, after, by)) await audit.record(record)
  }
  for (const { before, permissions } of plan.accounts) {
    const after = await accounts.change(before.subject, { permissions }, before.version, by)
    const subject = { id: after.subject, profile: 'user' }
    await audit.record({ type: 'account.changed', subject, change: { by, before, after } })
  }
  return replaced
}

/** An agent that gets other roles is an event of its own, beside what else became of it. */
function agentRecords(before: Agent | undefined, after: Agent, by: string): readonly AuditRecord[] {
  const actor = { id: after.id, profile: 'ai_agent' }
  if (before === undefined) return [{ type: 'agent.registered', actor, change: { by, after } }]
  const isNew = before.status !== after.status && after.status !== 'active'
  const type = isNew ? (`agent.${after.status}` as const) : 'agent.changed'
  const records: AuditRecord[] = [{ type, actor, change: { by, before, after } }]
  if (isSame(before.roles, after.roles)) return records
  return [...records, { type: 'role.changed', actor, change: { by, before: before.roles, after: after.roles } }]
}

/** An entry with everything that it leaves out. */
function whole({
  name,
  owner,
  description = '',
  status = 'active',
  roles = [],
  ceiling,
}: AgentEntry): Required<Omit<AgentEntry, 'ceiling'>> & { readonly ceiling: readonly string[] | null } {
  return { name, owner, description, status, roles, ceiling: ceiling ?? null }
}

function isSame(one: unknown, other: unknown): boolean {
  return stableText(one) === stableText(other)
}
