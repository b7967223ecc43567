import type { Context } from '../context.js'
import type { IssuedToken } from '../tokens/issued-token.js'
import type { Parameters } from './parameters.js'
import type { Presenter } from './presenter.js'
import { Refusal } from './refusal.js'
import { isTokenType } from './subject-token.js'

/** Seconds after which a token no longer tells who is here now. */
const maxAge = 300

/**
 * The token by which the presenter names itself, when it sends one: its own, and nobody else's.
 *
 * @throws Refusal `invalid_request` unless it is a fresh direct token of this very client
 */
export async function readActorToken(
  { tokens, now }: Pick<Context, 'tokens' | 'now'>,
  parameters: Parameters,
  { client, agent }: Presenter,
): Promise<IssuedToken | undefined> {
  const text = parameters.text('actor_token')
  const type = parameters.text('actor_token_type')
  if (text === undefined && type === undefined) return undefined
  if (text === undefined || type === undefined || !isTokenType(type)) {
    throw refused('actor_token_type', 'actor_token comes with actor_token_type, which must be access_token or jwt')
  }
  const token = await tokens.verify(text)
  if (token === undefined) throw refused('actor_token_invalid', 'actor_token is not in force')
  if (token.kind !== 'direct' || token.claims.act !== undefined) {
    throw refused('actor_token_delegated', 'actor_token must be a token of the agent itself')
  }
  if (now() - token.issuedAt > maxAge) throw refused('actor_token_old', 'actor_token is too old')
  if (token.subject !== client.id || token.clientId !== client.id || token.agentId !== agent.id) {
    throw refused('actor_token_foreign', 'actor_token is of another client')
  }
  return token
}

function refused(code: string, message: string): Refusal {
  return new Refusal('invalid_request', code, message)
}
