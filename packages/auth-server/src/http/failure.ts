import type { Context as Call, Middleware } from 'koa'
import type { Context } from '../context.js'

/** Answers what no inner part did: a fault of ours is 500, an outage 503, with no word of what it was. */
export function answerFailure({ log }: Context): Middleware {
  return async (ctx, next) => {
    try {
      await next()
    } catch (error) {
      const isOutage = isTemporary(error)
      log.error({ err: error, status: isOutage ? 503 : 500 }, 'request failed')
      answer(ctx, isOutage)
    }
  }
}

function answer(ctx: Call, isOutage: boolean): void {
  ctx.status = isOutage ? 503 : 500
  ctx.set('Cache-Control', 'no-store')
  if (isOutage) ctx.set('Retry-After', '1')
  if (ctx.path !== '/admin' && !ctx.path.startsWith('/admin/')) {
    ctx.body = { error: isOutage ? 'temporarily_unavailable' : 'server_error' }
    return
  }
  const code = isOutage ? 'unavailable' : 'internal_error'
  const title = isOutage ? 'Unavailable' : 'Internal error'
  ctx.body = JSON.stringify({ type: `urn:behalf:error:${code}`, title, status: ctx.status, code })
  ctx.type = 'application/problem+json'
}

/**
 * Whether the same request may succeed a moment later: the database cannot be reached or is too slow (SQLSTATE classes 08, 53,
 * 57, 25P03, 55P03, a broken connection), its tables were upgraded meanwhile (0A000), or this request and another waited for
 * each other (class 40).
 */
function isTemporary(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = 'code' in error ? String(error.code) : ''
  if (code === '') return /connection|timeout/iu.test(error.message)
  return (
    /^(?:08|40|53|57|25P03|55P03|0A000)/u.test(code) ||
    /^E(?:CONN|PIPE|HOST|NET|TIMEDOUT|NOTFOUND|AI_AGAIN)/u.test(code)
  )
}
