import { canonicalText, type JsonObject } from './canonical.js'
import { digestOf } from './digest.js'
import type { AuditEvent } from './event.js'

/** The last event of a chain. */
export interface ChainEnd {
  readonly chain: string
  /** 0 before the first event. */
  readonly seq: number
  /** Null before the first event. */
  readonly hash: string | null
}

/** An end that a chain had, as something else tells it: another chain, a checkpoint, or a log. */
export interface KnownEnd extends ChainEnd {
  /** Of the chain, in the order that all chains of the trail begin: 1 for the first. Undefined where it was not told. */
  readonly number?: number
}

/** An event with its place in a chain. */
export interface ChainedEvent {
  readonly event: AuditEvent
  readonly seq: number
  /** What is hashed: the canonical JSON of the event and its place, without the hash itself. */
  readonly text: string
  readonly hash: string
}

/** Gives events their places after the end of a chain: each one's digest covers the digest before it. */
export function chainEvents({ chain, seq, hash }: ChainEnd, events: readonly AuditEvent[]): readonly ChainedEvent[] {
  let last = hash
  return events.map((event, index) => {
    const place = { chain, seq: seq + index + 1, prev: last }
    const text = canonicalText({ ...event, integrity: place } satisfies JsonObject)
    last = digestOf(text)
    return { event, seq: place.seq, text, hash: last }
  })
}
