import type { Account } from '../accounts/account.js'
import type { Agent } from '../agents/agent.js'
import type { Context } from '../context.js'
import type { VerdictCode } from '../policy/decision.js'

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
  const current = await policy.current()
  const resources = new Set(scope.map((name) => current.permission(name)?.resource))
  const refused = [...resources].flatMap((resource) => {
    const names = scope.filter((name) => current.permission(name)?.resource === resource)
    if (resource === undefined) return names
    const subject = { id: account.subject, permissions: account.permissions }
    const { verdicts } = current.decide({ agent, subject, resource, scope: names, now: now() })
    return verdicts.filter(({ allowed, code }) => !allowed && final.includes(code)).map(({ name }) => name)
  })
  return [...new Set([...lacking, ...refused])]
}
