import type { Middleware } from 'koa'
import type { Settings } from '../settings.js'

/**
 * Says where the server is: as configured, and never as `Host`, `X-Forwarded-*` or an absolute request target say. Metadata,
 * redirects, audiences of client assertions, `htu` of proofs and the `Secure` of cookies all follow from it.
 */
export function ownAddress({ issuer }: Pick<Settings, 'issuer'>): Middleware {
  const { host, protocol } = new URL(issuer)
  return async (ctx, next) => {
    Object.defineProperties(ctx.request, {
      host: { value: host },
      protocol: { value: protocol.slice(0, -1) },
      href: { get: () => issuer + ctx.path + ctx.search },
    })
    await next()
  }
}
