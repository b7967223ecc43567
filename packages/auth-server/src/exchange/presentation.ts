import type { Context } from '../context.js'
import type { Policy } from '../policy/policy-store.js'
import type { IssuedToken } from '../tokens/issued-token.js'
import type { Presenter } from './presenter.js'
import { Refusal } from './refusal.js'

/**
 * How a presenter came by a token: it was issued to it (`own`), it was called with it (`called`), or it was passed on to be exchanged,
 * for which the person named this server or this agent (`passed_on`).
 */
export type Presentation = 'own' | 'called' | 'passed_on'

/**
 * Ties subject token and presenter together, so that nobody exchanges a token that was meant for someone else.
 *
 * @throws Refusal when nothing ties them, or `may_act` names another
 */
export function requirePresentation(
  { settings }: Pick<Context, 'settings'>,
  policy: Pick<Policy, 'resource'>,
  token: IssuedToken,
  { client, agent }: Presenter,
): Presentation {
  const isNamed = readMayAct(token, settings.issuer, [agent.id, client.id])
  if (isNamed === false) throw new Refusal('invalid_request', 'may_act_mismatch', 'subject_token names another actor')
  if (token.clientId === client.id) return 'own'
  if (policy.resource(token.resource)?.clients?.includes(client.id) === true) return 'called'
  const isForExchange = [settings.issuer, client.id, agent.id].includes(token.resource)
  if (isForExchange || isNamed === true) return 'passed_on'
  throw new Refusal('invalid_request', 'presenter_unrelated', 'subject_token was not meant for this client')
}

/** Whether `may_act` (RFC 8693 section 4.4) names one of `names`; undefined where there is none. A malformed one names nobody. */
function readMayAct({ claims }: IssuedToken, issuer: string, names: readonly string[]): boolean | undefined {
  if (!Object.hasOwn(claims, 'may_act')) return undefined
  const { may_act: mayAct } = claims
  if (typeof mayAct !== 'object' || mayAct === null || !('sub' in mayAct)) return false
  const namespace = 'iss' in mayAct ? mayAct.iss : issuer
  return namespace === issuer && typeof mayAct.sub === 'string' && names.includes(mayAct.sub)
}
