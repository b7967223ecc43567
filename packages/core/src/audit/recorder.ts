import { runtime } from '#runtime'
import { within } from '../deadline.js'
import type { WarningListener } from '../warning.js'
import type { AuditEvent, AuditSink, DroppedEvent } from './event.js'
import { formatTime } from './text.js'
import { createUuid } from './uuid.js'

/** How events are recorded. */
export interface RecorderOptions {
  readonly sink: AuditSink
  /** Whether a decision waits until its event is recorded. */
  readonly required: boolean
  /** Milliseconds: how long a required event may take, and how long `close` waits for the rest. */
  readonly timeout: number
  /** For the event that counts lost events. */
  readonly audience: string
  readonly onWarning: WarningListener
  /** Seconds since the epoch. */
  readonly now: () => number
}

/** Brings events to a sink. */
export interface Recorder {
  /**
   * Records an event. Best effort: answers undefined at once, never throws. Required: resolves when the sink has it and
   * rejects when it fails or takes too long.
   */
  record(event: AuditEvent): Promise<void> | undefined
  /** Delivers what is queued, flushes and closes the sink, once, within the time limit. Never rejects. */
  close(): Promise<void>
}

/** Events that wait for the sink or are being written by it, at most. One more is dropped and counted. */
const maxPendingEvents = 10_000

export function createRecorder(options: RecorderOptions): Recorder {
  const { record, drain } = options.required ? createRequiredWriter(options) : createBestEffortWriter(options)
  let closing: Promise<void> | undefined
  return {
    record(event) {
      if (closing === undefined) return record(event)
      options.onWarning({ code: 'audit_dropped', message: 'a decision was made after the audit sink was closed' })
      return options.required ? Promise.reject(new Error('the audit sink is closed')) : undefined
    },
    close() {
      closing ??= closeSink(options, drain)
      return closing
    },
  }
}

/** One way of handing events over. */
interface Writer {
  readonly record: Recorder['record']
  /** Resolves when the sink has everything that was recorded. */
  readonly drain: () => Promise<void>
}

function createRequiredWriter({ sink, timeout }: RecorderOptions): Writer {
  return {
    async record(event) {
      await within(
        timeout,
        call(() => sink.record(event)),
        () => tooLate('record', timeout),
      )
    },
    async drain() {},
  }
}

/**
 * Events are handed over after the decision, so that no sink delays or changes one. A sink that hangs fills the bound;
 * what comes then is counted and reported as soon as there is room.
 */
function createBestEffortWriter({ sink, audience, onWarning, now }: RecorderOptions): Writer {
  let queue: AuditEvent[] = []
  let writing = 0
  let dropped = 0
  let scheduled = false
  let idle: (() => void) | undefined

  function record(event: AuditEvent): undefined {
    if (queue.length + writing >= maxPendingEvents) {
      if (dropped === 0) onWarning({ code: 'audit_dropped', message: 'the audit sink is too slow: events are dropped' })
      dropped += 1
      return
    }
    if (dropped > 0) reportDropped()
    queue.push(event)
    schedule()
  }

  function reportDropped(): void {
    queue.push(describeDropped(dropped, audience, now() * 1000))
    dropped = 0
  }

  function schedule(): void {
    if (scheduled) return
    scheduled = true
    runtime.defer(() => {
      scheduled = false
      deliver()
    })
  }

  function deliver(): void {
    const events = queue
    queue = []
    for (const event of events) {
      try {
        const written = sink.record(event)
        if (isPromise(written)) void follow(event, written)
      } catch (cause) {
        lose(event, cause)
      }
    }
  }

  function lose(event: AuditEvent, cause: unknown): void {
    if (dropped === 0) onWarning({ code: 'audit_failed', message: 'the audit sink failed: events are lost', cause })
    dropped += event.type === 'audit.dropped' ? event.dropped : 1
  }

  /** The sink writes in its own time. */
  async function follow(event: AuditEvent, written: Promise<void>): Promise<void> {
    writing += 1
    try {
      await written
    } catch (cause) {
      lose(event, cause)
    }
    writing -= 1
    if (writing === 0 && queue.length === 0) idle?.()
  }

  async function drain(): Promise<void> {
    if (dropped > 0) reportDropped()
    deliver()
    if (writing > 0) await new Promise<void>((resolve) => (idle = resolve))
  }

  return { record, drain }
}

/** A shutdown goes on whatever the sink does, and its steps share one time limit. */
async function closeSink({ sink, timeout, onWarning }: RecorderOptions, drain: Writer['drain']): Promise<void> {
  const deadline = performance.now() + timeout
  const steps = { record: drain, flush: () => sink.flush?.(), close: () => sink.close?.() }
  for (const [step, run] of Object.entries(steps)) {
    try {
      await within(Math.max(1, deadline - performance.now()), call(run), () => tooLate(step, timeout))
    } catch (cause) {
      const message = `the audit sink failed to ${step} at the end: events may be lost`
      onWarning({ code: 'audit_failed', message, cause })
    }
  }
}

/** A callback may answer anything, such as the length of a list it was pushed on. */
function isPromise(value: unknown): value is Promise<void> {
  return typeof value === 'object' && value !== null && 'then' in value
}

/** Runs a sink's function; what it throws becomes a rejection. */
async function call(task: () => void | Promise<void>): Promise<void> {
  await task()
}

function tooLate(step: string, timeout: number): Error {
  return new Error(`the audit sink did not ${step} within ${timeout} ms`)
}

function describeDropped(dropped: number, audience: string, milliseconds: number): DroppedEvent {
  return {
    schema: 'delegation-audit/1',
    id: createUuid(milliseconds),
    time: formatTime(milliseconds),
    type: 'audit.dropped',
    dropped,
    resource: { aud: audience },
  }
}
