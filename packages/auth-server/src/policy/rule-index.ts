import type { Condition, Rule } from './document.js'

/** Members of a condition that rules are found by. */
const dimensions = ['agents', 'permissions', 'subjects', 'roles', 'resources'] as const

/** What is known when rules are looked for; a member left out has no value. */
export type RuleKeys = Pick<Condition, (typeof dimensions)[number]>

/** Finds the rules that may match without a look at the others. */
export interface RuleIndex<Entry> {
  /** At least every rule that matches these keys, some perhaps twice, in no order. */
  candidates(keys: RuleKeys): readonly Entry[]
}

/**
 * Files each rule under the member of its condition whose values are the rarest, so that ten thousand rules about one
 * permission are told apart by their agents. A rule without any of these members is a candidate for everything.
 */
export function createRuleIndex<Entry extends Pick<Rule, 'when'>>(rules: readonly Entry[]): RuleIndex<Entry> {
  const frequencies = countValues(rules)
  const everywhere: Entry[] = []
  const files = new Map(dimensions.map((dimension) => [dimension, new Map<string, Entry[]>()]))
  for (const rule of rules) {
    const dimension = rarest(rule.when, frequencies)
    if (dimension === undefined) everywhere.push(rule)
    else for (const value of rule.when[dimension] ?? []) append(files.get(dimension), value, rule)
  }
  return {
    candidates: (keys) => {
      const found = [everywhere]
      for (const [dimension, file] of files) {
        if (file.size === 0) continue
        for (const value of keys[dimension] ?? []) found.push(file.get(value) ?? [])
      }
      return found.flat()
    },
  }
}

type Frequencies = ReadonlyMap<string, ReadonlyMap<string, number>>

function countValues(rules: readonly Pick<Rule, 'when'>[]): Frequencies {
  const counts = new Map(dimensions.map((dimension) => [dimension, new Map<string, number>()]))
  for (const { when } of rules) {
    for (const [dimension, count] of counts) {
      for (const value of when[dimension] ?? []) count.set(value, (count.get(value) ?? 0) + 1)
    }
  }
  return counts
}

function rarest(when: Condition, frequencies: Frequencies): (typeof dimensions)[number] | undefined {
  let best: { readonly dimension: (typeof dimensions)[number]; readonly most: number } | undefined
  for (const dimension of dimensions) {
    const values = when[dimension]
    if (values === undefined) continue
    const count = frequencies.get(dimension)
    const most = values.reduce((highest, value) => Math.max(highest, count?.get(value) ?? 0), 0)
    if (best === undefined || most < best.most) best = { dimension, most }
  }
  return best?.dimension
}

function append<Entry>(file: Map<string, Entry[]> | undefined, value: string, entry: Entry): void {
  const entries = file?.get(value)
  if (entries === undefined) file?.set(value, [entry])
  else entries.push(entry)
}
