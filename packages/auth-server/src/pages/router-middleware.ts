import type Router from '@koa/router'
import type { Middleware } from 'koa'

/** A router's routes for an application: the parameters that the router's own type asks for are what it adds itself. */
export function middlewareOf(router: Router): Middleware {
  return router.routes() as unknown as Middleware
}
