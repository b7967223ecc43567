import { Buffer } from 'node:buffer'
import type { Context as Call, Middleware } from 'koa'
import { handOn, maxFormSize, readForm } from '../introspection/form.js'

/**
 * Reads a body before anything else is done with a request: one that comes slowly, or never ends, holds no connection of
 * the database meanwhile. Refuses NUL, which no value here has and no text of the database can.
 */
export function readBodies(): Middleware {
  return async (ctx, next) => {
    const hasBody = ctx.method !== 'GET' && ctx.method !== 'HEAD'
    const body = hasBody ? await readForm(ctx.req, maxFormSize) : Buffer.alloc(0)
    if (body === undefined) {
      ctx.set('Connection', 'close')
      return refuse(ctx, 413, 'the request is too large')
    }
    if (ctx.url.includes('%00') || body.includes('%00') || body.includes(0)) {
      return refuse(ctx, 400, 'no value can have a NUL character')
    }
    if (hasBody) handOn(ctx, body)
    await next()
  }
}

function refuse(ctx: Call, status: number, description: string): void {
  ctx.status = status
  ctx.set('Cache-Control', 'no-store')
  ctx.body = { error: 'invalid_request', error_description: description }
}
