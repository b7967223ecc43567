import type { Approval } from '../approvals/approval.js'
import type { Context } from '../context.js'
import type { SignedIn } from './session.js'

/**
 * Whether a person has to sign in again before they approve an item. What an agent without a browser gets (CIBA) says when they
 * signed in: for a permission that demands a fresh sign-in it would be worth nothing.
 */
export async function isSignInTooOld(
  { policy, now }: Pick<Context, 'policy' | 'now'>,
  { request }: Pick<Approval, 'request'>,
  { signedInAt }: SignedIn,
): Promise<boolean> {
  if (request.backchannelRequest === undefined) return false
  const current = await policy.current()
  const limits = request.scope.map((name) => current.permission(name)?.maxAge ?? Number.POSITIVE_INFINITY)
  return now() - signedInAt > Math.min(...limits)
}
