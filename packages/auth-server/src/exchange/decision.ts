import type { Account } from '../accounts/account.js'
import type { Agent } from '../agents/agent.js'
import type { PolicyDecision, Verdict } from '../policy/decision.js'
import type { Permission } from '../policy/document.js'
import type { Policy } from '../policy/policy-store.js'
import { Refusal } from './refusal.js'

/** What the policy is asked. */
export interface Asked {
  readonly agent: Agent
  /** Undefined for direct access. */
  readonly account: Account | undefined
  readonly acr: unknown
  readonly resource: string
  readonly scope: readonly string[]
  readonly tool: string | undefined
  readonly task: string | undefined
  readonly now: number
}

/** A permission that the policy granted, under its name. */
export interface Granted extends Permission {
  readonly name: string
}

/** What the policy granted, and by which rows. */
export interface Grounds {
  readonly permissions: readonly Granted[]
  /** As `roles.support@3`, one after the other. */
  readonly rows: string
}

/**
 * Asks the policy. What it refuses in part is refused as a whole.
 *
 * @throws Refusal `invalid_scope`; a permission that nobody knows is looked at by people where the policy says so
 */
export function requireDecision(policy: Policy, asked: Asked): Grounds {
  const { agent, account, acr, resource, scope, tool, now } = asked
  const decision = policy.decide({
    agent,
    ...(account && {
      subject: { id: account.subject, permissions: account.permissions, ...(typeof acr === 'string' ? { acr } : {}) },
    }),
    resource,
    scope,
    ...(tool === undefined ? {} : { tool }),
    now,
  })
  const refused = decision.verdicts.filter(({ allowed }) => !allowed)
  if (!decision.allowed || refused.length > 0) throw refusalOf(policy, decision, refused, asked)
  return { permissions: decision.verdicts.flatMap(grantedBy), rows: rowsOf(decision.verdicts, decision.version) }
}

function grantedBy({ name, permission }: Verdict): readonly Granted[] {
  return permission === undefined ? [] : [{ ...permission, name }]
}

function refusalOf(policy: Policy, { version }: PolicyDecision, refused: readonly Verdict[], asked: Asked): Refusal {
  const text = refused.map(({ name, code }) => `${name} (${code})`).join(', ')
  const unknown = refused.filter(({ code }) => code === 'unknown_permission').map(({ name }) => name)
  const isPending = policy.document.unknownPermission === 'pending' && unknown.length > 0
  return new Refusal('invalid_scope', refused[0]?.code ?? 'policy', `the policy refuses ${text}`, {
    policy: rowsOf(refused, version),
    isEscalation: true,
    isOfPerson: refused.every(({ code }) => code === 'subject_lacks'),
    ...(isPending && { ask: askForPermission(unknown, asked) }),
  })
}

function askForPermission(scope: readonly string[], { agent, resource, task }: Asked): Refusal['options']['ask'] {
  const request = { resource, scope: scope.toSorted(), ...(task === undefined ? {} : { transaction: task }) }
  return { kind: 'permission', agentId: agent.id, subject: null, request }
}

function rowsOf(verdicts: readonly Verdict[], version: number): string {
  return [...new Set(verdicts.map(({ row }) => `${row}@${version}`))].join(' ')
}
