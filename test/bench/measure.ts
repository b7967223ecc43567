/** One side of a comparison: a call, made over and over. */
export interface Contender {
  readonly name: string
  /** Whether each call is awaited before the next. */
  readonly asynchronous: boolean
  readonly call: (index: number) => unknown
  /** Before each round, not timed. */
  readonly begin?: () => void | Promise<void>
  /** After each slice, timed: lets work that was put off (an audit event) count. */
  readonly settle?: () => Promise<void>
}

export interface Schedule {
  readonly rounds: number
  readonly calls: number
  /** Calls of one contender before the next has its turn. */
  readonly slice: number
}

/** Microseconds per call, one number per round, by contender. */
export type Measurement = ReadonlyMap<string, readonly number[]>

/**
 * Times contenders in turns of about a millisecond each, in any order, so that whatever else the machine does falls on all of them
 * alike. One more round comes first and is thrown away.
 */
export async function measure(contenders: readonly Contender[], schedule: Schedule): Promise<Measurement> {
  const series = new Map<string, number[]>(contenders.map(({ name }) => [name, []]))
  for (let round = 0; round <= schedule.rounds; round++) {
    const totals = await runRound(contenders, schedule)
    if (round === 0) continue
    for (const [name, total] of totals) series.get(name)?.push((total * 1000) / schedule.calls)
  }
  return series
}

async function runRound(contenders: readonly Contender[], { calls, slice }: Schedule): Promise<Map<string, number>> {
  const totals = new Map<string, number>()
  for (const contender of contenders) await contender.begin?.()
  for (let from = 0; from < calls; from += slice) {
    for (const contender of shuffle(contenders)) {
      const taken = await timeSlice(contender, from, Math.min(from + slice, calls))
      totals.set(contender.name, (totals.get(contender.name) ?? 0) + taken)
    }
  }
  return totals
}

/** Any order: whoever always followed a contender that waits for other threads would be given a fresh share of the core. */
function shuffle<Item>(items: readonly Item[]): readonly Item[] {
  return items
    .map((item) => ({ item, place: Math.random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item)
}

async function timeSlice({ asynchronous, call, settle }: Contender, from: number, to: number): Promise<number> {
  const start = performance.now()
  if (asynchronous) for (let i = from; i < to; i++) await call(i)
  else for (let i = from; i < to; i++) call(i)
  if (settle !== undefined) await settle()
  return performance.now() - start
}
