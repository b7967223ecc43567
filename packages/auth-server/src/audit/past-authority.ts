import { z } from 'zod'
import type { Agent } from '../agents/agent.js'
import type { Context } from '../context.js'
import { first, json } from '../database/database.js'
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
 * What agents could do at a moment: their state of then from the trail, where every change says what was before, with the
 * policy of then.
 *
 * @param agents - as they are now
 * @param at - seconds since the epoch
 * @returns those that were there
 */
export async function readPastAuthority(
  context: Context,
  policy: Policy | undefined,
  agents: readonly Agent[],
  at: number,
): Promise<readonly PastAuthority[]> {
  const present = agents.filter(({ createdAt }) => createdAt <= at)
  const ids = json(present.map(({ id }) => id))
  const changed = await statesBeforeNextChange(context, ids, at)
  const consents = at >= context.now() - decidedKept ? await consentsAt(context, ids, at) : undefined
  return present.map((agent) => {
    const { status, roles, ceiling, updatedAt } = changed.get(agent.id) ?? agent
    const given = new Set(roles.flatMap((role) => policy?.document.roles[role]?.permissions ?? []))
    return {
      agentId: agent.id,
      status,
      roles,
      ceiling,
      permissions: [...given].filter((name) => ceiling === null || ceiling.includes(name)),
      certain: updatedAt <= at,
      consents: consents && (consents.get(agent.id) ?? []),
    }
  })
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

async function statesBeforeNextChange(
  { database }: Pick<Context, 'database'>,
  ids: string,
  at: number,
): Promise<ReadonlyMap<string, State>> {
  const rows = await database.query<{ id: string; event: string }>(
    `select agent.id, change.event from json_array_elements_text($1::json) as agent (id) cross join lateral (
       select event from audit_events
       where actor = agent.id and time > $2 and type in ('agent.changed', 'agent.suspended', 'agent.retired')
       order by time, seq limit 1) as change`,
    [ids, at * 1000],
  )
  return new Map(
    rows.flatMap(({ id, event }) => {
      const state = stateBefore(JSON.parse(event))
      return state === undefined ? [] : [[id, state]]
    }),
  )
}

function stateBefore(event: unknown): State | undefined {
  const parsed = recordedChange.safeParse(event)
  if (!parsed.success) return undefined
  const { before } = parsed.data.change
  const isWhole =
    parsed.data.cut !== true && ![...before.roles, ...(before.ceiling ?? [])].some((name) => name.includes('…'))
  return isWhole ? before : { ...before, updatedAt: Number.POSITIVE_INFINITY }
}

interface ConsentRow {
  readonly agent_id: string
  readonly id: string
  readonly subject: string
  readonly permission: string
  readonly resource: string
  readonly transaction: string | null
}

async function consentsAt(
  { database }: Pick<Context, 'database'>,
  ids: string,
  at: number,
): Promise<ReadonlyMap<string, readonly PastConsent[]>> {
  const rows = await database.query<ConsentRow>(
    `select consent.* from json_array_elements_text($1::json) as agent (id) cross join lateral (
       select agent_id, id, subject, permission, resource, transaction from consents
       where agent_id = agent.id and created_at <= $2 and (ended_at is null or ended_at > $2)
         and (expires_at is null or expires_at > $2)
       order by subject, permission, id limit ${mostConsents}) as consent`,
    [ids, at],
  )
  const consents = new Map<string, PastConsent[]>()
  for (const { agent_id: agentId, id, ...row } of rows) {
    const own = consents.get(agentId) ?? []
    own.push({ consentId: id, ...row })
    consents.set(agentId, own)
  }
  return consents
}

/** Consents of one agent that are shown. */
const mostConsents = 1_000
