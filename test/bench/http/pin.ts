import { spawnSync } from 'node:child_process'

/** The commands that tie the servers to one core and the load generator to another; empty where that cannot be done. */
export interface Pins {
  readonly server: readonly string[]
  readonly load: readonly string[]
  /** What to tell the reader. */
  readonly note: string
}

export function choosePins(): Pins {
  const [first, second] = allowedCores()
  if (first === undefined || second === undefined) {
    return {
      server: [],
      load: [],
      note: 'NOT pinned: no taskset, or fewer than two cores. Server and load generator disturb each other.',
    }
  }
  const pin = (core: number): readonly string[] => ['taskset', '-c', String(core)]
  return {
    server: pin(first),
    load: pin(second),
    note: `Servers pinned to core ${first}, load generator to core ${second}.`,
  }
}

/** Reads the list that taskset prints after its last colon, such as `0-3,6`. */
function allowedCores(): readonly number[] {
  const { status, stdout } = spawnSync('taskset', ['-cp', String(process.pid)], { encoding: 'utf8' })
  if (status !== 0) return []
  return (stdout.split(':').at(-1) ?? '').split(',').flatMap((range) => {
    const [from = Number.NaN, to = from] = range.trim().split('-').map(Number)
    return Array.from({ length: to - from + 1 }, (_, i) => from + i)
  })
}
