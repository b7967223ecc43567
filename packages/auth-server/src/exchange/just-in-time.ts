import type { Context } from '../context.js'
import type { Grant } from '../grants/grant.js'
import type { Granted } from './decision.js'
import { Refusal } from './refusal.js'

/** A call, as far as just-in-time grants go. */
export interface GrantCall {
  readonly agentId: string
  /** Null for direct access. */
  readonly subject: string | null
  readonly resource: string
  readonly permissions: readonly Granted[]
  readonly transaction: string | null
  readonly tool: string | undefined
  /** Seconds an automatic grant stays open. */
  readonly lifetime: number
}

/**
 * Takes one use of the just-in-time grant that covers every permission that needs one. Where the policy gives it by itself, it is
 * requested, approved and used at once, so that it is on record like any other.
 *
 * @returns undefined where no permission needs one
 * @throws Refusal `invalid_scope` where there is no open one
 */
export async function useGrant(
  { grants }: Pick<Context, 'grants'>,
  { permissions, lifetime, tool, ...call }: GrantCall,
): Promise<Grant | undefined> {
  const needing = permissions.filter(({ justInTime = 'none' }) => justInTime !== 'none')
  if (needing.length === 0) return undefined
  const scope = needing.map(({ name }) => name).toSorted()
  const need = { ...call, scope }
  const open = await grants.use(need)
  if (open !== undefined) return open
  if (needing.some(({ justInTime }) => justInTime === 'approval')) throw missing(scope)
  const justification = tool === undefined ? 'given by policy' : `given by policy for ${tool}`
  const requested = await grants.request({ ...need, justification, duration: lifetime, maxUses: 1 })
  await grants.decide(requested.id, 'approved', 'policy')
  const given = await grants.use(need)
  if (given === undefined) throw missing(scope)
  return given
}

function missing(scope: readonly string[]): Refusal {
  return new Refusal('invalid_scope', 'grant_missing', `a just-in-time grant is needed for ${scope.join(' ')}`)
}
