import type { Middleware } from 'koa'
import type { Context } from '../context.js'

/** `/healthz`: this process answers. `/readyz`: and it can do its work. */
export function health({ database, keys }: Context): Middleware {
  return async (ctx, next) => {
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') return next()
    if (ctx.path === '/healthz') return answer(ctx, true)
    if (ctx.path !== '/readyz') return next()
    try {
      await database.ping()
      answer(ctx, (await keys.published('token')).length > 0)
    } catch {
      answer(ctx, false)
    }
  }
}

function answer(ctx: Parameters<Middleware>[0], isWell: boolean): void {
  ctx.status = isWell ? 200 : 503
  ctx.set('Cache-Control', 'no-store')
  ctx.body = { status: isWell ? 'ok' : 'unavailable' }
}
