import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import type { Middleware } from 'koa'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import type { Context } from '../context.js'
import { paths } from '../provider/paths.js'
import { networkOf } from './network.js'

/** Seconds that a limit counts over. */
const window = 60

/**
 * Limits how often one caller may ask, per process. Token and introspection requests are counted by client and address,
 * sign-in and approvals by address: so that no one can use up another's share. Requests of clients that do not prove
 * themselves are counted by address too: a name that is made up anew each time has no share of its own. Of IPv6, 64 bits of an
 * address count ({@link networkOf}).
 */
export function limitRates({ settings }: Context): Middleware {
  const { rateLimits } = settings
  const limiter = (points: number): RateLimiterMemory => new RateLimiterMemory({ points, duration: window })
  const token = limiter(rateLimits.token)
  const introspection = limiter(rateLimits.introspection)
  const login = limiter(rateLimits.login)
  const approval = limiter(rateLimits.approval)
  const unproven = limiter(rateLimits.token)
  const authorization = limiter(rateLimits.token)

  function choose(method: string, path: string): RateLimiterMemory | undefined {
    if (path === paths.authorization) return authorization
    if (method !== 'POST') return undefined
    if (path === paths.token || path === paths.pushed || path === paths.ciba) return token
    if (path === paths.introspection || path === paths.revocation) return introspection
    if (path.startsWith(paths.interaction) || path.startsWith('/sign-in')) return login
    if (path.startsWith('/approvals') || path.startsWith('/consents')) return approval
    return undefined
  }

  return async (ctx, next) => {
    const chosen = choose(ctx.method, routed(ctx.path))
    if (chosen === undefined) return next()
    const provesItself = chosen === token || chosen === introspection
    const address = networkOf(ctx.ip)
    const refusal =
      (provesItself ? await usedUp(unproven, address) : undefined) ??
      (await consume(chosen, callerOf(address, ctx.get('Authorization'))))
    if (refusal !== undefined) {
      ctx.status = 429
      ctx.set('Retry-After', String(Math.ceil(refusal.msBeforeNext / 1000)))
      ctx.set('Cache-Control', 'no-store')
      ctx.body = { error: 'temporarily_unavailable', error_description: 'too many requests' }
      return
    }
    await next()
    if (provesItself && ctx.status === 401) await unproven.penalty(address)
  }
}

/** A path as routers take it: in any case, with or without a slash at its end. */
function routed(path: string): string {
  return path.toLowerCase().replace(/\/$/u, '')
}

/** Takes one; what was used up where none is left. */
async function consume(limiter: RateLimiterMemory, key: string): Promise<RateLimiterRes | undefined> {
  try {
    await limiter.consume(key)
    return undefined
  } catch (refusal) {
    if (refusal instanceof RateLimiterRes) return refusal
    throw refusal
  }
}

/** What was used up; undefined while something is left. */
async function usedUp(limiter: RateLimiterMemory, key: string): Promise<RateLimiterRes | undefined> {
  const used = await limiter.get(key)
  return used !== null && used.consumedPoints >= limiter.points ? used : undefined
}

/** The client of Basic credentials (never its secret), at an address. */
function callerOf(address: string, authorization: string): string {
  const encoded = /^basic ([A-Za-z0-9+/=]+)$/iu.exec(authorization)?.[1]
  const client = encoded === undefined ? '' : Buffer.from(encoded, 'base64').toString('latin1').split(':', 1)[0]
  return createHash('sha256').update(`${address} ${client}`).digest('base64url')
}
