import { type Configuration, interactionPolicy } from 'oidc-provider'
import type { Context } from '../context.js'

type Policy = NonNullable<NonNullable<Configuration['interactions']>['policy']>

/**
 * When the engine asks people for something: as it does of itself, and for a new sign-in where the last is older than
 * `lifetimes.session` or the `max_age` of the request by the clock of this server, however often the session was used since.
 */
export function createInteractionPolicy({ settings, now }: Pick<Context, 'settings' | 'now'>): Policy {
  const { Check, base } = interactionPolicy
  const policy = base()
  policy.get('login')?.checks.add(
    new Check('session_age', 'the sign-in is too old', 'login_required', ({ oidc }) => {
      const { accountId, loginTs = 0 } = oidc.session ?? {}
      const age = now() - loginTs
      const maxAge = Number(oidc.params?.max_age ?? Number.POSITIVE_INFINITY)
      const isOld = accountId !== undefined && (age >= settings.lifetimes.session || age > maxAge)
      return isOld && oidc.result?.login === undefined ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT
    }),
  )
  return policy
}
