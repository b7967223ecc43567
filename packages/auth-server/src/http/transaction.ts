import type { Middleware } from 'koa'
import type { Context } from '../context.js'
import { paths } from '../provider/paths.js'
import { compareAhead } from './secret-ahead.js'

/** Status from which a request counts as failed: nothing of it is kept. */
const failed = 500

/** Where passwords are sent, as routers take a path. */
const signIn = new RegExp(`^(?:${paths.interaction}/[^/]+)?/sign-in/?$`, 'iu')

/** Undoes a request that an inner part already answered. */
class RequestFailed extends Error {}

/**
 * Makes a request one transaction, committed before the answer is sent. A refusal is committed too: that it was refused,
 * that an assertion was used, that a family of refresh tokens ended. What failed leaves nothing behind. A sign-in begins its own
 * transaction, once the password is compared.
 */
export function inTransaction(context: Pick<Context, 'database' | 'clients'>): Middleware {
  const { database } = context
  return async (ctx, next) => {
    if (ctx.method === 'POST' && signIn.test(ctx.path)) return next()
    await compareAhead(context, ctx)
    try {
      await database.transaction(async () => {
        await next()
        if (ctx.status >= failed) throw faultOf(ctx.state.fault) ?? new RequestFailed()
      })
    } catch (error) {
      if (!(error instanceof RequestFailed)) throw error
    }
  }
}

/** What went wrong inside the engine, which answers its own failures. */
function faultOf(fault: unknown): Error | undefined {
  return fault instanceof Error ? fault : undefined
}
