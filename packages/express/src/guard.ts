import { Buffer } from 'node:buffer'
import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  type Answer,
  type Claims,
  ConfigurationError,
  maxSecurityEventSize,
  type Principal,
  type ResourceServer,
  type ResourceServerOptions,
  type RouteRequirement,
  toResourceServer,
} from '@behalf/core'
import { fromNode, readText } from '@behalf/core/node'
import type { NextFunction, Request, Response } from 'express'

/** What stands in front of a route: an Express handler that leaves the types of the route's other handlers alone. */
export type RouteGuard = {
  guard(req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void): void
}['guard']

/** The guards of one API. Each lets a request through and sets `req.auth`, or answers it. */
export interface Guards<C = Claims> {
  /** Demands a valid token and, when given, `requirement`: an object, or a function of the request that returns one. */
  readonly protect: <Params = Record<string, string>>(requirement?: RouteRequirement<Request<Params>, C>) => RouteGuard
  /** Demands every one of `scopes`. */
  readonly requireScope: (...scopes: readonly [string, ...string[]]) => RouteGuard
  /** Demands at least one of `scopes`. */
  readonly requireAnyScope: (...scopes: readonly [string, ...string[]]) => RouteGuard
  /** Publishes the metadata document (RFC 9728) at its well-known path; challenges point to it from now on. */
  readonly metadata: () => RouteGuard
  /** Receives security events by POST (RFC 8935) and puts what they withdraw in force; needs the option of that name. */
  readonly securityEvents: () => RouteGuard
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

  const protect: Guards<C>['protect'] = <Params>(requirement?: RouteRequirement<Request<Params>, C>): RouteGuard => {
    const authorize = resourceServer.protect(requirement)
    const guard = async (req: Request<Params>, res: Response, next: NextFunction): Promise<void> => {
      const decision = await authorize(fromNode(req, req.originalUrl, routeOf(req)), req)
      if (!decision.allowed) return send(res, decision)
      for (const [name, value] of Object.entries(decision.headers)) res.setHeader(name, value)
      Object.assign(req, { auth: decision.principal })
      principals.set(req, decision.principal)
      next()
    }
    return (req: Request<Params>, res: Response, next: NextFunction): void => {
      guard(req, res, next).catch(next) // oxlint-disable-line promise/no-callback-in-promise -- Express 4 never looks at it
    }
  }

  return {
    protect,
    requireScope: (...scopes) => protect({ scope: scopes }),
    requireAnyScope: (...scopes) => protect({ anyScope: scopes }),
    metadata: () => {
      const endpoint = resourceServer.publishMetadata()
      return (req: Request, res: Response, next: NextFunction): void => {
        const wanted = req.baseUrl + req.path === endpoint.path && (req.method === 'GET' || req.method === 'HEAD')
        if (wanted) send(res, endpoint.answer())
        else next()
      }
    },
    securityEvents: () => {
      const { receive } = resourceServer.securityEvents()
      return (req: Request, res: Response, next: NextFunction): void => {
        const reading = readText(req, maxSecurityEventSize, req.body)
        const answering = reading.then((body) => receive(body, req.get('Content-Type') ?? null))
        answering.then((answer) => send(res, answer)).catch(next) // oxlint-disable-line promise/no-callback-in-promise -- as above
      }
    },
    resourceServer,
  }
}

/**
 * Template of the matched route, as the router it belongs to has it: Express keeps what stands before that as the caller
 * wrote it, values and all. A guard that is mounted by `use` stands before the match and knows none.
 */
function routeOf({ route }: { route?: { path: unknown } }): string | undefined {
  return route && String(route.path)
}

/** Sends an answer as it is: `res.send` would add a charset and an entity tag. */
function send(res: Response, { status, headers, body }: Answer): void {
  res.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(body) })
  res.end(res.req.method === 'HEAD' ? undefined : body)
}

const principals = new WeakMap<IncomingMessage, Principal<unknown>>()

/**
 * Who is calling: what the guard before this handler put on the request.
 *
 * @typeParam C the claims, where the guard was created with a `claims` schema
 * @throws ConfigurationError when no guard ran before this handler
 */
export function getAuth<C = Claims>(req: IncomingMessage): Principal<C> {
  const principal = principals.get(req)
  if (principal === undefined) throw new ConfigurationError('getAuth', 'needs a guard before it on the route')
  return principal as Principal<C> // the claims type is the caller's word: a request does not carry it
}
