import type { AuditSink, WarningListener } from '@behalf/core'
import type { TokenSource } from './client-token.js'
import { createDelivery } from './delivery.js'
import { createLosses } from './losses.js'
import { createQueue, type Queue } from './queue.js'
import { createSender } from './sender.js'
import { readSettings } from './settings.js'
import type { SinkEvent } from './sink-event.js'

/** How events travel to the trail. */
export interface HttpSinkOptions {
  /** Where events are posted: `<issuer>/audit/events`. https, or http on a loopback address. */
  readonly url: string | URL
  /** An access token for the trail, or what gets one: {@link clientToken}, or a function of yours. */
  readonly token: string | TokenSource
  /** Name of this API in the trail. Default: the name of its client there. */
  readonly service?: string
  /** Name of this process in the trail. Default: a random one. */
  readonly instance?: string
  /**
   * Milliseconds between two requests at least; events that come meanwhile travel together. An event after a quiet moment
   * goes at once. Default 100; 0 where decisions wait for the trail.
   */
  readonly interval?: number
  /** Events in one request. Default 100. */
  readonly batchEvents?: number
  /** Bytes of one request. Default 262144. */
  readonly batchBytes?: number
  /** Events that wait, those under way included. One more is lost, and counted. Default 10000. */
  readonly maxEvents?: number
  /** Bytes that wait. Default 16777216. */
  readonly maxBytes?: number
  /** Milliseconds for one request, its answer included. Default 10000. */
  readonly timeout?: number
  /** Milliseconds that `close()` tries to deliver what is left. Default 5000. */
  readonly closeTimeout?: number
  /** Told once when the trail cannot be reached, and once when events are lost. */
  readonly onWarning?: WarningListener
  /** Used for every request. Default: the platform's. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>
}

/** A sink whose events arrive at the trail of an auth server: those of an API, or those of an agent. */
export interface HttpSink extends AuditSink {
  /** Resolves when the trail has the event; rejects when it is lost. A rejection that nobody looks at does no harm. */
  record(event: SinkEvent): Promise<void>
  /** Sends what waits, at once, and resolves when all of it has arrived or is lost. */
  flush(): Promise<void>
  /** Sends what waits; what has not arrived after `closeTimeout` is lost. Never rejects. */
  close(): Promise<void>
  /** Events that wait or are under way. */
  readonly pending: number
  /** Events that were lost since the start. */
  readonly lost: number
}

/**
 * Sends audit events to an auth server, in order, in batches, until it has them: a request that fails is made again, after a
 * pause that grows, and an event that arrives twice is kept once, by its id.
 *
 * What finds no room is lost: counted, said to `onWarning` once, and told to the trail by an event (`audit.dropped`) as soon as
 * that can be reached.
 *
 * @throws ConfigurationError when an option is wrong
 */
export function httpSink(options: HttpSinkOptions): HttpSink {
  const settings = readSettings(options)
  const { service, instance, onWarning } = settings
  const losses = createLosses()
  const queue: Queue = createQueue(settings)
  const sender = createSender({ settings, queue, losses, deliver: createDelivery(settings) })
  let closing: Promise<void> | undefined

  function enter(event: SinkEvent): Promise<void> {
    const entered = queue.push(event, JSON.stringify({ ...event, observer: { service, instance } }))
    if (entered !== undefined) return sender.send(entered)
    losses.lose(event)
    sender.warnOfLoss('there is no room for more events')
    return Promise.reject(new Error('the audit event is lost: too many wait for the trail'))
  }

  async function end(): Promise<void> {
    await sender.close()
    if (losses.untold > 0) {
      onWarning({
        code: 'audit_dropped',
        message: `${losses.untold} audit events are lost, and the trail was not told`,
      })
    }
  }

  return {
    record(event) {
      const recorded = closing === undefined ? admit(event) : Promise.reject(new Error('the audit sink is closed'))
      recorded.catch(() => {})
      return recorded
    },
    flush: () => sender.flush(),
    close() {
      closing ??= end()
      return closing
    },
    get pending() {
      return queue.length
    },
    get lost() {
      return losses.total
    },
  }

  /** What the caller counts as lost because this sink said so is told once. */
  async function admit(event: SinkEvent): Promise<void> {
    const news = event.type === 'audit.dropped' ? losses.reconcile(event) : event
    if (news !== undefined) await enter(news)
  }
}
