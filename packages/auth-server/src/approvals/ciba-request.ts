import { createHash } from 'node:crypto'
import { type CIBAEnabledConfiguration, errors } from 'oidc-provider'
import type { Account } from '../accounts/account.js'
import type { Agent } from '../agents/agent.js'
import type { Context } from '../context.js'
import { refusedFor, refusedToAgent } from '../pages/refused-for.js'
import { mostWaiting } from './approval.js'

type BackchannelRequest = Parameters<NonNullable<CIBAEnabledConfiguration['triggerAuthenticationDevice']>>[1]

/** Who a request is for that names nobody: no `sub` has a space. */
export const stranger = 'not known here'

/** What an agent asks a person. */
interface Asked {
  readonly agent: Agent
  /** Undefined where the hint names nobody who could be asked. */
  readonly account: Account | undefined
  readonly resource: string
  readonly scope: readonly string[]
}

/**
 * Puts a request into the inbox of the person. Where there is no such person, or they could not allow it, or too much waits for
 * them, it waits in nobody's and runs out: the agent is not told, or it could find out who is known here. The trail is.
 *
 * @throws UnauthorizedClient, InvalidScope for what no person could change
 */
export async function askPerson(context: Context, request: BackchannelRequest, clientId: string): Promise<void> {
  const { clients, agents, accounts, approvals, settings, secrets } = context
  const agentId = (await clients.find(clientId))?.agentId ?? null
  const agent = agentId === null ? undefined : await agents.find(agentId)
  if (agent?.status !== 'active') throw new errors.UnauthorizedClient('only for clients of an active agent')
  const scope = permissionsOf(request.scope)
  if ((await refusedToAgent(context, agent, scope)).length > 0) {
    throw new errors.InvalidScope('the agent can not have this scope', scope.join(' '))
  }
  const account = await accounts.find(request.accountId ?? '')
  const asked = { agent, account, resource: resourceOf(request) ?? settings.issuer, scope }
  const obstacle = await obstacleOf(context, asked)
  if (account === undefined || obstacle !== undefined) return tellTrail(context, request, clientId, asked, obstacle)
  const message = request.params?.binding_message
  await approvals.ask({
    kind: 'consent',
    agentId: agent.id,
    subject: account.subject,
    request: {
      resource: asked.resource,
      scope,
      ...(typeof message === 'string' ? { bindingMessage: message } : {}),
      backchannelRequest: await secrets.seal(request.jti),
    },
  })
}

/** Why there is no point in asking. */
async function obstacleOf(context: Context, { account, agent, scope }: Asked): Promise<string | undefined> {
  if (account === undefined) return 'person_unknown'
  if ((await refusedFor(context, { account, agent, scope })).length > 0) return 'person_lacks'
  const filter = { agentId: agent.id, subject: account.subject, status: 'pending', limit: mostWaiting } as const
  return (await context.approvals.list(filter)).length >= mostWaiting ? 'inbox_full' : undefined
}

/** The hint may be anything that was typed: a digest still tells whether it is always the same one. */
async function tellTrail(
  { audit, settings }: Context,
  { params }: BackchannelRequest,
  clientId: string,
  { account, agent, resource, scope }: Asked,
  code = 'person_unknown',
): Promise<void> {
  const hint = createHash('sha256').update(String(params?.login_hint)).digest('base64url')
  await audit.record({
    type: 'delegation.denied',
    decision: 'deny',
    reason: { code },
    ...(account === undefined ? {} : { subject: { id: account.subject, iss: settings.issuer, profile: 'user' } }),
    actor: { id: agent.id, iss: settings.issuer, profile: 'ai_agent' },
    client: { id: clientId },
    requested: { scope },
    resource: { aud: resource },
    detail: { login_hint_sha256: hint },
  })
}

const oidcScopes: readonly string[] = ['openid', 'offline_access']

function permissionsOf(scope = ''): readonly string[] {
  return scope.split(' ').filter((name) => name !== '' && !oidcScopes.includes(name))
}

/** Those of a scope that are about the sign-in. */
export function oidcScopesOf(scope = ''): readonly string[] {
  return scope.split(' ').filter((name) => oidcScopes.includes(name))
}

function resourceOf({ resource }: BackchannelRequest): string | undefined {
  return Array.isArray(resource) ? resource[0] : resource
}
