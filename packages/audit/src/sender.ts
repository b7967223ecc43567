import { createBell } from './bell.js'
import type { Deliver, Delivery } from './delivery.js'
import type { Losses } from './losses.js'
import type { Entry, Queue } from './queue.js'
import type { Settings } from './settings.js'

/** Milliseconds: the first pause after a failure, doubled each time, and the longest. */
const firstPause = 250
const longestPause = 30_000

/** Milliseconds after which the trail is told again what it refused to be told. */
const retellPause = 60_000

/** The longest pause of a sink that closes. */
const closingPause = 500

/** Brings what is queued to the trail, one request after the other. */
export interface Sender {
  /** Resolves when the trail has the event; rejects when it is lost. */
  send(entry: Entry): Promise<void>
  flush(): Promise<void>
  close(): Promise<void>
  /** Says once that events are lost, until some arrive again. */
  warnOfLoss(why: string): void
}

interface SenderParts {
  readonly settings: Settings
  readonly queue: Queue
  readonly losses: Losses
  readonly deliver: Deliver
}

interface Waiter {
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

export function createSender({ settings, queue, losses, deliver }: SenderParts): Sender {
  const { interval, batchEvents, closeTimeout, service, instance, onWarning } = settings
  const waiters = new Map<Entry, Waiter>()
  const bell = createBell()
  const ended = new AbortController()
  let running: Promise<void> | undefined
  let isClosing = false
  let isHurried = false
  let failures = 0
  let hasWarnedOfLoss = false
  let lastSent = Number.NEGATIVE_INFINITY
  let most = batchEvents
  let tellAgainAt = Number.NEGATIVE_INFINITY

  function start(): void {
    running ??= run().finally(() => {
      running = undefined
      if (queue.length > 0 && !ended.signal.aborted) start()
    })
  }

  async function run(): Promise<void> {
    while (queue.length > 0 && !ended.signal.aborted) {
      await rest()
      const batch = queue.peek(most)
      lastSent = performance.now()
      const delivery = await deliver(batch, ended.signal)
      if (!ended.signal.aborted) await settle(batch, delivery)
    }
    isHurried = false
  }

  /** Lets events gather, unless they make a full request or somebody waits for all of them. */
  async function rest(): Promise<void> {
    const left = lastSent + interval - performance.now()
    if (left > 0 && !isHurried && queue.length < batchEvents) await bell.wait(left)
  }

  async function settle(batch: readonly Entry[], delivery: Delivery): Promise<void> {
    switch (delivery.kind) {
      case 'arrived':
        arrive(batch, delivery.refused)
        return
      case 'unacceptable':
        // one of them may be what the server takes offence at: the others should not wait for it
        if (batch.length === 1) arrive(batch, new Map(batch.map(({ event }) => [event.id, delivery.reason])))
        else most = Math.ceil(batch.length / 2)
        return
      case 'failed':
        await pauseAfter(delivery)
    }
  }

  function arrive(batch: readonly Entry[], refused: ReadonlyMap<string, string>): void {
    failures = 0
    most = Math.min(batchEvents, most * 2)
    queue.remove(batch.length)
    if (refused.size === 0) hasWarnedOfLoss = false
    for (const entry of batch) {
      const reason = refused.get(entry.event.id)
      const waiter = waiters.get(entry)
      waiters.delete(entry)
      if (reason === undefined) {
        waiter?.resolve()
        continue
      }
      losses.lose(entry.event)
      if (entry.event.type === 'audit.dropped') tellAgainAt = performance.now() + retellPause
      warnOfLoss(`the trail refused some (${reason})`)
      waiter?.reject(new Error(`the audit event is lost: the trail refused it (${reason})`))
    }
    if (performance.now() >= tellAgainAt) reportLosses()
  }

  function reportLosses(): void {
    for (const report of losses.report()) {
      const line = JSON.stringify({ ...report, observer: { service, instance } })
      if (queue.push(report, line) === undefined) losses.lose(report)
    }
  }

  async function pauseAfter({ reason, retryAfter }: Delivery & { readonly kind: 'failed' }): Promise<void> {
    failures += 1
    if (failures === 1)
      onWarning({ code: 'audit_failed', message: `the trail does not take events (${reason}): they wait` })
    const longest = isClosing ? closingPause : longestPause
    const pause = Math.min(longest, firstPause * 2 ** Math.min(failures - 1, 16)) * (0.5 + Math.random() / 2)
    await bell.wait(Math.max(pause, isClosing ? Math.min(retryAfter, closingPause) : retryAfter))
  }

  function warnOfLoss(why: string): void {
    if (hasWarnedOfLoss) return
    hasWarnedOfLoss = true
    onWarning({ code: 'audit_dropped', message: `audit events are lost: ${why}` })
  }

  async function flush(): Promise<void> {
    isHurried = true
    bell.ring()
    start()
    while (queue.length > 0 && !ended.signal.aborted) await running
  }

  return {
    send: (entry) =>
      new Promise((resolve, reject) => {
        waiters.set(entry, { resolve, reject })
        start()
      }),
    flush,
    async close() {
      isClosing = true
      reportLosses()
      let timer: ReturnType<typeof setTimeout> | undefined
      const limit = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, closeTimeout)
      })
      await Promise.race([flush(), limit])
      clearTimeout(timer)
      ended.abort()
      bell.ring()
      await running
      for (const { event } of queue.peek(queue.length)) losses.lose(event)
      giveUp()
    },
    warnOfLoss,
  }

  function giveUp(): void {
    for (const entry of queue.peek(queue.length)) {
      waiters.get(entry)?.reject(new Error('the audit event is lost: the sink was closed'))
    }
    waiters.clear()
    queue.remove(queue.length)
  }
}
