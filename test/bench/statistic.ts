/** A median with the quartiles around it. */
export interface Statistic {
  readonly median: number
  readonly low: number
  readonly high: number
}

export function statistic(values: readonly number[]): Statistic {
  const sorted = values.toSorted((a, b) => a - b)
  return { median: quantile(sorted, 0.5), low: quantile(sorted, 0.25), high: quantile(sorted, 0.75) }
}

/** Ratios of two series taken in the same rounds, round by round. */
export function ratio(numerators: readonly number[], denominators: readonly number[]): Statistic {
  return statistic(numerators.map((value, round) => value / (denominators[round] ?? Number.NaN)))
}

function quantile(sorted: readonly number[], share: number): number {
  const place = (sorted.length - 1) * share
  const below = sorted[Math.floor(place)] ?? Number.NaN
  const above = sorted[Math.ceil(place)] ?? Number.NaN
  return below + (above - below) * (place - Math.floor(place))
}
