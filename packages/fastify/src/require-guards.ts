import { ConfigurationError } from '@behalf/core'
import type { FastifyInstance, FastifyPluginAsync, RouteOptions } from 'fastify'
import fastifyPlugin from 'fastify-plugin'

const guards = new WeakSet<object>()

/** Remembers a guard, or a handler that needs none, for {@link requireGuards}. */
export function asGuard<G extends object>(guard: G): G {
  guards.add(guard)
  return guard
}

/** Settings of {@link requireGuards}. */
export interface RequireGuardsOptions {
  /** What becomes of a route without a guard: `'refuse'` keeps the app from starting, a function is told of each. */
  readonly onUnguarded: 'refuse' | ((route: RouteOptions) => void)
  /** URLs, as the routes were registered with their prefix, that are open to everyone. */
  readonly except?: readonly string[]
}

/**
 * Looks for routes that no guard stands in front of, when the app gets ready. A guard counts on the route itself and as
 * a hook of the scope around it. Register this before the scopes and routes it shall see.
 *
 * @throws ConfigurationError from `app.ready()`, naming every route without a guard
 */
export const requireGuards: FastifyPluginAsync<RequireGuardsOptions> = fastifyPlugin(requireGuardsPlugin, {
  name: '@behalf/fastify/require-guards',
  fastify: '5.x',
})

async function requireGuardsPlugin(app: FastifyInstance, options: RequireGuardsOptions): Promise<void> {
  const { onUnguarded, except = [] } = options
  if (onUnguarded !== 'refuse' && typeof onUnguarded !== 'function') {
    throw new ConfigurationError('onUnguarded', "must be 'refuse' or a function")
  }
  if (!Array.isArray(except)) throw new ConfigurationError('except', 'must be a list of URLs')
  const routes: { readonly route: RouteOptions; readonly scope: object }[] = []
  const guardedScopes = new WeakSet<object>()

  app.addHook('onRoute', function (route) {
    routes.push({ route, scope: this })
  })

  // Fastify shows the hooks of a route to onRoute, but not those of the scope around it
  const { addHook } = app // oxlint-disable-line typescript/unbound-method -- called with its scope below
  Object.assign(app, {
    addHook(this: FastifyInstance, name: never, hook: never) {
      if (stages.includes(name) && guards.has(hook)) guardedScopes.add(this)
      return addHook.call(this, name, hook)
    },
  })

  app.addHook('onReady', async () => {
    const unguarded = routes
      .filter(({ route, scope }) => !except.includes(route.url) && !isGuarded(route) && !isInside(scope, guardedScopes))
      .map(({ route }) => route)
    if (typeof onUnguarded === 'function') {
      for (const route of unguarded) onUnguarded(route)
    } else if (unguarded.length > 0) {
      const list = unguarded.map(({ method, url }) => `${[method].flat().join(', ')} ${url}`).join('; ')
      throw new ConfigurationError('requireGuards', `needs a guard, or an entry in except, for: ${list}`)
    }
  })
}

/** The hooks that run before the handler. */
const stages = ['onRequest', 'preParsing', 'preValidation', 'preHandler'] as const

function isGuarded(route: RouteOptions): boolean {
  return [route.handler, ...stages.flatMap((stage) => route[stage] ?? [])].some((hook) => guards.has(hook))
}

/** Whether `scope`, or a scope around it, is one of `scopes`: a Fastify scope has the one around it as its prototype. */
function isInside(scope: object | null, scopes: WeakSet<object>): boolean {
  return scope !== null && (scopes.has(scope) || isInside(Reflect.getPrototypeOf(scope), scopes))
}
