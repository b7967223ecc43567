import type { Account } from '../accounts/account.js'
import type { Agent } from '../agents/agent.js'
import type { PolicyDecision, PolicyQuestion, Verdict, VerdictCode } from '../policy/decision.js'
import type { Permission } from '../policy/document.js'
import type { Policy } from '../policy/policy-store.js'
import { Refusal } from './refusal.js'

/** What the policy is asked. */
export interface Asked {
  readonly agent: Agent
  /** Undefined for direct access. */
  readonly account: Account | undefined
  /** Claims of the subject token about the sign-in. */
  readonly acr: unknown
  readonly authTime: unknown
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

/** Refusals that are about the person, not the agent. */
const ofPerson: readonly VerdictCode[] = ['subject_lacks', 'sign_in_too_old']

/** What the policy granted, and by which rows. */
export interface Grounds {
  readonly permissions: readonly Granted[]
  /** As `roles.support@3`, one after the other. */
  readonly rows: string
}

/**
 * Asks the policy. What it refuses in part is refused as a whole.
 *
 * @throws Refusal `invalid_scope`; a permission that nobody knows is looked at by people where the policy says so.
 * `insufficient_user_authentication` where nothing is in the way but a sign-in that is too old
 */
export function requireDecision(policy: Policy, asked: Asked): Grounds {
  const { agent, resource, scope, tool, now } = asked
  const subject = subjectOf(asked)
  const decision = policy.decide({
    agent,
    ...(subject && { subject }),
    resource,
    scope,
    ...(tool === undefined ? {} : { tool }),
    now,
  })
  const refused = decision.verdicts.filter(({ allowed }) => !allowed)
  if (!decision.allowed || refused.length > 0) throw refusalOf(policy, decision, refused, asked)
  return { permissions: decision.verdicts.flatMap(grantedBy), rows: rowsOf(decision.verdicts, decision.version) }
}

function subjectOf({ account, acr, authTime }: Asked): PolicyQuestion['subject'] {
  if (account === undefined) return undefined
  return {
    id: account.subject,
    permissions: account.permissions,
    ...(typeof acr === 'string' ? { acr } : {}),
    ...(typeof authTime === 'number' ? { authTime } : {}),
  }
}

function grantedBy({ name, permission }: Verdict): readonly Granted[] {
  return permission === undefined ? [] : [{ ...permission, name }]
}

function refusalOf(policy: Policy, { version }: PolicyDecision, refused: readonly Verdict[], asked: Asked): Refusal {
  const old = refused.filter(({ code }) => code === 'sign_in_too_old')
  if (old.length > 0 && old.length === refused.length) return signInAgain(old, version)
  const text = refused.map(({ name, code }) => `${name} (${code})`).join(', ')
  const unknown = refused.filter(({ code }) => code === 'unknown_permission').map(({ name }) => name)
  const isPending = policy.document.unknownPermission === 'pending' && unknown.length > 0
  return new Refusal('invalid_scope', refused[0]?.code ?? 'policy', `the policy refuses ${text}`, {
    policy: rowsOf(refused, version),
    isEscalation: true,
    isOfPerson: refused.every(({ code }) => ofPerson.includes(code)),
    ...(isPending && { ask: askForPermission(unknown, asked) }),
  })
}

/** No escalation: the agent may have it, as soon as the person signed in again. */
function signInAgain(old: readonly Verdict[], version: number): Refusal {
  return new Refusal('insufficient_user_authentication', 'sign_in_too_old', 'the person has to sign in again first', {
    policy: rowsOf(old, version),
    maxAge: Math.min(...old.map(({ permission }) => permission?.maxAge ?? 0)),
  })
}

function askForPermission(scope: readonly string[], { agent, resource, task }: Asked): Refusal['options']['ask'] {
  const request = { resource, scope: scope.toSorted(), ...(task === undefined ? {} : { transaction: task }) }
  return { kind: 'permission', agentId: agent.id, subject: null, request }
}

function rowsOf(verdicts: readonly Verdict[], version: number): string {
  return [...new Set(verdicts.map(({ row }) => `${row}@${version}`))].join(' ')
}
