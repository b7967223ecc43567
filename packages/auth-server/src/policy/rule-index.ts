import { stretches } from './condition.js'
import type { Condition, Rule } from './document.js'

/** Members of a condition that rules are found by. */
const keyDimensions = ['agents', 'subjects', 'roles', 'resources', 'hours'] as const
const dimensions = [...keyDimensions, 'permissions'] as const

const hoursOfDay = Array.from({ length: 24 }, (_, hour) => String(hour))

type Dimension = (typeof dimensions)[number]

/** What is known when rules are looked for; a member left out has no value. `hours` are those of the day, `0` to `23`. */
export type RuleKeys = Readonly<Partial<Record<(typeof keyDimensions)[number], readonly string[]>>>

/** Finds the rules that may match without a look at the others. Some may come twice, in no order. */
export interface RuleIndex<Entry> {
  /** Those that may match for these keys, but for those filed under a permission. */
  ofKeys(keys: RuleKeys): readonly Entry[]
  /** Those filed under a permission. */
  ofPermission(name: string): readonly Entry[]
}

/**
 * Files each rule under the member of its condition whose values are the rarest, so that ten thousand rules about one
 * permission are told apart by their agents. A rule without any of these members is looked at for everything.
 */
export function createRuleIndex<Entry extends Pick<Rule, 'when'>>(rules: readonly Entry[]): RuleIndex<Entry> {
  const frequencies = countValues(rules)
  const everywhere: Entry[] = []
  const byPermission = new Map<string, Entry[]>()
  const files = new Map(keyDimensions.map((dimension) => [dimension, new Map<string, Entry[]>()]))
  for (const rule of rules) {
    const dimension = rarest(rule.when, frequencies)
    if (dimension === undefined) {
      everywhere.push(rule)
      continue
    }
    const file = dimension === 'permissions' ? byPermission : files.get(dimension)
    for (const value of valuesOf(rule.when, dimension) ?? []) append(file, value, rule)
  }
  return {
    ofKeys: (keys) => {
      const found = [everywhere]
      for (const [dimension, file] of files) {
        if (file.size === 0) continue
        for (const value of keys[dimension] ?? []) found.push(file.get(value) ?? [])
      }
      return found.flat()
    },
    ofPermission: (name) => byPermission.get(name) ?? [],
  }
}

type Frequencies = ReadonlyMap<string, ReadonlyMap<string, number>>

function countValues(rules: readonly Pick<Rule, 'when'>[]): Frequencies {
  const counts = new Map(dimensions.map((dimension) => [dimension, new Map<string, number>()]))
  for (const { when } of rules) {
    for (const [dimension, count] of counts) {
      for (const value of valuesOf(when, dimension) ?? []) count.set(value, (count.get(value) ?? 0) + 1)
    }
  }
  return counts
}

function rarest(when: Condition, frequencies: Frequencies): Dimension | undefined {
  let best: { readonly dimension: Dimension; readonly most: number } | undefined
  for (const dimension of dimensions) {
    const values = valuesOf(when, dimension)
    if (values === undefined) continue
    const count = frequencies.get(dimension)
    const most = values.reduce((highest, value) => Math.max(highest, count?.get(value) ?? 0), 0)
    if (best === undefined || most < best.most) best = { dimension, most }
  }
  return best?.dimension
}

function valuesOf(when: Condition, dimension: Dimension): readonly string[] | undefined {
  if (dimension !== 'hours') return when[dimension]
  if (when.hours === undefined) return undefined
  const covered = stretches(when.hours)
  return hoursOfDay.filter((hour) => {
    const start = Number(hour) * 60
    return covered.some(([first, last]) => first < start + 60 && start < last)
  })
}

function append<Entry>(file: Map<string, Entry[]> | undefined, value: string, entry: Entry): void {
  const entries = file?.get(value)
  if (entries === undefined) file?.set(value, [entry])
  else entries.push(entry)
}
