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
  { clients, agents, now }: Pick<Context, 'clients' | 'agents' | 'now'>,
  clientId: string,
  grantType: string,
): Promise<Presenter> {
  const client = await clients.find(clientId)
  if (client === undefined || client.status !== 'active')
    throw unauthorized('client_inactive', 'the client is not active')
  const { token_endpoint_auth_method: method, grant_types: grantTypes } = client.metadata
  if (method === 'none') throw unauthorized('client_public', 'a public client gets no token of this kind')
  if (!grantTypes.includes(grantType)) throw unauthorized('grant_type_not_allowed', 'the client may not use this grant')
  if (client.agentId === null) throw unauthorized('client_without_agent', 'the client belongs to no agent')
  const agent = await agents.find(client.agentId)
  if (agent?.status !== 'active') throw unauthorized('agent_inactive', 'the agent is not active')
  if (isLocked(agent.lockedUntil, now())) throw locked()
  return { client, agent }
}

/**
 * Keeps agent and client as they are until the transaction ends: whoever suspends one meanwhile waits, and then finds the new token.
 *
 * @throws Refusal when one of them changed since
 */
export async function holdPresenter(
  { database, now }: Pick<Context, 'database' | 'now'>,
  { client, agent }: Presenter,
): Promise<void> {
  const rows = await database.query<{ agent: string; client: string; locked_until: number | null }>(
    `select agents.status as agent, clients.status as client, agents.locked_until from agents
     join clients on clients.id = $2 and clients.agent_id = agents.id where agents.id = $1 for share`,
    [agent.id, client.id],
  )
  const held = first(rows)
  if (held?.agent !== 'active') throw unauthorized('agent_inactive', 'the agent is not active')
  if (held.client !== 'active') throw unauthorized('client_inactive', 'the client is not active')
  if (isLocked(held.locked_until, now())) throw locked()
}

function isLocked(until: number | null, now: number): boolean {
  return until !== null && until > now
}

function unauthorized(code: string, message: string): Refusal {
  return new Refusal('unauthorized_client', code, message)
}

function locked(): Refusal {
  return new Refusal('access_denied', 'agent_locked', 'the agent is locked for a while')
}
