import type { Context as Request } from 'koa'
import type { Context } from '../context.js'
import { html } from './html.js'
import { sendNotice } from './page.js'
import type { Sessions, SignedIn } from './session.js'
import { demandSignIn, mayReadTrail } from './sign-in.js'

/**
 * Who is signed in and may read the trail; undefined where no one is, and then it is answered. Who may not is refused as one who
 * opens what is not theirs, and that is on record, as a refusal of the admin API is; that someone reads is not.
 *
 * @param route - of the page, for the record
 */
export async function demandReader(
  { audit, settings }: Pick<Context, 'audit' | 'settings'>,
  ctx: Request,
  sessions: Sessions,
  route: string,
): Promise<SignedIn | undefined> {
  const signedIn = await demandSignIn(ctx, sessions)
  if (signedIn === undefined || mayReadTrail(signedIn)) return signedIn
  await audit.record({
    type: 'access.denied',
    decision: 'deny',
    reason: { code: 'scope_insufficient' },
    subject: { id: signedIn.account.subject, profile: 'user' },
    requested: { scope: ['admin:audit'] },
    resource: { aud: settings.adminResource },
    detail: { method: ctx.method, route },
  })
  const link = html`<p><a href="/approvals">Back to approvals</a></p>`
  sendNotice(ctx, 404, 'There is no such page', 'It is not there, or it is not yours to see.', link)
  return undefined
}
