import { Buffer } from 'node:buffer'
import { canonicalText, type Json, type JsonObject } from './canonical.js'
import { cleanMembers, type Limits } from './clean.js'
import type { AuditRecord } from './record.js'

/** An event before it has its place in a chain. */
export interface AuditEvent extends JsonObject {
  readonly schema: 'delegation-audit/1'
  /** ULID, unique in the whole trail. */
  readonly id: string
  /** RFC 3339, UTC, milliseconds. */
  readonly time: string
  readonly type: string
}

/** Who writes events. */
export interface Observer extends JsonObject {
  readonly service: 'auth-server'
  /** Name of the process. */
  readonly instance: string
  /** Version of the policy in force. */
  readonly policy_version?: number
}

/** Bytes of an event, at most. Its place in the chain takes some of them. */
const maxSize = 4096 - 320

/** Actors of a chain that are written out. */
const maxChain = 8

/** Who, what and where is what events are found by: cut in one way alone. */
export const identityLimits: Limits = { text: 128, members: 12, depth: 4 }

/** What else there is, from generous to scant: the first that makes the event small enough counts. */
const limits: readonly Limits[] = [
  { text: 512, members: 64, depth: 8 },
  { text: 128, members: 32, depth: 6 },
  { text: 48, members: 8, depth: 5 },
  { text: 24, members: 4, depth: 4 },
]

/**
 * Describes what happened as an event (`delegation-audit/1`). Everything in it is safe to keep: no token, no control character,
 * and at most 4 kB; an event that was cut to fit says `cut: true`.
 *
 * @param milliseconds - since the epoch
 */
export function describeRecord(record: AuditRecord, id: string, milliseconds: number, observer: Observer): AuditEvent {
  const { type, decision, mode, subject, actor, client, resource, token, txn, trace, tool, reason, chain, ...more } =
    record
  const fixed = {
    ...cleanMembers(
      { decision, mode, subject, actor, client, resource, token, txn, trace, tool, reason },
      identityLimits,
    ),
    chain_depth: chain?.length,
    schema: 'delegation-audit/1',
    id,
    time: new Date(Math.floor(milliseconds)).toISOString(),
    type,
    observer,
  } as const
  const rest = { ...more, chain: chain?.slice(0, maxChain) }
  for (const [step, limit] of limits.entries()) {
    const complete = chain && chain.length <= maxChain
    const event = {
      ...cleanMembers(rest, limit),
      chain_complete: complete,
      cut: step === 0 ? undefined : true,
      ...fixed,
    }
    if (sizeOf(event) <= maxSize) return event
  }
  return { ...fixed, chain_complete: chain && false, cut: true }
}

function sizeOf(event: Json): number {
  return Buffer.byteLength(canonicalText(event))
}
