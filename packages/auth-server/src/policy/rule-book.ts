import { compileCondition, type PermissionMatcher, type Situation, type SituationMatcher } from './condition.js'
import type { Permission, Rule } from './document.js'
import { createRuleIndex } from './rule-index.js'

/** The rules of one effect, ready to be asked. */
export interface RuleBook {
  /** Those that may count for a question. Nothing is looked at before it is asked for. */
  open(situation: Situation): RulesAtHand
}

/** The rules that may count for a question. */
export interface RulesAtHand {
  /** Those that match for one permission, in the order of the document, each looked for when the one before was taken. */
  matching(name: string, permission: Permission | undefined): Iterable<Rule>
}

interface Entry {
  readonly rule: Rule
  readonly when: Rule['when']
  readonly place: number
  readonly matchesSituation: SituationMatcher
  readonly matchesPermission: PermissionMatcher
}

export function createRuleBook(rules: readonly Rule[], effect: Rule['effect']): RuleBook {
  const entries = rules
    .map((rule, place): Entry => ({ rule, when: rule.when, place, ...compileCondition(rule) }))
    .filter(({ rule }) => rule.effect === effect)
  const index = createRuleIndex(entries)

  /** Rules that are not filed under a permission: looked over once for all permissions of the question. */
  function lookOver(situation: Situation): readonly Entry[] {
    const { agent, subject, resource } = situation.question
    const found = index
      .ofKeys({
        agents: [agent.id],
        subjects: subject === undefined ? [] : [subject.id],
        roles: agent.roles,
        resources: [resource],
        hours: [String(Math.floor(situation.minute / 60))],
      })
      .filter(({ matchesSituation }) => matchesSituation(situation))
    return [...new Set(found)].sort(byPlace)
  }

  return {
    open: (situation) => {
      let atHand: readonly Entry[] | undefined
      return {
        matching: function* (name, permission) {
          atHand ??= lookOver(situation)
          for (const { rule, matchesPermission, matchesSituation } of merge(atHand, index.ofPermission(name))) {
            if (matchesPermission(name, permission) && matchesSituation(situation)) yield rule
          }
        },
      }
    },
  }
}

/** Two lists in order as one. */
function* merge(one: readonly Entry[], other: readonly Entry[]): Generator<Entry> {
  let [i, j] = [0, 0]
  for (;;) {
    const [a, b] = [one[i], other[j]]
    if (a !== undefined && (b === undefined || a.place < b.place)) {
      i += 1
      yield a
    } else if (b !== undefined) {
      j += 1
      yield b
    } else return
  }
}

function byPlace(a: Entry, b: Entry): number {
  return a.place - b.place
}
