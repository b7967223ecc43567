import type { Middleware } from 'koa'
import type { Context } from '../context.js'
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
    await revocations.withdraw({ kind: 'session', value: session.uid, reason: 'signed out', by: session.subject })
  }
}

/** The engine leaves the session in its own part of the request, which Koa's types do not know. */
function readEndedSession(ctx: object): { readonly uid: string; readonly subject: string } | undefined {
  const session = memberOf(memberOf(ctx, 'oidc'), 'session')
  const [uid, subject] = [memberOf(session, 'uid'), memberOf(session, 'accountId')]
  if (memberOf(session, 'destroyed') !== true || typeof uid !== 'string') return undefined
  return { uid, subject: typeof subject === 'string' ? subject : 'unknown' }
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
