import { z } from 'zod'
import type { Agent } from '../agents/agent.js'
import type { Context } from '../context.js'
import { first, type Row } from '../database/database.js'
import type { Policy } from '../policy/policy-store.js'
import { decidedKept } from '../sweep.js'

/** What an agent could do at a moment. */
export interface PastAuthority {
  readonly agentId: string
  readonly status: Agent['status']
  readonly roles: readonly string[]
  readonly ceiling: readonly string[] | null
  /** What the roles gave, within the ceiling, by the policy of then. Its rules may have refused some of it. */
  readonly permissions: readonly string[]
  /** False when the trail does not tell all that became of the agent since: then this is the nearest that is known. */
  readonly certain: boolean
  /** What people allowed it; undefined for a moment of which the consents are no longer kept. */
  readonly consents: readonly PastConsent[] | undefined
}

/** A consent that was in force. */
export interface PastConsent {
  readonly consentId: string
  readonly subject: string
  readonly permission: string
  readonly resource: string
  readonly transaction: string | null
}

/**
 * What an agent could do at a moment: its state of then from the trail, where every change says what was before, with the
 * policy of then.
 *
 * @param agent - as it is now
 * @param at - seconds since the epoch
 * @returns undefined when there was no such agent
 */
export async function readPastAuthority(
  context: Context,
  policy: Policy | undefined,
  agent: Agent,
  at: number,
): Promise<PastAuthority | undefined> {
  if (agent.createdAt > at) return undefined
  const { status, roles, ceiling, updatedAt } = (await stateBeforeNextChange(context, agent.id, at)) ?? agent
  const given = new Set(roles.flatMap((role) => policy?.document.roles[role]?.permissions ?? []))
  return {
    agentId: agent.id,
    status,
    roles,
    ceiling,
    permissions: [...given].filter((name) => ceiling === null || ceiling.includes(name)),
    certain: updatedAt <= at,
    consents: at >= context.now() - decidedKept ? await consentsAt(context, agent.id, at) : undefined,
  }
}

/** The policy that was in force at a moment; undefined where there was none. */
export async function policyAt(
  { database, policy }: Pick<Context, 'database' | 'policy'>,
  at: number,
): Promise<{ readonly policy: Policy; readonly createdAt: number } | undefined> {
  const row = first(
    await database.query<{ version: number; created_at: number }>(
      'select version, created_at from policy_versions where created_at <= $1 order by version desc limit 1',
      [at],
    ),
  )
  const found = row && (await policy.at(row.version))
  return found && row && { policy: found, createdAt: row.created_at }
}

/** As a change records it: a list that was too long to keep ends in an ellipsis, and then nothing is certain. */
const recordedAgent = z.object({
  status: z.enum(['active', 'suspended', 'retired']),
  roles: z.array(z.string()),
  ceiling: z.array(z.string()).nullable(),
  updatedAt: z.number(),
})

const recordedChange = z.object({ change: z.object({ before: recordedAgent }), cut: z.literal(true).optional() })

type State = Pick<Agent, 'status' | 'roles' | 'ceiling' | 'updatedAt'>

async function stateBeforeNextChange(
  { database }: Pick<Context, 'database'>,
  id: string,
  at: number,
): Promise<State | undefined> {
  const row = first(
    await database.query<{ event: string }>(
      `select event from audit_events
       where actor = $1 and time > $2 and type in ('agent.changed', 'agent.suspended', 'agent.retired')
       order by time, seq limit 1`,
      [id, at * 1000],
    ),
  )
  if (row === undefined) return undefined
  const parsed = recordedChange.safeParse(JSON.parse(row.event))
  if (!parsed.success) return undefined
  const { before } = parsed.data.change
  const isWhole =
    parsed.data.cut !== true && ![...before.roles, ...(before.ceiling ?? [])].some((name) => name.includes('…'))
  return isWhole ? before : { ...before, updatedAt: Number.POSITIVE_INFINITY }
}

interface ConsentRow extends Row {
  readonly id: string
  readonly subject: string
  readonly permission: string
  readonly resource: string
  readonly transaction: string | null
}

async function consentsAt(
  { database }: Pick<Context, 'database'>,
  agentId: string,
  at: number,
): Promise<readonly PastConsent[]> {
  const rows = await database.query<ConsentRow>(
    `select id, subject, permission, resource, transaction from consents
     where agent_id = $1 and created_at <= $2 and (ended_at is null or ended_at > $2)
       and (expires_at is null or expires_at > $2)
     order by subject, permission, id limit ${mostConsents}`,
    [agentId, at],
  )
  return rows.map(({ id, ...row }) => ({ consentId: id, ...row }))
}

/** Consents of one agent that are shown. */
const mostConsents = 1_000
