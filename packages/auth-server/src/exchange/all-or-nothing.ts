import type { Context } from '../context.js'
import type { Granted } from './decision.js'

/**
 * Does all of it, or nothing: what a permission takes once (a consent, the use of a grant) is given back where the request is
 * refused after all. Where nothing is taken there is nothing to give back.
 */
export function allOrNothing<T>(
  { database }: Pick<Context, 'database'>,
  permissions: readonly Granted[],
  work: () => Promise<T>,
): Promise<T> {
  const isTaking = permissions.some(({ consent, justInTime = 'none' }) => consent !== 'none' || justInTime !== 'none')
  return isTaking ? database.savepoint(work) : database.transaction(work)
}
