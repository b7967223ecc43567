import type { ChainEnd, KnownEnd } from './chain.js'

/** A checkpoint as the log tells it. */
export interface LoggedCheckpoint extends ChainEnd {
  /** The end of the newest chain then. */
  readonly newest?: KnownEnd
}

/** Ends that checkpoints tell of chains other than their own. */
export interface ToldEnds {
  add(end: KnownEnd | undefined): void
  /** The latest of each chain: its digest covers those before. */
  latest(): readonly KnownEnd[]
  /** The latest of one chain. */
  of(chain: string): KnownEnd | undefined
}

export function createToldEnds(): ToldEnds {
  const ends = new Map<string, KnownEnd>()
  return {
    add(end) {
      if (end === undefined || (ends.get(end.chain)?.seq ?? 0) >= end.seq) return
      ends.set(end.chain, end)
    },
    latest: () => [...ends.values()],
    of: (chain) => ends.get(chain),
  }
}
