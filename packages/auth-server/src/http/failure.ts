import type { Middleware } from 'koa'
import type { Context } from '../context.js'

/** Answers what no inner part did: a fault of ours is 500 or 503, with no word of what it was. */
export function answerFailure({ log }: Context): Middleware {
  return async (ctx, next) => {
    try {
      await next()
    } catch (error) {
      const status = statusOf(error)
      log.error({ err: error, status }, 'request failed')
      ctx.status = status
      ctx.set('Cache-Control', 'no-store')
      if (status === 503) ctx.set('Retry-After', '1')
      ctx.body = { error: status === 503 ? 'temporarily_unavailable' : 'server_error' }
    }
  }
}

/** What tells of a database that cannot be reached just now: classes 08, 53, 57P and a connection that broke. */
function statusOf(error: unknown): number {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const isOutage = /^(?:08|53|57P)/u.test(code) || /^E(?:CONN|PIPE|HOST|NET|TIMEDOUT)/u.test(code)
  const isLost = error instanceof Error && /connection|timeout/iu.test(error.message) && code === ''
  return isOutage || isLost ? 503 : 500
}
