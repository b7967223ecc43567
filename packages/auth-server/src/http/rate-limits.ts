import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import type { Middleware } from 'koa'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import type { Context } from '../context.js'
import { paths } from '../provider/paths.js'

/** Seconds that a limit counts over. */
const window = 60

/**
 * Limits how often one caller may ask, per process. Token and introspection requests are counted by client and address,
 * sign-in and approvals by address: so that no one can use up another's share.
 */
export function limitRates({ settings }: Context): Middleware {
  const { rateLimits } = settings
  const limiter = (points: number): RateLimiterMemory => new RateLimiterMemory({ points, duration: window })
  const token = limiter(rateLimits.token)
  const introspection = limiter(rateLimits.introspection)
  const login = limiter(rateLimits.login)
  const approval = limiter(rateLimits.approval)

  function choose(method: string, path: string): RateLimiterMemory | undefined {
    if (method !== 'POST') return undefined
    if (path === paths.token || path === paths.pushed || path === paths.ciba) return token
    if (path === paths.introspection || path === paths.revocation) return introspection
    if (path.startsWith(paths.interaction) || path.startsWith('/sign-in')) return login
    if (path.startsWith('/approvals') || path.startsWith('/consents')) return approval
    return undefined
  }

  return async (ctx, next) => {
    const chosen = choose(ctx.method, ctx.path)
    if (chosen === undefined) return next()
    try {
      await chosen.consume(callerOf(ctx.ip, ctx.get('Authorization')))
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal
      ctx.status = 429
      ctx.set('Retry-After', String(Math.ceil(refusal.msBeforeNext / 1000)))
      ctx.set('Cache-Control', 'no-store')
      ctx.body = { error: 'temporarily_unavailable', error_description: 'too many requests' }
      return
    }
    await next()
  }
}

/** The client of Basic credentials (never its secret), at an address. */
function callerOf(address: string, authorization: string): string {
  const encoded = /^basic ([A-Za-z0-9+/=]+)$/iu.exec(authorization)?.[1]
  const client = encoded === undefined ? '' : Buffer.from(encoded, 'base64').toString('latin1').split(':', 1)[0]
  return createHash('sha256').update(`${address} ${client}`).digest('base64url')
}
