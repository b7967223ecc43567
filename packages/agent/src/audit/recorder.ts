import type { AgentAuditSink, AgentEvent, AgentWarning } from './event.js'

/** Brings events to a sink. */
export interface Recorder {
  /** Takes what describes an event. Never throws and never waits; nothing that becomes of the event reaches the caller. */
  record(describe: Describe): void
  /** Delivers what waits, flushes and closes the sink, within 5 seconds. Never rejects. */
  close(): Promise<void>
}

type Describe = () => AgentEvent | Promise<AgentEvent>

/** Events that wait for the sink or are being written by it, at most. One more is lost. */
const mostPending = 1_000

/** Milliseconds that the end may take. */
const closeTime = 5_000

/** Hands events over later and in order, so that no sink delays or changes what is recorded. */
export function createRecorder(sink: AgentAuditSink, onWarning: (warning: AgentWarning) => void): Recorder {
  const queue: Describe[] = []
  const writes = new Set<Promise<void>>()
  let delivering: Promise<void> | undefined
  let closing: Promise<void> | undefined
  let isLosing = false

  function warn(warning: AgentWarning): void {
    try {
      onWarning(warning)
    } catch {
      // a listener that fails changes nothing
    }
  }

  /** Said once, until an event has got through. */
  function lose(code: AgentWarning['code'], message: string, cause?: unknown): void {
    if (isLosing) return
    isLosing = true
    warn({ code, message, ...(cause !== undefined && { cause }) })
  }

  function record(describe: Describe): void {
    if (closing !== undefined) lose('audit_dropped', 'the audit sink is closed: events are lost')
    else if (queue.length + writes.size >= mostPending) {
      lose('audit_dropped', 'the audit sink is too slow: events are lost')
    } else {
      queue.push(describe)
      delivering ??= deliver()
    }
  }

  async function deliver(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 0))
    for (let describe = queue.shift(); describe !== undefined; describe = queue.shift()) await deliverOne(describe)
    delivering = undefined
  }

  async function deliverOne(describe: Describe): Promise<void> {
    try {
      const written: unknown = sink.record(await describe())
      if (isPromise(written)) follow(written)
      else isLosing = false
    } catch (cause) {
      fail(cause)
    }
  }

  /** The sink writes in its own time. */
  function follow(written: PromiseLike<unknown>): void {
    const ended = Promise.resolve(written)
      .then(() => {
        isLosing = false
      }, fail)
      .then(() => {
        writes.delete(ended)
      })
    writes.add(ended)
  }

  function fail(cause: unknown): void {
    lose('audit_failed', 'the audit sink failed: events are lost', cause)
  }

  async function drain(): Promise<void> {
    await delivering
    await Promise.all(writes)
    await sink.flush?.()
    await sink.close?.()
  }

  async function end(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined
    const limit = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`the audit sink did not close within ${closeTime} ms`)), closeTime)
    })
    try {
      await Promise.race([drain(), limit])
    } catch (cause) {
      warn({ code: 'audit_failed', message: 'the audit sink failed at the end: events may be lost', cause })
    } finally {
      clearTimeout(timer)
    }
  }

  return {
    record,
    close: () => {
      closing ??= end()
      return closing
    },
  }
}

/** A callback may answer anything, such as the length of a list it was pushed on. */
function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value
}
