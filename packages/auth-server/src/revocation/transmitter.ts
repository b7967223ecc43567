import type { Context } from '../context.js'
import { backOff } from './back-off.js'
import { type Delivery, deliver } from './delivery.js'
import { endLateTokens } from './late-tokens.js'
import { createOutbox, type QueuedEvent } from './outbox.js'

/** Sends security events to the APIs by push (RFC 8935), from every process of the server. */
export interface Transmitter {
  start(): void
  /** There may be something to send now. */
  wake(): void
  /** Stops sending. What is on its way is handed back first: another process goes on with it. */
  close(): Promise<void>
}

/** What the transmitter needs from the server. */
export type TransmitterContext = Pick<Context, 'database' | 'settings' | 'now' | 'policy' | 'keys' | 'audit' | 'log'>

/** Milliseconds between two looks at the outbox: what another process queued waits so long at most. */
const pollInterval = 200

/** APIs that are sent to at the same time. */
const maxConcurrent = 8

/** Seconds one process has an event in hand: more than a delivery takes. After it another one may take it. */
const lease = 15

/** Attempts after which an event that a receiver refuses is set aside, so that later ones get through. */
const maxRefusals = 8

/** Seconds after which an event is of no use to anyone. */
const maxAge = 604_800

/** Creates the sender of a process. Nothing happens before {@link Transmitter.start}. */
export function createTransmitter(context: TransmitterContext): Transmitter {
  const { database, log } = context
  const outbox = createOutbox(database)
  const closing = new AbortController()
  const sending = new Map<string, Promise<void>>()
  let timer: NodeJS.Timeout | undefined
  let looking: Promise<void> | undefined
  let isWoken = false
  let lookedForLateAt = 0

  const now = (): number => Math.floor(context.now())

  /** One look at a time; a call meanwhile makes it look again. Never rejects. */
  function wake(): void {
    if (closing.signal.aborted) return
    isWoken = true
    looking ??= look().finally(() => {
      looking = undefined
      if (isWoken) wake()
    })
  }

  async function look(): Promise<void> {
    isWoken = false
    try {
      await lookForLate()
      for (const resource of await outbox.due(now())) {
        if (sending.size >= maxConcurrent || closing.signal.aborted) break
        if (!sending.has(resource)) send(resource)
      }
    } catch (error) {
      if (!closing.signal.aborted) log.warn({ err: error }, 'the outbox of security events cannot be read')
    }
  }

  function send(resource: string): void {
    const work = drain(resource)
      .catch((error: unknown) => log.warn({ err: error, resource }, 'security events could not be sent'))
      .finally(() => {
        sending.delete(resource)
        wake()
      })
    sending.set(resource, work)
  }

  /** One after the other, until none is due. */
  async function drain(resource: string): Promise<void> {
    while (!closing.signal.aborted) {
      const event = await outbox.take(resource, now(), lease)
      if (event === undefined) return
      const url = (await context.policy.current()).document.resources[resource]?.securityEvents
      const delivery: Delivery =
        url === undefined
          ? { outcome: 'refused', error: 'not_registered' }
          : await deliver(url, await context.keys.sign('token', { typ: 'secevent+jwt' }, event.claims), closing.signal)
      if (closing.signal.aborted && delivery.outcome !== 'accepted') return outbox.postpone(event.id, now())
      await settle(resource, event, delivery)
    }
  }

  async function settle(resource: string, event: QueuedEvent, delivery: Delivery): Promise<void> {
    const detail = { event: event.eventId, attempts: event.attempts }
    await database.transaction(async () => {
      if (delivery.outcome === 'accepted') {
        await outbox.delivered(event.id, now())
        await context.audit.record({ type: 'set.sent', resource: { aud: resource }, detail })
        return
      }
      const isOver = isHopeless(event, delivery)
      if (isOver) await outbox.drop(event.id)
      else await outbox.postpone(event.id, now() + backOff(event.attempts))
      await outbox.failed(resource, now(), delivery.error)
      log.warn({ resource, ...detail, error: delivery.error, isOver }, 'a security event was not delivered')
      if (isOver || event.attempts === 1) {
        await context.audit.record({
          type: 'set.failed',
          reason: { code: delivery.error },
          resource: { aud: resource },
          detail: { ...detail, abandoned: isOver },
        })
      }
    })
  }

  function isHopeless(
    { attempts, createdAt }: QueuedEvent,
    { outcome, error }: { outcome: string; error: string },
  ): boolean {
    if (error === 'not_registered' || now() - createdAt > maxAge) return true
    return outcome === 'refused' && attempts >= maxRefusals
  }

  /** Once a second at most. */
  async function lookForLate(): Promise<void> {
    const time = now()
    if (time === lookedForLateAt) return
    lookedForLateAt = time
    await endLateTokens(context, outbox, time)
  }

  return {
    start: () => {
      timer ??= setInterval(wake, pollInterval)
      wake()
    },
    wake: () => {
      if (timer !== undefined) wake()
    },
    close: async () => {
      clearInterval(timer)
      closing.abort(new Error('the server is closing'))
      await looking
      await Promise.all(sending.values())
    },
  }
}
