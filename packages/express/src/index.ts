import type { Principal } from '@behalf/core'

export { createGuard, type Guards, getAuth, type RouteGuard } from './guard.js'

declare global {
  // biome-ignore lint/style/noNamespace: it is how Express lets others add to its types
  namespace Express {
    interface Request {
      /** Who is calling, once a guard let the request through. `getAuth(req)` is the same without `undefined`. */
      auth?: Principal
    }
  }
}
