import type { Middleware } from 'koa'
import type { Context } from '../context.js'
import { readEndedSession } from '../introspection/engine-request.js'
import { paths } from '../provider/paths.js'

/**
 * Withdraws what rests on a sign-in when the person signs out (RP-Initiated Logout section 2): the protocol engine ends
 * its own session, and tokens agents got in it end with it.
 */
export function endSessions({ revocations }: Pick<Context, 'revocations'>): Middleware {
  return async (ctx, next) => {
    await next()
    if (ctx.method !== 'POST' || ctx.path !== `${paths.endSession}/confirm`) return
    const session = readEndedSession(ctx)
    if (session === undefined) return
    await revocations.withdraw({
      kind: 'session',
      value: session.uid,
      reason: 'signed out',
      by: session.subject ?? 'unknown',
    })
  }
}
