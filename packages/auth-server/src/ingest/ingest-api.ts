import type { AuthState } from '@behalf/koa'
import type { Context as KoaContext, Middleware } from 'koa'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { formatRefusal, send } from '../admin/answer.js'
import { findCaller } from '../admin/caller.js'
import { createAdminGuard } from '../admin/guard.js'
import { ProblemError } from '../admin/problem.js'
import type { Context } from '../context.js'
import { readBatch } from './batch.js'
import { type Kept, keepEvents } from './keep.js'
import type { Sender } from './sender.js'
import { createTurns, type Turn } from './turns.js'

/** Where APIs send their events, as part of the server. */
export interface IngestApi {
  /** Answers `POST /audit/events`, and the metadata of the trail (RFC 9728); leaves the rest to the next one. */
  readonly middleware: Middleware
  close(): Promise<void>
}

const path = '/audit/events'
const metadataPath = '/.well-known/oauth-protected-resource/audit'

/** Seconds that the limit of events counts over. */
const window = 60

/** Events that a request counts for, besides its own, when some of them are refused: that is an event of the server's. */
const refusalCost = 100

/** Requests that are there at a time. One client that sends slowly, or much, takes no other's place. */
const turnLimits = { sideBySide: 8, ofOne: 64, ofAll: 512 } as const

/** Seconds after which a place should be free. */
const soon = 1

/**
 * Creates the way in for events of APIs. A client needs a token of its own for `<issuer>/audit` with the scope `audit:write`; no
 * person and no agent on behalf of one can write. What it sends is kept under its name, in chains beside the server's own.
 */
export function createIngestApi(context: Context): IngestApi {
  const { settings, policy, now } = context
  const guard = createAdminGuard(context, settings.auditResource)
  const admit = guard.protect({ scope: 'audit:write', delegation: 'forbidden' })
  const limiter = new RateLimiterMemory({ points: settings.rateLimits.audit, duration: window })
  const turns = createTurns(turnLimits)

  async function receive(ctx: GuardedContext): Promise<void> {
    const { clientId, agentId, kind } = await findCaller(context, ctx.state.auth)
    if (kind !== 'direct') throw new ProblemError('client_only', 'Only a client by itself writes events.')
    const turn = turns.enter(clientId)
    if (turn === undefined) return answerBusy(ctx, soon)
    try {
      await readAndKeep(ctx, { clientId, agentId, issuer: settings.issuer }, turn)
    } finally {
      turn.leave()
    }
  }

  async function readAndKeep(ctx: GuardedContext, from: Omit<Sender, 'document' | 'now'>, turn: Turn): Promise<void> {
    const batch = await readBatch(ctx)
    const wait = await secondsToWait(from.clientId, batch.length)
    if (wait > 0) return answerBusy(ctx, wait)
    const kept = await turn.take(async () => {
      const { document } = await policy.current()
      return keepEvents(context, { ...from, document, now: now() }, batch)
    })
    if (kept.refused.length > 0) await limiter.penalty(from.clientId, refusalCost)
    answer(ctx, kept)
  }

  /** @returns 0 where it may go on */
  async function secondsToWait(clientId: string, events: number): Promise<number> {
    try {
      await limiter.consume(clientId, Math.max(1, Math.min(events, settings.rateLimits.audit)))
      return 0
    } catch (refusal) {
      if (refusal instanceof RateLimiterRes) return Math.max(1, Math.ceil(refusal.msBeforeNext / 1000))
      throw refusal
    }
  }

  async function work(ctx: GuardedContext): Promise<void> {
    try {
      await receive(ctx)
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error
      send(ctx, formatRefusal(error))
    }
  }

  return {
    middleware: async (ctx, next) => {
      if (ctx.path === metadataPath) return guard.metadata(ctx, next)
      if (ctx.path !== path) return next()
      if (ctx.method !== 'POST') {
        ctx.set('Allow', 'POST')
        return send(ctx, formatRefusal(new ProblemError('method_not_allowed', 'Allowed: POST.')))
      }
      return admit(ctx, () => work(ctx))
    },
    close: () => guard.close(),
  }
}

type GuardedContext = KoaContext & { state: AuthState }

function answer(ctx: KoaContext, { stored, duplicates, refused }: Kept): void {
  const isWhole = refused.length === 0
  const problem = {
    type: 'urn:behalf:error:events_refused',
    title: 'Some events are not kept',
    status: 422,
    code: 'events_refused',
  }
  ctx.status = isWhole ? 200 : 422
  ctx.set('Cache-Control', 'no-store')
  ctx.set('Content-Type', isWhole ? 'application/json' : 'application/problem+json')
  ctx.body = JSON.stringify(isWhole ? { stored, duplicates } : { ...problem, stored, duplicates, refused })
}

function answerBusy(ctx: KoaContext, seconds: number): void {
  ctx.status = 429
  ctx.set('Retry-After', String(seconds))
  ctx.set('Cache-Control', 'no-store')
  ctx.body = { error: 'temporarily_unavailable', error_description: 'too many events' }
}
