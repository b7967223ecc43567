import type { Principal } from '@behalf/core'
import type { Context } from '../context.js'
import type { TokenKind } from '../tokens/issued-token.js'
import { ProblemError } from './problem.js'

/** Who calls the admin API. */
export interface Caller {
  /** Named in the trail and in decisions: the person, or the client that calls by itself. */
  readonly by: string
  readonly clientId: string
  /** The agent whose client calls; null for an application that a person uses, and for a client of nobody's. */
  readonly agentId: string | null
  readonly kind: TokenKind
  readonly sessionId: string | null
  /** `txn` of the token. */
  readonly transaction: string | null
}

/** The caller behind a token that the guard let through. */
export async function findCaller({ tokens }: Pick<Context, 'tokens'>, principal: Principal): Promise<Caller> {
  const record = principal.tokenId === undefined ? undefined : await tokens.find(principal.tokenId)
  if (record === undefined) throw new Error('the token that was let through has no record')
  const { subject: by, clientId, agentId, kind, sessionId, transaction } = record
  return { by, clientId, agentId, kind, sessionId, transaction }
}

/**
 * No agent changes itself, or decides on what it asked for.
 *
 * @throws ProblemError `own_agent`
 */
export function refuseOwnAgent(caller: Caller, agentId: string | null): void {
  if (agentId === null || caller.agentId !== agentId) return
  throw new ProblemError('own_agent', 'Somebody else has to do this for the agent.')
}
