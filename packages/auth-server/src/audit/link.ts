import type { KnownEnd } from './chain.js'

/** What the first event of a chain says of the others. */
export interface Link {
  /** Of the chain itself. Undefined in one that began before chains were numbered. */
  readonly number?: number
  /** Where the chain that began before this one had ended by then. */
  readonly previous?: KnownEnd
}

/** Reads what an event of type `audit.chain_started` says of its chain. */
export function readLink(event: unknown): Link {
  const { type, detail } = membersOf(event)
  if (type !== 'audit.chain_started') return {}
  const { number, previous } = membersOf(detail)
  return { number: numberOf(number), previous: parseEnd(previous) }
}

/** Reads the end of a chain, wherever it was told; undefined where it is none. */
export function parseEnd(value: unknown): KnownEnd | undefined {
  const { chain, seq, hash, number } = membersOf(value)
  const isEnd = typeof chain === 'string' && typeof seq === 'number' && typeof hash === 'string'
  return isEnd ? { chain, seq, hash, number: numberOf(number) } : undefined
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : undefined
}
