import type { Middleware } from 'koa'
import { responseModes } from './engine-client.js'
import { paths } from './paths.js'

const metadataPaths = ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration']

/** How the engine names a grant that a client may not use; RFC 6749 section 5.2 has an error of its own for it. */
const grantNotAllowed = 'requested grant type is not allowed for this client'

/** Corrects answers of the engine: its metadata where clients of this server may do less, and one error. */
export function correctEngine(): Middleware {
  return async (ctx, next) => {
    await next()
    const body: unknown = ctx.body
    if (typeof body !== 'object' || body === null) return
    if (metadataPaths.includes(ctx.path) && ctx.status === 200) {
      ctx.body = { ...body, response_modes_supported: responseModes }
    } else if (ctx.path === paths.token && 'error_description' in body && body.error_description === grantNotAllowed) {
      ctx.body = { ...body, error: 'unauthorized_client' }
    }
  }
}
