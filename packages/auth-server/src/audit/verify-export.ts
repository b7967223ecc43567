import type { AuditVerification, ChainFault, ChainVerification } from './audit-trail.js'
import { findMissing } from './births.js'
import { canonicalText, type JsonObject } from './canonical.js'
import type { ChainEnd, KnownEnd } from './chain.js'
import { digestOf } from './digest.js'
import { createExportedChain, type ExportedChain } from './exported-chain.js'
import { readLink } from './link.js'
import { createToldEnds, type LoggedCheckpoint } from './told-ends.js'

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
 * follow each other from the first one on. A chain that is gone is known by the one that began after it.
 *
 * An export is of one moment, and does not tell what was there later; and who can write it can make all of it anew. What was
 * kept elsewhere tells: `signed`.
 *
 * @param lines - JSON Lines, as the trail gives them out, in any order
 * @param signed - checkpoints, from the log of the server
 */
export async function verifyExport(
  lines: AsyncIterable<string>,
  signed: readonly LoggedCheckpoint[],
): Promise<AuditVerification | StrangeLine> {
  const readings = new Map<string, Reading>()
  const of = (name: string): Reading => {
    const found = readings.get(name) ?? begin(signed.filter(({ chain }) => chain === name))
    readings.set(name, found)
    return found
  }
  for (const { chain } of signed) of(chain)
  const told = createToldEnds()
  for (const { newest } of signed) told.add(newest)
  const numbers = new Map<string, number>()

  let line = 0
  for await (const text of lines) {
    line += 1
    if (text === '') continue
    const event = parseExported(text)
    if (event === undefined) return { line }
    const { hash, ...place } = event.integrity
    const reading = of(place.chain)
    reading.events += 1
    if (place.seq === 1) {
      const { number, previous } = readLink(event)
      if (number !== undefined) numbers.set(place.chain, number)
      told.add(previous)
    }
    reading.chain.add({ ...place, hash })
    if (digestOf(canonicalText({ ...event, integrity: place })) !== hash) reading.altered.push(place.seq)
  }

  const ends = told.latest()
  for (const { chain, number } of ends) if (number !== undefined) numbers.set(chain, number)
  const others = [...readings.keys()].filter((chain) => !numbers.has(chain)).length
  const chains = [
    ...[...readings].map(([chain, reading]) => describe(chain, reading, told.of(chain))),
    ...ends.filter(({ chain }) => !readings.has(chain)).map(describeGone),
    ...findMissing(numbers.values(), others),
  ]
  return { intact: chains.every(({ fault }) => fault === undefined), chains }
}

function begin(signed: readonly ChainEnd[]): Reading {
  const known = new Map(signed.map(({ seq, hash }) => [seq, hash ?? '']))
  return { chain: createExportedChain(known), signed, altered: [], events: 0 }
}

function describe(chain: string, reading: Reading, told: KnownEnd | undefined): ChainVerification {
  const altered = reading.altered.map((seq): ChainFault => ({ seq, what: 'altered' }))
  const followed = reading.chain.fault(told === undefined ? reading.signed : [...reading.signed, told])
  const [fault] = [...altered, ...(followed ? [followed] : [])].toSorted((one, other) => one.seq - other.seq)
  return { chain, events: reading.events, checkpoints: reading.signed.length, fault }
}

function describeGone({ chain, seq }: KnownEnd): ChainVerification {
  return { chain, events: 0, checkpoints: 0, fault: { seq, what: 'missing' } }
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
