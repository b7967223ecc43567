import type { ChainFault } from './audit-trail.js'
import type { ChainEnd } from './chain.js'

/** Where an event stands in a chain. */
export interface Place {
  readonly seq: number
  /** Digest of the event before; null for the first one. */
  readonly prev: string | null
  readonly hash: string
}

/** A chain whose events come in any order. */
export interface ExportedChain {
  add(place: Place): void
  /** The first thing that is wrong, once all of it was added. @param signed - events that are known to have been there */
  fault(signed: readonly Omit<ChainEnd, 'chain'>[]): ChainFault | undefined
}

/** Events that follow each other without a gap. */
interface Run {
  readonly from: number
  readonly to: number
  /** Digest that the first names as the one before. */
  readonly prev: string | null
  /** Digest of the last. */
  readonly hash: string
}

/**
 * Puts the events of a chain together. What follows each other is one run, whose inner digests are no longer needed: a whole
 * chain takes little memory, however long it is.
 *
 * @param known - digests by place, of events that are known to have been there
 */
export function createExportedChain(known: ReadonlyMap<number, string>): ExportedChain {
  const byFirst = new Map<number, Run>()
  const byLast = new Map<number, Run>()
  const faults: ChainFault[] = []

  function insert(run: Run): void {
    byFirst.set(run.from, run)
    byLast.set(run.to, run)
  }

  /** Joins a run with the ones beside it, where their digests say that they belong together. */
  function join(before: Run | undefined, run: Run): Run {
    if (before === undefined) return run
    // the digest of the one before holds, and is not the one that was there when the next was written
    if (before.hash !== run.prev) faults.push({ seq: before.to, what: 'altered' })
    byFirst.delete(before.from)
    byLast.delete(before.to)
    return { from: before.from, prev: before.prev, to: run.to, hash: run.hash }
  }

  return {
    add({ seq, prev, hash }) {
      const expected = known.get(seq)
      if (expected !== undefined && expected !== hash) faults.push({ seq, what: 'altered' })
      if (byFirst.has(seq) || byLast.has(seq)) {
        faults.push({ seq, what: 'reordered' })
        return
      }
      const run = join(byLast.get(seq - 1), { from: seq, to: seq, prev, hash })
      const after = byFirst.get(seq + 1)
      if (after === undefined) return insert(run)
      byLast.delete(after.to)
      byFirst.delete(after.from)
      insert(join(run, after))
    },
    fault(signed) {
      const found = [...faults]
      let next = 1
      for (const { from, to, prev } of [...byFirst.values()].toSorted((one, other) => one.from - other.from)) {
        if (from > next) found.push({ seq: next, what: 'missing' })
        if (from < next) found.push({ seq: from, what: 'reordered' })
        if (from === 1 && prev !== null) found.push({ seq: 1, what: 'altered' })
        next = Math.max(next, to + 1)
      }
      if (signed.some(({ seq }) => seq >= next)) found.push({ seq: next, what: 'truncated' })
      return found.toSorted((one, other) => one.seq - other.seq)[0]
    },
  }
}
