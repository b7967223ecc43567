import type { Requirement, VerifiedToken } from '@behalf/core'
import { createGuard, type Guards, type RouteGuard } from '@behalf/koa'
import type { Middleware } from 'koa'
import type { Context } from '../context.js'
import { createProofStore } from './proof-store.js'
import { createRefusalSink } from './refusal-sink.js'

/** What stands in front of an API of the server itself: `@behalf/koa`, on the server's own keys. */
export interface AdminGuard {
  /** Demands a token of this server for the API that meets the requirement. */
  protect(requirement: Requirement): RouteGuard
  /** Publishes the metadata of the API (RFC 9728). */
  readonly metadata: Middleware
  close(): Promise<void>
}

/** The guards of one set of keys. */
interface Fitted {
  readonly keyIds: string
  readonly guards: Guards
  readonly metadata: Middleware
  readonly routes: Map<Requirement, RouteGuard>
}

/** What the server signs with, and what its clients prove with. */
const algorithms = ['ES256', 'EdDSA', 'Ed25519'] as const

/** Milliseconds that recording a refusal may take. */
const recordTimeout = 5_000

/**
 * Creates the guard. Keys are taken from the server itself, with no network in between: when the published ones are
 * others than those the guard was made for, it is made anew, before the request at hand is looked at. So a key counts
 * from the moment it is published, and one that was taken back at once no longer does.
 *
 * A token counts while its record says so: one that this server does not know is taken as withdrawn.
 *
 * @param resource - resource indicator of the API
 */
export function createAdminGuard(context: Context, resource: string = context.settings.adminResource): AdminGuard {
  const { keys, now, settings, tokens, log } = context
  const replayStore = createProofStore(context)
  const requirements = new Set<Requirement>()
  let fitted: Fitted | undefined

  async function isRevoked({ tokenId }: VerifiedToken): Promise<boolean> {
    const record = tokenId === undefined ? undefined : await tokens.find(tokenId)
    return record === undefined || record.revokedAt !== null || record.resource !== resource
  }

  async function keep(): Promise<Fitted> {
    const published = await keys.published('token')
    const keyIds = published.map(({ kid }) => kid).join(' ')
    if (fitted?.keyIds === keyIds) return fitted
    const guards = createGuard({
      issuer: { issuer: settings.issuer, jwks: { keys: [...published] } },
      audience: resource,
      algorithms,
      dpop: { mode: 'allowed', algorithms },
      replayStore,
      revocation: { isRevoked },
      audit: { sink: createRefusalSink(context), required: true, timeout: recordTimeout },
      onWarning: ({ code, message }) => log.warn({ code }, message),
      now,
    })
    const routes = new Map([...requirements].map((requirement) => [requirement, guards.protect(requirement)]))
    // an earlier one has nothing to close: no fetch, no timer, no queue
    fitted = { keyIds, guards, metadata: guards.metadata(), routes }
    return fitted
  }

  return {
    protect(requirement) {
      requirements.add(requirement)
      return async (ctx, next) => {
        const { guards, routes } = await keep()
        const guard = routes.get(requirement) ?? guards.protect(requirement)
        await guard(ctx, next)
      }
    },
    metadata: async (ctx, next) => {
      const { metadata } = await keep()
      await metadata(ctx, next)
    },
    close: async () => fitted?.guards.resourceServer.close(),
  }
}
