import Koa from 'koa'
import compose from 'koa-compose'
import type { Context } from '../context.js'
import { correctEngine } from '../provider/corrections.js'
import { recordEngineRefusals } from './engine-refusals.js'
import { answerFailure } from './failure.js'
import { health } from './health.js'
import { publishKeys } from './keys-endpoint.js'
import { ownAddress } from './own-address.js'
import { limitRates } from './rate-limits.js'
import { readBodies } from './read-bodies.js'
import { logRequests } from './request-log.js'
import { secureHeaders } from './secure-headers.js'
import { inTransaction } from './transaction.js'

/** The parts of the server that answer requests, outermost first. */
export interface Parts {
  readonly statusLists: Koa.Middleware
  readonly admin: Koa.Middleware
  readonly ingest: Koa.Middleware
  readonly pages: Koa.Middleware
  /** Reads, for as long as that takes. */
  readonly trail: Koa.Middleware
  readonly structuredTokens: Koa.Middleware
  readonly signOut: Koa.Middleware
  /** The protocol engine of this moment: another one once the signing keys changed. */
  readonly engine: () => Koa
}

/** One request from top to bottom. */
export async function createApp(context: Context, parts: Parts): Promise<Koa> {
  const { settings, secrets } = context
  const app = new Koa({ proxy: settings.trustedProxies > 0, maxIpsCount: settings.trustedProxies })
  app.keys = [await secrets.shared('cookies')]
  app.silent = true // failures are logged where they are answered
  app.use(ownAddress(settings))
  app.use(logRequests(context))
  app.use(answerFailure(context))
  app.use(secureHeaders(settings))
  app.use(health(context))
  app.use(publishKeys(context))
  app.use(limitRates(context))
  // these read their own bodies, once they know who sends them, and open their own transactions
  app.use(parts.admin)
  app.use(parts.ingest)
  app.use(readBodies())
  app.use(parts.trail)
  app.use(inTransaction(context))
  app.use(parts.statusLists)
  app.use(parts.pages)
  app.use(parts.structuredTokens)
  app.use(parts.signOut)
  app.use(recordEngineRefusals(context))
  app.use(correctEngine())
  app.use((ctx, next) => compose(parts.engine().middleware)(ctx, next))
  return app
}
