import type { Context } from '../context.js'
import type { IssuedToken } from '../tokens/issued-token.js'
import { tokenAskedAbout } from './accepted-token.js'

/**
 * Whether a client may introspect the token this request asks about: its own client, a client that is the API the token
 * is for, or one whose agent may read the admin API. Anyone else is told that the token is not active (RFC 7662 section
 * 2.2). Either answer is recorded.
 */
export async function mayIntrospect(context: Context, clientId: string, tokenId: string | undefined): Promise<boolean> {
  const record = tokenAskedAbout()
  if (record === undefined || record.tokenId !== tokenId) return false
  const concern = await concernOf(context, clientId, record)
  await context.audit.record({
    type: 'token.introspected',
    decision: concern === undefined ? 'deny' : 'allow',
    reason: { code: concern ?? 'not_concerned' },
    subject: { id: record.subject, iss: context.settings.issuer },
    ...(record.agentId === null ? {} : { actor: { id: record.agentId, iss: context.settings.issuer } }),
    client: { id: clientId },
    token: { jti: record.tokenId, iat: record.issuedAt, exp: record.expiresAt },
    resource: { aud: record.resource },
    ...(record.transaction === null ? {} : { txn: record.transaction }),
  })
  return concern !== undefined
}

async function concernOf(
  { policy, settings, clients, agents, now }: Context,
  clientId: string,
  record: IssuedToken,
): Promise<'own_token' | 'own_api' | 'admin' | undefined> {
  if (record.clientId === clientId) return 'own_token'
  const current = await policy.current()
  const { resources } = current.document
  if (Object.hasOwn(resources, record.resource) && resources[record.resource]?.clients?.includes(clientId)) {
    return 'own_api'
  }
  const client = await clients.find(clientId)
  if (client?.status !== 'active' || client.agentId === null) return undefined
  const agent = await agents.find(client.agentId)
  if (agent === undefined) return undefined
  const { allowed } = current.decide({
    agent,
    resource: settings.adminResource,
    scope: ['admin:read'],
    now: now(),
  })
  return allowed ? 'admin' : undefined
}

/** Whether a client may revoke a token: its own, or one of another client of the same agent (RFC 7009 section 2.1). */
export async function mayRevoke(
  { clients }: Context,
  clientId: string,
  token: { readonly clientId?: string | undefined },
): Promise<boolean> {
  if (token.clientId === undefined) return false
  if (token.clientId === clientId) return true
  const [asking, holding] = [await clients.find(clientId), await clients.find(token.clientId)]
  return asking !== undefined && asking.agentId !== null && asking.agentId === holding?.agentId
}
