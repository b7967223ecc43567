import type { AuditVerification, ChainFault, ChainVerification } from './audit-trail.js'
import { canonicalText, type JsonObject } from './canonical.js'
import type { ChainEnd } from './chain.js'
import { digestOf } from './digest.js'
import { createExportedChain, type ExportedChain } from './exported-chain.js'

/** A line that is no event of an export: it was cut, or comes from elsewhere. */
export interface StrangeLine {
  /** From 1. */
  readonly line: number
}

/** The chain of an export, while it is read. */
interface Reading {
  readonly chain: ExportedChain
  readonly signed: readonly ChainEnd[]
  readonly altered: number[]
  events: number
}

/**
 * Verifies an export of the whole trail, which needs no database and no server: every digest, and that the events of each chain
 * follow each other from the first one on.
 *
 * An export is of one moment, and does not tell what was there later; and who can write it can make all of it anew. What was
 * kept elsewhere tells: `signed`.
 *
 * @param lines - JSON Lines, as the trail gives them out, in any order
 * @param signed - ends that chains had: the checkpoints, from the log of the server
 */
export async function verifyExport(
  lines: AsyncIterable<string>,
  signed: readonly ChainEnd[],
): Promise<AuditVerification | StrangeLine> {
  const readings = new Map<string, Reading>()
  const of = (name: string): Reading => {
    const found = readings.get(name) ?? begin(signed.filter(({ chain }) => chain === name))
    readings.set(name, found)
    return found
  }
  for (const { chain } of signed) of(chain)

  let line = 0
  for await (const text of lines) {
    line += 1
    if (text === '') continue
    const event = parseExported(text)
    if (event === undefined) return { line }
    const { hash, ...place } = event.integrity
    const reading = of(place.chain)
    reading.events += 1
    reading.chain.add({ ...place, hash })
    if (digestOf(canonicalText({ ...event, integrity: place })) !== hash) reading.altered.push(place.seq)
  }

  const chains = [...readings].map(([chain, reading]) => describe(chain, reading))
  return { intact: chains.every(({ fault }) => fault === undefined), chains }
}

function begin(signed: readonly ChainEnd[]): Reading {
  const known = new Map(signed.map(({ seq, hash }) => [seq, hash ?? '']))
  return { chain: createExportedChain(known), signed, altered: [], events: 0 }
}

function describe(chain: string, reading: Reading): ChainVerification {
  const altered = reading.altered.map((seq): ChainFault => ({ seq, what: 'altered' }))
  const followed = reading.chain.fault(reading.signed)
  const [fault] = [...altered, ...(followed ? [followed] : [])].toSorted((one, other) => one.seq - other.seq)
  return { chain, events: reading.events, checkpoints: reading.signed.length, fault }
}

interface ExportedEvent extends JsonObject {
  readonly integrity: {
    readonly chain: string
    readonly seq: number
    readonly prev: string | null
    readonly hash: string
  }
}

function parseExported(text: string): ExportedEvent | undefined {
  try {
    const event = JSON.parse(text) as Partial<ExportedEvent> | null // members are looked at below
    const { chain, seq, prev, hash } = event?.integrity ?? {}
    const isPlaced = typeof chain === 'string' && Number.isSafeInteger(seq) && typeof hash === 'string'
    return isPlaced && (prev === null || typeof prev === 'string') ? (event as ExportedEvent) : undefined
  } catch {
    return undefined
  }
}
