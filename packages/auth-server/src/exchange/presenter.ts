import type { Agent } from '../agents/agent.js'
import type { Client } from '../clients/client.js'
import type { Context } from '../context.js'
import { first } from '../database/database.js'
import { Refusal } from './refusal.js'

/** Who asks: an authenticated client and the agent it belongs to. */
export interface Presenter {
  readonly client: Client
  readonly agent: Agent
}

/**
 * The presenter behind a client that the engine authenticated.
 *
 * @throws Refusal unless the client is confidential, active, allowed this grant, and belongs to an active, unlocked agent
 */
export async function requirePresenter(
  { clients, now }: Pick<Context, 'clients' | 'now'>,
  clientId: string,
  grantType: string,
): Promise<Presenter> {
  const { client, agent } = (await clients.findWithAgent(clientId)) ?? {}
  if (client?.status !== 'active') throw unauthorized('client_inactive', 'the client is not active')
  const { token_endpoint_auth_method: method, grant_types: grantTypes } = client.metadata
  if (method === 'none') throw unauthorized('client_public', 'a public client gets no token of this kind')
  if (!grantTypes.includes(grantType)) throw unauthorized('grant_type_not_allowed', 'the client may not use this grant')
  if (client.agentId === null) throw unauthorized('client_without_agent', 'the client belongs to no agent')
  if (agent?.status !== 'active') throw unauthorized('agent_inactive', 'the agent is not active')
  if (isLocked(agent.lockedUntil, now())) throw locked()
  return { client, agent }
}

/**
 * Keeps agent, client and subject token as they are until the transaction ends: whoever withdraws one meanwhile waits, and then
 * finds the new token. One statement locks them, in the order in which withdrawals do.
 *
 * @param parentId - of the subject token; undefined for direct access
 * @throws Refusal when one of them changed since
 */
export async function holdGround(
  { database, now }: Pick<Context, 'database' | 'now'>,
  { client, agent }: Presenter,
  parentId?: string,
): Promise<void> {
  const held = first(
    parentId === undefined
      ? await database.query<HeldRow>(holdPresenter, [agent.id, client.id])
      : await database.query<HeldRow>(holdWithParent, [agent.id, client.id, parentId]),
  )
  if (held?.agent !== 'active') throw unauthorized('agent_inactive', 'the agent is not active')
  if (held.client !== 'active') throw unauthorized('client_inactive', 'the client is not active')
  if (isLocked(held.locked_until, now())) throw locked()
  if (held.revoked_at !== null) {
    throw new Refusal('invalid_request', 'subject_token_invalid', 'subject_token is not in force')
  }
}

interface HeldRow {
  readonly agent: string
  readonly client: string
  readonly locked_until: number | null
  readonly revoked_at: number | null
}

const holdPresenter = `
  select agents.status as agent, clients.status as client, agents.locked_until, null::bigint as revoked_at
  from agents join clients on clients.id = $2 and clients.agent_id = agents.id
  where agents.id = $1 for share`

const holdWithParent = `
  select agents.status as agent, clients.status as client, agents.locked_until, parent.revoked_at
  from agents join clients on clients.id = $2 and clients.agent_id = agents.id join issued_tokens parent on parent.token_id = $3
  where agents.id = $1 for share`

function isLocked(until: number | null, now: number): boolean {
  return until !== null && until > now
}

function unauthorized(code: string, message: string): Refusal {
  return new Refusal('unauthorized_client', code, message)
}

function locked(): Refusal {
  return new Refusal('access_denied', 'agent_locked', 'the agent is locked for a while')
}
