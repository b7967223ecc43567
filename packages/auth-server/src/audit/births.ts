import type { ChainVerification } from './audit-trail.js'

/** Numbers that no chain has. */
interface Gap {
  readonly from: number
  readonly to: number
}

/**
 * Chains are numbered from 1 without a gap. Tells of those that are gone, and that nothing names: by their numbers.
 *
 * @param numbers - of all chains that are there or named, in any order
 * @param others - how many chains are there whose numbers nothing tells
 */
export function findMissing(numbers: Iterable<number>, others = 0): readonly ChainVerification[] {
  const gaps = gapsOf(numbers)
  const lacking = gaps.reduce((sum, { from, to }) => sum + to - from + 1, 0)
  if (lacking <= others) return []
  return gaps.map(({ from, to }) => ({
    chain: from === to ? `number ${from}` : `numbers ${from} to ${to}`,
    events: 0,
    checkpoints: 0,
    fault: { seq: 1, what: 'missing' },
  }))
}

function gapsOf(numbers: Iterable<number>): readonly Gap[] {
  const gaps: Gap[] = []
  let last = 0
  for (const number of [...numbers].toSorted((one, other) => one - other)) {
    if (number > last + 1) gaps.push({ from: last + 1, to: number - 1 })
    last = Math.max(last, number)
  }
  return gaps
}
