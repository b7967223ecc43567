import { errors, type KoaContextWithOIDC } from 'oidc-provider'
import type { Context } from '../context.js'

/**
 * Refuses what a refresh token cannot give before it is used up: the client keeps it, and its next request is no replay.
 *
 * @returns true: every refresh token is rotated
 * @throws InvalidTarget, InvalidScope
 */
export async function checkRefresh(
  { accounts, policy }: Pick<Context, 'accounts' | 'policy'>,
  { oidc }: KoaContextWithOIDC,
): Promise<boolean> {
  const { RefreshToken: token, Account: owner } = oidc.entities
  if (token === undefined || owner === undefined) return true
  const asked = [oidc.params?.resource ?? []].flat()
  const held: readonly unknown[] = [token.resource ?? []].flat()
  if (!asked.every((resource) => held.includes(resource))) {
    throw new errors.InvalidTarget('the refresh token is for another resource')
  }
  const { document } = await policy.current()
  const permissions = (await accounts.find(owner.accountId))?.permissions ?? []
  const wanted = oidc.params?.scope ?? token.scope
  const scope = typeof wanted === 'string' ? wanted.split(' ') : []
  const lacking = scope.filter((name) => Object.hasOwn(document.permissions, name) && !permissions.includes(name))
  if (lacking.length > 0) throw new errors.InvalidScope('the account does not have it', lacking.join(' '))
  return true
}
