import {
  type Answer,
  type Claims,
  maxSecurityEventSize,
  type Principal,
  type ResourceServer,
  type ResourceServerOptions,
  type RouteRequirement,
  toResourceServer,
} from '@behalf/core'
import { fromNode, readText } from '@behalf/core/node'
import type { Context, Middleware } from 'koa'

/** What a guard leaves behind: `ctx.state` of the middleware after it. */
export interface AuthState<C = Claims> {
  /** Who is calling. */
  auth: Principal<C>
}

/** What stands in front of a route: a Koa middleware that types the `ctx.state` of those after it. */
export type RouteGuard<C = Claims> = Middleware<AuthState<C>>

/** The guards of one API. Each lets a request through and sets `ctx.state.auth`, or answers it. */
export interface Guards<C = Claims> {
  /** Demands a valid token and, when given, `requirement`: an object, or a function of the context that returns one. */
  readonly protect: (requirement?: RouteRequirement<Context, C>) => RouteGuard<C>
  /** Demands every one of `scopes`. */
  readonly requireScope: (...scopes: readonly [string, ...string[]]) => RouteGuard<C>
  /** Demands at least one of `scopes`. */
  readonly requireAnyScope: (...scopes: readonly [string, ...string[]]) => RouteGuard<C>
  /** Publishes the metadata document (RFC 9728) at its well-known path; challenges point to it from now on. */
  readonly metadata: () => Middleware
  /** Receives security events by POST (RFC 8935) and puts what they withdraw in force; needs the option of that name. */
  readonly securityEvents: () => Middleware
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
    return async (ctx, next) => {
      const decision = await authorize(fromNode(ctx.req, ctx.originalUrl, routeOf(ctx)), ctx)
      if (!decision.allowed) return send(ctx, decision)
      ctx.set(decision.headers)
      ctx.state.auth = decision.principal
      await next()
    }
  }

  return {
    protect,
    requireScope: (...scopes) => protect({ scope: scopes }),
    requireAnyScope: (...scopes) => protect({ anyScope: scopes }),
    metadata: () => {
      const endpoint = resourceServer.publishMetadata()
      return (ctx, next) => {
        const wanted = ctx.path === endpoint.path && (ctx.method === 'GET' || ctx.method === 'HEAD')
        return wanted ? send(ctx, endpoint.answer()) : next()
      }
    },
    securityEvents: () => {
      const { receive } = resourceServer.securityEvents()
      return async (ctx) => {
        const parsed = 'body' in ctx.request ? ctx.request.body : undefined
        const body = await readText(ctx.req, maxSecurityEventSize, parsed)
        send(ctx, await receive(body, ctx.get('Content-Type')))
      }
    },
    resourceServer,
  }
}

/** Template of the matched route, when `@koa/router` matched one. */
function routeOf(ctx: Context & { readonly _matchedRoute?: string | RegExp }): string | undefined {
  return ctx._matchedRoute?.toString()
}

/** Sends an answer as it is: to any body, an empty one too, Koa gives a content type. */
function send(ctx: Context, { status, headers, body }: Answer): void {
  ctx.status = status
  ctx.body = body
  ctx.remove('Content-Type')
  ctx.set(headers)
}
