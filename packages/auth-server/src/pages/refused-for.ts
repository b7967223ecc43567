import type { Account } from '../accounts/account.js'
import type { Agent } from '../agents/agent.js'
import type { Context } from '../context.js'
import type { PolicyQuestion, VerdictCode } from '../policy/decision.js'
import type { Policy } from '../policy/policy-store.js'

/** Refusals that no moment or tool would change: there is no point in asking a person. */
const final: readonly VerdictCode[] = [
  'unknown_permission',
  'agent_inactive',
  'above_ceiling',
  'no_role',
  'subject_lacks',
]

/** The permissions a person cannot allow, for they themselves or the agent could never use them. */
export async function refusedFor(
  { policy, now }: Pick<Context, 'policy' | 'now'>,
  asked: { readonly account: Account; readonly agent: Agent | undefined; readonly scope: readonly string[] },
): Promise<readonly string[]> {
  const { account, agent, scope } = asked
  const lacking = scope.filter((name) => !account.permissions.includes(name))
  if (agent === undefined || scope.length === 0) return lacking
  const subject = { id: account.subject, permissions: account.permissions }
  const refused = refusals(await policy.current(), { agent, subject, scope, now: now() }, final)
  return [...new Set([...lacking, ...refused])]
}

/** The permissions that an agent could never use, whoever it acts for. */
export async function refusedToAgent(
  { policy, now }: Pick<Context, 'policy' | 'now'>,
  agent: Agent,
  scope: readonly string[],
): Promise<readonly string[]> {
  const current = await policy.current()
  const isGivenForSome = current.document.rules.some(({ effect, when }) => effect === 'allow' && when.subjects)
  const codes = isGivenForSome ? final.filter((code) => code !== 'no_role') : final
  return refusals(current, { agent, subject: { id: '', permissions: scope }, scope, now: now() }, codes)
}

/** Asks about each API by itself. */
function refusals(
  current: Policy,
  { scope, ...question }: Omit<PolicyQuestion, 'resource'>,
  codes: readonly VerdictCode[],
): readonly string[] {
  const resources = new Set(scope.map((name) => current.permission(name)?.resource))
  return [...resources].flatMap((resource) => {
    const names = scope.filter((name) => current.permission(name)?.resource === resource)
    if (resource === undefined) return names
    const { verdicts } = current.decide({ ...question, resource, scope: names })
    return verdicts.filter(({ allowed, code }) => !allowed && codes.includes(code)).map(({ name }) => name)
  })
}
