import { randomUUID } from 'node:crypto'
import type { Middleware } from 'koa'
import type { Context } from '../context.js'

/** One line a request: path without query, status, time. Never a header, a body or a query. */
export function logRequests({ log }: Context): Middleware {
  return async (ctx, next) => {
    const started = performance.now()
    const id = randomUUID()
    ctx.set('X-Request-Id', id)
    await next()
    log.info(
      { request: id, method: ctx.method, path: pathOf(ctx.originalUrl), status: ctx.status, ms: since(started) },
      'request',
    )
  }
}

function since(started: number): number {
  return Math.round(performance.now() - started)
}

/** An id in a path of the engine names a sign-in under way: it is left out. */
function pathOf(url: string): string {
  return url.replace(/[?#].*$/su, '').replace(/(\/interaction|\/authorize)\/.*$/u, '$1/:uid')
}
