import type { DecisionEvent } from '@behalf/core'
import type { Line } from './service.js'

const arrivalDeadline = 2_000

/** An audit event and the service that wrote it. */
export interface RecordedEvent {
  readonly service: string
  readonly event: DecisionEvent
}

/** The audit events of several services, in the order of their arrival. */
export interface AuditTrail {
  readonly events: readonly RecordedEvent[]
  /** Keeps a line that is an access decision; others pass by. */
  record(service: string, line: Line): void
  /** The event of one call, which may still be on its way. Rejects when none arrives. */
  of(traceId: string): Promise<RecordedEvent>
  /** Calls back for every event from now on. */
  follow(listener: (recorded: RecordedEvent) => void): void
}

export function createAuditTrail(): AuditTrail {
  const events: RecordedEvent[] = []
  const listeners = new Set<(recorded: RecordedEvent) => void>()

  return {
    events,
    record(service, line) {
      if (!isDecisionEvent(line)) return
      const recorded = { service, event: line }
      events.push(recorded)
      for (const listener of listeners) listener(recorded)
    },
    of(traceId) {
      const found = events.find(({ event }) => event.trace?.trace_id === traceId)
      if (found) return Promise.resolve(found)
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          listeners.delete(arrive)
          reject(new Error(`no audit event came for trace ${traceId}`))
        }, arrivalDeadline)
        function arrive(recorded: RecordedEvent): void {
          if (recorded.event.trace?.trace_id !== traceId) return
          clearTimeout(timer)
          listeners.delete(arrive)
          resolve(recorded)
        }
        listeners.add(arrive)
      })
    },
    follow(listener) {
      listeners.add(listener)
    },
  }
}

function isDecisionEvent(line: Line): line is Line & DecisionEvent {
  return line.type === 'access.decision' && line.schema === 'delegation-audit/1'
}
