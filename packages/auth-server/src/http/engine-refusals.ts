import type { Middleware } from 'koa'
import type { Context } from '../context.js'
import { readClient } from '../introspection/engine-request.js'
import { paths } from '../provider/paths.js'

const recorded: readonly string[] = [paths.token, paths.pushed, paths.ciba, paths.introspection, paths.revocation]

/** Answers to a poll that is early: nothing was refused. */
const waiting: readonly string[] = ['authorization_pending', 'slow_down']

/**
 * Records what the protocol engine refuses by itself: a client that does not prove itself, a code or a refresh token that does not
 * count. One that nobody knows leaves a line in the log alone: otherwise anyone at all could fill the trail.
 */
export function recordEngineRefusals({ audit, log }: Pick<Context, 'audit' | 'log'>): Middleware {
  return async (ctx, next) => {
    await next()
    const error = refusalOf(ctx.body)
    const isRecorded = ctx.state.isRecorded === true || waiting.includes(error ?? '')
    if (error === undefined || isRecorded || ctx.status >= 500) return
    if (!recorded.includes(ctx.path.toLowerCase())) return
    const client = readClient(ctx)
    if (client === undefined) {
      log.info({ code: error }, 'an unknown client was refused')
      return
    }
    const isClient = error === 'invalid_client'
    await audit.record({
      type: isClient ? 'client.rejected' : 'access.denied',
      decision: 'deny',
      reason: { code: isClient ? 'client_authentication' : 'refused_by_engine', oauth_error: error },
      client: { id: client },
      detail: { path: ctx.path.toLowerCase() },
    })
  }
}

function refusalOf(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null || !('error' in body)) return undefined
  return typeof body.error === 'string' ? body.error : undefined
}
