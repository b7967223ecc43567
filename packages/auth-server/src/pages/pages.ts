import Router from '@koa/router'
import type { Middleware } from 'koa'
import compose from 'koa-compose'
import type Provider from 'oidc-provider'
import { answerBackchannel } from '../approvals/ciba.js'
import type { Context } from '../context.js'
import { createForms } from './form.js'
import { createGivenConsents } from './given-consents.js'
import { createInbox } from './inbox.js'
import { createInteractions } from './interactions.js'
import { createPasswordAttempts } from './password-attempts.js'
import { middlewareOf } from './router-middleware.js'
import { createSessions } from './session.js'
import { createSignIn } from './sign-in.js'
import { serveStylesheet, stylesheetPath } from './stylesheet.js'
import { createTrail } from './trail.js'

/** The pages of the server. */
export interface Pages {
  readonly middleware: Middleware
  /** Those of the trail, which need no transaction. */
  readonly trail: Middleware
}

/**
 * Everything that people see: sign-in, the consent of an authorization request, the approvals inbox, the consents they
 * gave, and the trail. Plain pages, rendered here, that run nothing.
 *
 * @param engine - the protocol engine of this moment
 */
export function createPages(context: Context, engine: () => Provider): Pages {
  const forms = createForms(context.settings)
  const sessions = createSessions(context, engine)
  const attempt = createPasswordAttempts(context)
  context.approvals.onDecided(answerBackchannel(context, engine))
  const style = new Router().get(stylesheetPath, serveStylesheet)
  return {
    middleware: compose([
      middlewareOf(style),
      createInteractions(context, engine, { forms, attempt }),
      createSignIn({ forms, sessions, attempt }),
      createInbox(context, { forms, sessions }),
      createGivenConsents(context, { forms, sessions }),
    ]),
    trail: createTrail(context, { forms, sessions }),
  }
}
