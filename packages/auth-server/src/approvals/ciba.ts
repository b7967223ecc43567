import type Provider from 'oidc-provider'
import { type CIBAEnabledConfiguration, errors } from 'oidc-provider'
import type { Context } from '../context.js'
import { oneLine } from '../grants/grant-request.js'
import type { Approvals } from './approval.js'
import { askPerson, oidcScopesOf, stranger } from './ciba-request.js'

type CibaFeature = CIBAEnabledConfiguration

/** Characters of a binding message. */
const longestMessage = 100

/**
 * How an agent without a browser asks a person (CIBA core, poll mode): `login_hint` is the person's `sub` or username, and the
 * request waits in their inbox. For who is not there it waits too, in nobody's. User codes and request contexts are not taken.
 */
export function createCibaFeature(context: Context): Omit<CibaFeature, 'enabled' | 'deliveryModes'> {
  const { accounts } = context
  return {
    processLoginHint: async (_ctx, hint = '') => {
      const account = (await accounts.find(hint)) ?? (await accounts.findByUsername(hint))
      return account?.status === 'active' ? account.subject : stranger
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
    triggerAuthenticationDevice: (_ctx, request, _account, client) => askPerson(context, request, client.clientId),
  }
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
