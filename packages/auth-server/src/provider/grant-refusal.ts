import type { Middleware } from 'koa'
import { paths } from './paths.js'

/** What the engine says of a client that may not use a grant. */
const ofTheEngine = 'requested grant type is not allowed for this client'

/** Names a grant that a client may not use `unauthorized_client` (RFC 6749 section 5.2): the engine calls it `invalid_request`. */
export function correctGrantRefusal(): Middleware {
  return async (ctx, next) => {
    await next()
    if (ctx.path !== paths.token || ctx.status !== 400) return
    const body: unknown = ctx.body
    if (typeof body !== 'object' || body === null || !('error_description' in body)) return
    if (body.error_description === ofTheEngine) ctx.body = { ...body, error: 'unauthorized_client' }
  }
}
