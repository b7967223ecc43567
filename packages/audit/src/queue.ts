import type { Settings } from './settings.js'
import type { SinkEvent } from './sink-event.js'

/** An event that waits for its place in the trail. */
export interface Entry {
  readonly event: SinkEvent
  /** The event as JSON: one line. */
  readonly line: string
  /** Bytes of the line and its end. */
  readonly size: number
}

/** Events in order, bound by their number and their bytes. */
export interface Queue {
  /** @returns undefined when there is no room */
  push(event: SinkEvent, line: string): Entry | undefined
  /** The first events, as many as one request takes; they stay until they are removed. */
  peek(most: number): readonly Entry[]
  /** @param count of the first events */
  remove(count: number): void
  readonly length: number
}

const encoder = new TextEncoder()

export function createQueue({ batchBytes, maxEvents, maxBytes }: Settings): Queue {
  let entries: Entry[] = []
  let bytes = 0

  return {
    push(event, line) {
      const size = encoder.encode(line).length + 1
      if (size > batchBytes || entries.length >= maxEvents || bytes + size > maxBytes) return undefined
      const entry = { event, line, size }
      entries.push(entry)
      bytes += size
      return entry
    },
    peek(most) {
      let size = 0
      let count = 0
      for (const entry of entries.slice(0, most)) {
        size += entry.size
        if (size > batchBytes) break
        count += 1
      }
      return entries.slice(0, count)
    },
    remove(count) {
      for (const { size } of entries.slice(0, count)) bytes -= size
      entries = entries.slice(count)
    },
    get length() {
      return entries.length
    },
  }
}
