import type { Middleware } from 'koa'
import type { Settings } from '../settings.js'

/** What every answer says. Pages set a policy of their own. */
export function secureHeaders({ issuer }: Settings): Middleware {
  const isHttps = issuer.startsWith('https:')
  return async (ctx, next) => {
    ctx.set('X-Content-Type-Options', 'nosniff')
    ctx.set('Referrer-Policy', 'no-referrer')
    ctx.set('X-Frame-Options', 'DENY')
    ctx.set('Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'")
    if (isHttps) ctx.set('Strict-Transport-Security', 'max-age=31536000')
    await next()
  }
}
