import { Buffer } from 'node:buffer'
import { randomUUID } from 'node:crypto'
import { parse, stringify } from 'node:querystring'
import { decodeProtectedHeader } from 'jose'
import type { Middleware } from 'koa'
import type { Context } from '../context.js'
import { paths } from '../provider/paths.js'
import { withAcceptedToken } from './accepted-token.js'
import { readClient } from './engine-request.js'
import { handOn, maxFormSize, readForm } from './form.js'

/**
 * Makes introspection (RFC 7662) and revocation (RFC 7009) work for tokens of this server, which are JWTs: the protocol
 * engine knows tokens by what it stored alone. A token that holds is replaced by a handle that its storage understands,
 * one that does not by a handle that finds nothing. Whoever asks, and what they are told, stays the engine's affair.
 */
export function acceptStructuredTokens({ tokens, audit }: Pick<Context, 'tokens' | 'audit'>): Middleware {
  return async (ctx, next) => {
    const isAsked = ctx.path === paths.introspection || ctx.path === paths.revocation
    if (!isAsked || ctx.method !== 'POST' || !ctx.is('application/x-www-form-urlencoded')) {
      await next()
      return
    }
    const form = await readForm(ctx.req, maxFormSize)
    if (form === undefined) {
      ctx.status = 413
      ctx.set({ 'Cache-Control': 'no-store', Connection: 'close' })
      ctx.body = { error: 'invalid_request', error_description: 'the request is too large' }
      return
    }
    const parameters = parse(form.toString())
    const { token } = parameters
    if (typeof token !== 'string' || !isStructured(token)) {
      handOn(ctx, form)
      await next()
      return
    }
    const record = await tokens.verify(token)
    const handle = randomUUID()
    handOn(ctx, Buffer.from(stringify({ ...parameters, token: handle })))
    if (record !== undefined) {
      await withAcceptedToken({ handle, record }, next)
      return
    }
    await next()
    const client = readClient(ctx)
    if (ctx.path !== paths.introspection || client === undefined) return
    await audit.record({
      type: 'token.introspected',
      decision: 'deny',
      reason: { code: 'token_inactive' },
      client: { id: client },
    })
  }
}

/** What the engine refuses to look up. */
function isStructured(token: string): boolean {
  try {
    decodeProtectedHeader(token)
    return true
  } catch {
    return false
  }
}
