import {
  type Answer,
  type Claims,
  type Principal,
  type ResourceServer,
  type ResourceServerOptions,
  type RouteRequirement,
  toResourceServer,
} from '@behalf/core'
import type { Context, Handler, MiddlewareHandler } from 'hono'
import { createMiddleware } from 'hono/factory'
import { readText, requestOf } from './request.js'

/** What a guard leaves behind: `c.var` of the handlers after it. */
export interface AuthEnv<C = Claims> {
  Variables: {
    /** Who is calling. */
    auth: Principal<C>
  }
}

/** What stands in front of a route: a Hono middleware that types the `c.var` of the handlers after it. */
export type RouteGuard<C = Claims> = MiddlewareHandler<AuthEnv<C>>

/** The guards of one API. Each lets a request through and sets `c.var.auth`, or answers it. */
export interface Guards<C = Claims> {
  /** Demands a valid token and, when given, `requirement`: an object, or a function of the context that returns one. */
  readonly protect: (requirement?: RouteRequirement<Context, C>) => RouteGuard<C>
  /** Demands every one of `scopes`. */
  readonly requireScope: (...scopes: readonly [string, ...string[]]) => RouteGuard<C>
  /** Demands at least one of `scopes`. */
  readonly requireAnyScope: (...scopes: readonly [string, ...string[]]) => RouteGuard<C>
  /** Publishes the metadata document (RFC 9728) at its well-known path; challenges point to it from now on. */
  readonly metadata: () => MiddlewareHandler
  /** Receives security events by POST (RFC 8935) and puts what they withdraw in force; needs the option of that name. */
  readonly securityEvents: () => Handler
  /** The resource server that decides. Close it when the API stops, unless others share it. */
  readonly resourceServer: ResourceServer<C>
}

/**
 * Creates the guards of one API, from options or from a resource server already made.
 *
 * @throws ConfigurationError when an option or a requirement is wrong: at creation, never at request time
 */
export function createGuard<C = Claims>(options: ResourceServerOptions<C> | ResourceServer<C>): Guards<C> {
  const resourceServer = toResourceServer(options)

  const protect: Guards<C>['protect'] = (requirement) => {
    const authorize = resourceServer.protect(requirement)
    return createMiddleware<AuthEnv<C>>(async (c, next) => {
      const decision = await authorize(requestOf(c), c)
      if (!decision.allowed) return send(c, decision)
      for (const [name, value] of Object.entries(decision.headers)) c.res.headers.set(name, value)
      c.set('auth', decision.principal)
      await next()
    })
  }

  return {
    protect,
    requireScope: (...scopes) => protect({ scope: scopes }),
    requireAnyScope: (...scopes) => protect({ anyScope: scopes }),
    metadata: () => {
      const endpoint = resourceServer.publishMetadata()
      return createMiddleware(async (c, next) => {
        const wanted = c.req.path === endpoint.path && (c.req.method === 'GET' || c.req.method === 'HEAD')
        return wanted ? send(c, endpoint.answer()) : next()
      })
    },
    securityEvents: () => {
      const { receive } = resourceServer.securityEvents()
      return async (c) => send(c, await receive(await readText(c), c.req.header('Content-Type') ?? null))
    },
    resourceServer,
  }
}

/** Sends an answer as it is, beside the headers that middleware before this one set. */
function send(c: Context, { status, headers, body }: Answer): Response {
  const length = new TextEncoder().encode(body).length
  return c.newResponse(
    body || null,
    new Response(null, { status, headers: { ...headers, 'Content-Length': `${length}` } }),
  )
}
