import type { IncomingMessage } from 'node:http'
import {
  type Claims,
  ConfigurationError,
  maxSecurityEventSize,
  type Principal,
  type ResourceServer,
  type ResourceServerOptions,
} from '@behalf/core'
import { readText } from '@behalf/core/node'
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import { createGuard, type Guards, isReceiver } from './guard.js'

export type { Guards, RouteGuard } from './guard.js'
export { type RequireGuardsOptions, requireGuards } from './require-guards.js'

declare module 'fastify' {
  interface FastifyInstance extends Guards {}
  interface FastifyRequest {
    /** Who is calling, once a guard let the request through. `getAuth(request)` is the same without `null`. */
    auth: Principal | null
  }
}

/**
 * Decorates the scope it is registered in, and every scope inside it, with the guards of one API. Registered again in a
 * scope inside, it replaces them there.
 *
 * @throws ConfigurationError when an option or a requirement is wrong: at creation, never at request time
 */
const behalf: FastifyPluginAsync<ResourceServerOptions | ResourceServer> = fastifyPlugin(decorate, {
  name: '@behalf/fastify',
  fastify: '5.x',
})

async function decorate(app: FastifyInstance, options: ResourceServerOptions | ResourceServer): Promise<void> {
  const guard = createGuard(options)
  if (!app.hasDecorator('resourceServer')) {
    app.decorateRequest('auth', null)
    app.addHook('onRoute', readEventsAsText)
  }
  for (const [name, value] of Object.entries(guard)) app.decorate(name, value)
  if (!app.hasContentTypeParser(securityEvent)) {
    app.addContentTypeParser(securityEvent, parseSecurityEvent)
  }
  if (guard.resourceServer !== options) app.addHook('onClose', () => guard.resourceServer.close())
}

const parseSecurityEvent = (_request: FastifyRequest, payload: IncomingMessage): Promise<string> =>
  readText(payload, maxSecurityEventSize)

/**
 * Whatever type a body claims to be of, it is for the receiver to judge: Fastify would answer what it has no parser for,
 * and JSON that is broken, by itself.
 */
function readEventsAsText(route: RouteOptions): void {
  if (!isReceiver(route.handler)) return
  const asText = (request: FastifyRequest, _reply: FastifyReply, done: () => void): void => {
    request.headers = { ...request.headers, 'content-type': securityEvent }
    done()
  }
  route.onRequest = [asText, ...[route.onRequest ?? []].flat()]
}

/** The one content type here that Fastify has no parser for: without one it refuses the request by itself. */
const securityEvent = 'application/secevent+jwt'

/**
 * Who is calling: what the guard before this handler put on the request.
 *
 * @typeParam C the claims, where the guard was created with a `claims` schema
 * @throws ConfigurationError when no guard ran before this handler
 */
export function getAuth<C = Claims>(request: FastifyRequest): Principal<C> {
  if (!request.auth) throw new ConfigurationError('getAuth', 'needs a guard before it on the route')
  return request.auth as Principal<C> // the claims type is the caller's word: a request does not carry it
}

export default behalf
