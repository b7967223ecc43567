import type { Middleware } from 'koa'
import type { Context } from '../context.js'
import { paths } from '../provider/paths.js'

/** Seconds that a copy of the keys may be used at most: well within the lead time of a new key. */
const maxAge = 300

/** Publishes the public keys (RFC 7517): the one in use, the next, and earlier ones while a token of theirs lives. */
export function publishKeys({ keys, settings }: Context): Middleware {
  const age = Math.max(1, Math.min(maxAge, Math.floor(settings.keys.leadTime / 2)))
  return async (ctx, next) => {
    if (ctx.path !== paths.keys || (ctx.method !== 'GET' && ctx.method !== 'HEAD')) return next()
    ctx.body = { keys: await keys.published('token') }
    ctx.type = 'application/jwk-set+json'
    ctx.set('Cache-Control', `public, max-age=${age}`)
    ctx.set('Access-Control-Allow-Origin', '*')
  }
}
