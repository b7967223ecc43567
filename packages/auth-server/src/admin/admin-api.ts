import type { AuthState } from '@behalf/koa'
import Router from '@koa/router'
import Koa, { type Context as KoaContext, type Middleware } from 'koa'
import compose from 'koa-compose'
import type { Context } from '../context.js'
import { formatRefusal, send } from './answer.js'
import { findCaller } from './caller.js'
import { createAdminGuard } from './guard.js'
import { describeApi } from './openapi.js'
import { perform } from './perform.js'
import { asProblem, ProblemError } from './problem.js'
import { requirementOf } from './requirement.js'
import type { Route } from './route.js'
import { adminRoutes } from './routes.js'

/** The admin API as part of the server. */
export interface AdminApi {
  /** Answers everything below `/admin`, and the metadata of the admin API; leaves the rest to the next one. */
  readonly middleware: Middleware
  close(): Promise<void>
}

/** Where the API is, below the issuer's URL. */
const prefix = '/admin'

/** Where its metadata is (RFC 9728 section 3.1). */
const metadataPath = `/.well-known/oauth-protected-resource${prefix}`

/** Seconds for which the document may be kept. */
const documentMaxAge = 300

/** Creates the admin API from its table of routes: router, guard and document all come from it. */
export function createAdminApi(context: Context): AdminApi {
  const { settings } = context
  const guard = createAdminGuard(context)
  const routes = adminRoutes(context)
  const document = JSON.stringify(describeApi(routes, settings))
  const router = new Router({ prefix, sensitive: true })

  for (const route of routes) {
    router.register(route.path, [route.method], [guard.protect(requirementOf(route)), (ctx) => run(route, ctx)])
  }
  router.get('/openapi.json', (ctx) => {
    const headers = { 'Content-Type': 'application/json', 'Cache-Control': `max-age=${documentMaxAge}` }
    send(ctx, { status: 200, headers, body: document })
  })

  async function run(route: Route, ctx: RoutedContext): Promise<void> {
    const caller = await findCaller(context, ctx.state.auth)
    const path = ctx.path.slice(prefix.length)
    const address = { root: settings.adminResource, path, query: readQuery(ctx) }
    send(ctx, await perform(context, route, { ctx, caller, params: ctx.params, address }))
  }

  const app: Koa = new Koa()
  app.use(router.routes()).use(router.allowedMethods())
  const answerRoute = compose(app.middleware)

  /** What no route answered: `Allow` says what there is. */
  function refuse(ctx: KoaContext): void {
    if (ctx.body !== undefined && ctx.body !== null) return
    if (ctx.status === 405) throw new ProblemError('method_not_allowed', `Allowed: ${ctx.response.get('Allow')}.`)
    if (ctx.status === 501) throw new ProblemError('method_unknown', 'The method is not known.')
    if (ctx.status === 404) throw new ProblemError('not_found', 'There is nothing at this address.')
  }

  return {
    middleware: async (ctx, next) => {
      if (ctx.path === metadataPath) {
        await guard.metadata(ctx, next)
        return
      }
      if (ctx.path !== prefix && !ctx.path.startsWith(`${prefix}/`)) {
        await next()
        return
      }
      try {
        await answerRoute(ctx, async () => {})
        refuse(ctx)
      } catch (error) {
        const problem = asProblem(error)
        if (problem === undefined) throw error
        send(ctx, formatRefusal(problem))
      }
    },
    close: () => guard.close(),
  }
}

type RoutedContext = KoaContext & { state: AuthState; params: Record<string, string> }

/** A parameter that is given twice is a mistake, and says so as one that no route knows. */
function readQuery(ctx: KoaContext): Readonly<Record<string, string>> {
  const read: Record<string, string> = {}
  for (const [name, value] of new URLSearchParams(ctx.querystring)) {
    if (Object.hasOwn(read, name)) {
      throw new ProblemError('input_invalid', `${name} is given twice`, [{ parameter: name, detail: 'is given twice' }])
    }
    read[name] = value
  }
  return read
}
