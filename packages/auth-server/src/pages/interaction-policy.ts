import { type Configuration, interactionPolicy } from 'oidc-provider'
import type { Context } from '../context.js'

type Policy = NonNullable<NonNullable<Configuration['interactions']>['policy']>

/**
 * When the engine asks people for something: as it does of itself, and for a new sign-in where the last is older than
 * `lifetimes.session`, however often the session was used since.
 */
export function createInteractionPolicy({ settings, now }: Pick<Context, 'settings' | 'now'>): Policy {
  const { Check, base } = interactionPolicy
  const policy = base()
  policy.get('login')?.checks.add(
    new Check('session_age', 'the sign-in is too old', 'login_required', ({ oidc }) => {
      const { accountId, loginTs = 0 } = oidc.session ?? {}
      const isOld = accountId !== undefined && now() - loginTs >= settings.lifetimes.session
      return isOld && oidc.result?.login === undefined ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT
    }),
  )
  return policy
}
