/** What a row is held to. */
export interface Target {
  readonly text: string
  /** Positive when reached: how far the measured value is on the right side. */
  readonly margin: number
}

export function atLeast(value: number, bound: number, text = `≥ ${bound.toFixed(2)}`): Target {
  return { text, margin: value - bound }
}

export function atMost(value: number, bound: number, text = `≤ ${bound.toFixed(2)}`): Target {
  return { text, margin: bound - value }
}

/** @param lead how many times faster than the fastest peer */
export function aheadOfPeers(lead: number): Target {
  return { text: 'ahead of every peer', margin: lead - 1 }
}

/** The two last cells of a row: what was demanded, and whether it is so. */
export function verdict(targets: readonly Target[]): readonly [string, string] {
  if (targets.length === 0) return ['', '']
  const missed = targets.filter(({ margin }) => !(margin >= 0))
  const text = targets.map((target) => target.text).join(', ')
  if (missed.length === 0) return [text, 'yes']
  return [text, `no: ${missed.map((target) => `${target.text} missed by ${(-target.margin).toFixed(2)}`).join(', ')}`]
}
