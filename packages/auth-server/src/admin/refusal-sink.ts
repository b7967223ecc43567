import type { AuditSink, DecisionEvent } from '@behalf/core'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import type { Context } from '../context.js'

/** Refusals of one client that are recorded in a minute. */
const mostRefusals = 600

/**
 * Keeps the guard's refusals of callers that are known, in the trail. What it allows is not recorded here: a change is
 * recorded as what it is, and reading changes nothing. A caller nobody knows (no token, or a forged one) leaves a line
 * in the log and nothing in the trail: otherwise anyone at all could fill it. Nor can a known one: what comes after the first
 * {@link mostRefusals} of a minute is not recorded, and so not decided (503).
 */
export function createRefusalSink({ audit, settings, log }: Pick<Context, 'audit' | 'settings' | 'log'>): AuditSink {
  const limiter = new RateLimiterMemory({ points: mostRefusals, duration: 60 })

  async function record(event: DecisionEvent): Promise<void> {
    const { reason, subject, actor, chain, client, mode, token, requested, granted, txn, resource, request } = event
    if (client === undefined || token?.jti === undefined) {
      log.info({ code: reason.code, route: resource.route }, 'an unknown caller was refused')
      return
    }
    const { jti, iat, exp, bound, grant_id } = token
    await audit.record({
      type: 'access.denied',
      decision: 'deny',
      reason,
      subject,
      actor,
      chain,
      client,
      mode,
      token: { jti, iat, exp, bound, grant_id },
      requested: requested?.scope && { scope: requested.scope },
      granted,
      resource: { aud: resource.aud },
      txn,
      detail: { method: request.method, route: resource.route ?? null },
    })
  }

  async function limit({ client }: DecisionEvent): Promise<void> {
    if (client === undefined) return
    const { consumedPoints } = await limiter.penalty(client.id)
    if (consumedPoints > mostRefusals) throw new Error('a client is refused too often')
  }

  return {
    async record(event) {
      if (event.type !== 'access.decision' || event.decision !== 'deny') return
      await limit(event)
      try {
        await record(event)
      } catch (error) {
        if (settings.audit === 'required') throw error
        log.error({ err: error }, 'a refusal is missing in the trail')
      }
    },
  }
}
