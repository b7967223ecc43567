import { Buffer } from 'node:buffer'
import {
  type Answer,
  maxSecurityEventSize,
  type ResourceServer,
  type ResourceServerOptions,
  type RouteRequirement,
  toResourceServer,
} from '@behalf/core'
import { fromNode, readText } from '@behalf/core/node'
import type { FastifyReply, FastifyRequest, RawServerBase, RouteGenericInterface, RouteOptions } from 'fastify'
import { asGuard } from './require-guards.js'

type AnyRequest = FastifyRequest<RouteGenericInterface, RawServerBase>
type AnyReply = FastifyReply<RouteGenericInterface, RawServerBase>

/** What stands in front of a route: a Fastify hook for `onRequest`, before the body is read. */
export type RouteGuard = {
  guard(request: AnyRequest, reply: AnyReply): Promise<unknown>
}['guard']

/** The guards of one API. Each lets a request through and sets `request.auth`, or answers it. */
export interface Guards {
  /** Demands a valid token and, when given, `requirement`: an object, or a function of the request that returns one. */
  readonly protect: <Params = Record<string, string>>(
    requirement?: RouteRequirement<FastifyRequest<{ Params: Params }>>,
  ) => RouteGuard
  /** Demands every one of `scopes`. */
  readonly requireScope: (...scopes: readonly [string, ...string[]]) => RouteGuard
  /** Demands at least one of `scopes`. */
  readonly requireAnyScope: (...scopes: readonly [string, ...string[]]) => RouteGuard
  /** Publishes the metadata document (RFC 9728) at its well-known path; challenges point to it from now on. */
  readonly metadata: () => Pick<RouteOptions, 'method' | 'url'> & { readonly handler: RouteGuard }
  /** Receives security events by POST (RFC 8935) and puts what they withdraw in force; needs the option of that name. */
  readonly securityEvents: () => RouteGuard
  /** The resource server that decides. Closed with the app, unless it was handed in. */
  readonly resourceServer: ResourceServer
}

/**
 * Creates the guards of one API, from options or from a resource server already made.
 *
 * @throws ConfigurationError when an option or a requirement is wrong: at creation, never at request time
 */
export function createGuard(options: ResourceServerOptions | ResourceServer): Guards {
  const resourceServer = toResourceServer(options)

  const protect: Guards['protect'] = <Params>(
    requirement?: RouteRequirement<FastifyRequest<{ Params: Params }>>,
  ): RouteGuard => {
    const authorize = resourceServer.protect(requirement)
    return asGuard(async (request: FastifyRequest<{ Params: Params }>, reply: FastifyReply) => {
      const decision = await authorize(fromNode(request.raw, request.originalUrl, request.routeOptions.url), request)
      if (!decision.allowed) return send(reply, decision)
      reply.headers(decision.headers)
      request.auth = decision.principal
    })
  }

  return {
    protect,
    requireScope: (...scopes) => protect({ scope: scopes }),
    requireAnyScope: (...scopes) => protect({ anyScope: scopes }),
    metadata: () => {
      const endpoint = resourceServer.publishMetadata()
      const handler = asGuard(async (_request: FastifyRequest, reply: FastifyReply) => send(reply, endpoint.answer()))
      return { method: ['GET', 'HEAD'], url: endpoint.path, handler }
    },
    securityEvents: () => {
      const { receive } = resourceServer.securityEvents()
      const receiver = asGuard(async (request: FastifyRequest, reply: FastifyReply) => {
        const body = await readText(request.raw, maxSecurityEventSize, request.body)
        return send(reply, await receive(body, request.raw.headers['content-type'] ?? null))
      })
      receivers.add(receiver)
      return receiver
    },
    resourceServer,
  }
}

const receivers = new WeakSet<object>()

/** Whether a handler receives security events. */
export function isReceiver(handler: object): boolean {
  return receivers.has(handler)
}

/** Sends an answer as it is: of a string Fastify would change the content type, and to no bytes at all it gives one. */
function send(reply: FastifyReply, { status, headers, body }: Answer): FastifyReply {
  return reply
    .code(status)
    .headers(headers)
    .send(body === '' ? undefined : Buffer.from(body))
}
