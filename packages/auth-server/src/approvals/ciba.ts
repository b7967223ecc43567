import type Provider from 'oidc-provider'
import { type CIBAEnabledConfiguration, errors, type KoaContextWithOIDC } from 'oidc-provider'
import type { Context } from '../context.js'
import { oneLine } from '../grants/grant-request.js'
import { refusedFor } from '../pages/refused-for.js'
import { type Approvals, mostWaiting } from './approval.js'

type CibaFeature = CIBAEnabledConfiguration

/** Characters of a binding message. */
const longestMessage = 100

/**
 * How an agent without a browser asks a person (CIBA core, poll mode): `login_hint` is the person's `sub`, and the request
 * waits in their inbox. User codes and request contexts are not taken.
 */
export function createCibaFeature(context: Context): Omit<CibaFeature, 'enabled' | 'deliveryModes'> {
  return {
    processLoginHint: async (_ctx, hint) => {
      const account = await context.accounts.find(hint ?? '')
      return account?.status === 'active' ? account.subject : undefined
    },
    processLoginHintToken: async () => {
      throw new errors.InvalidRequest('login_hint_token is not supported')
    },
    verifyUserCode: async (_ctx, _account, code) => {
      if (code !== undefined) throw new errors.InvalidRequest('user_code is not supported')
    },
    validateRequestContext: async (_ctx, requestContext) => {
      if (requestContext !== undefined) throw new errors.InvalidRequest('request_context is not supported')
    },
    validateBindingMessage: async (_ctx, message) => {
      if (message === undefined) return
      if (message.length > longestMessage || oneLine(message) !== message || message === '') {
        throw new errors.InvalidBindingMessage(`binding_message: 1 to ${longestMessage} characters on one line`)
      }
    },
    triggerAuthenticationDevice: (ctx, request, _account, client) => ask(context, ctx, request, client),
  }
}

type Trigger = NonNullable<CibaFeature['triggerAuthenticationDevice']>
type BackchannelRequest = Parameters<Trigger>[1]

async function ask(
  context: Context,
  _ctx: KoaContextWithOIDC,
  request: BackchannelRequest,
  client: Parameters<Trigger>[3],
): Promise<void> {
  const { clients, agents, accounts, approvals, settings, secrets } = context
  const agentId = (await clients.find(client.clientId))?.agentId ?? null
  const agent = agentId === null ? undefined : await agents.find(agentId)
  const account = await accounts.find(request.accountId ?? '')
  if (agent?.status !== 'active' || account === undefined)
    throw new errors.UnauthorizedClient('only for clients of an active agent')
  const scope = permissionsOf(request.scope)
  if ((await refusedFor(context, { account, agent, scope })).length > 0) {
    throw new errors.InvalidScope('the person or the agent can not have this scope', scope.join(' '))
  }
  const waiting = await approvals.list({ subject: account.subject, status: 'pending', limit: 1000 })
  if (waiting.filter((item) => item.agentId === agent.id).length >= mostWaiting) {
    throw new errors.AccessDenied('too many requests of this agent wait for the person')
  }
  const message = request.params?.binding_message
  await approvals.ask({
    kind: 'consent',
    agentId: agent.id,
    subject: account.subject,
    request: {
      resource: resourceOf(request) ?? settings.issuer,
      scope,
      ...(typeof message === 'string' ? { bindingMessage: message } : {}),
      backchannelRequest: await secrets.seal(request.jti),
    },
  })
}

/** Tells the engine what the person decided, in the transaction of the decision: the agent's next poll has the answer. */
export function answerBackchannel({ secrets }: Context, engine: () => Provider): Parameters<Approvals['onDecided']>[0] {
  return async ({ request: asked, status }, sessionId) => {
    if (asked.backchannelRequest === undefined) return
    const provider = engine()
    const request = await provider.BackchannelAuthenticationRequest.find(await secrets.open(asked.backchannelRequest))
    if (request === undefined) return // it ran out at the engine a moment earlier
    if (status !== 'approved') {
      await provider.backchannelResult(request, new errors.AccessDenied('the person denied it'))
      return
    }
    const grant = new provider.Grant({ accountId: request.accountId, clientId: request.clientId })
    grant.addOIDCScope(oidcScopesOf(request.scope).join(' '))
    if (asked.scope.length > 0) grant.addResourceScope(asked.resource, asked.scope.join(' '))
    await grant.save()
    const session = sessionId === null ? undefined : await provider.Session.findByUid(sessionId)
    await provider.backchannelResult(request, grant, {
      acr: session?.acr,
      amr: session?.amr,
      authTime: session?.loginTs,
      sessionUid: session?.uid,
    })
  }
}

const oidcScopes: readonly string[] = ['openid', 'offline_access']

function permissionsOf(scope = ''): readonly string[] {
  return scope.split(' ').filter((name) => name !== '' && !oidcScopes.includes(name))
}

function oidcScopesOf(scope = ''): readonly string[] {
  return scope.split(' ').filter((name) => oidcScopes.includes(name))
}

function resourceOf({ resource }: BackchannelRequest): string | undefined {
  return Array.isArray(resource) ? resource[0] : resource
}
