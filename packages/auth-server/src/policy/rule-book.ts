import { compileCondition, type Matcher, type Situation } from './condition.js'
import type { Permission, Rule } from './document.js'
import { createRuleIndex } from './rule-index.js'

/** The rules of one effect, ready to be asked. */
export interface RuleBook {
  /** Those that match, in the order of the document. */
  matching(situation: Situation, name: string, permission: Permission | undefined): readonly Rule[]
}

interface Entry {
  readonly rule: Rule
  readonly when: Rule['when']
  readonly place: number
  readonly matches: Matcher
}

export function createRuleBook(rules: readonly Rule[], effect: Rule['effect']): RuleBook {
  const entries = rules
    .map((rule, place): Entry => ({ rule, when: rule.when, place, matches: compileCondition(rule) }))
    .filter(({ rule }) => rule.effect === effect)
  const index = createRuleIndex(entries)
  return {
    matching: (situation, name, permission) => {
      const { agent, subject, resource } = situation.question
      const keys = {
        agents: [agent.id],
        permissions: [name],
        subjects: subject === undefined ? [] : [subject.id],
        roles: agent.roles,
        resources: [resource],
      }
      const found = index.candidates(keys).filter(({ matches }) => matches(situation, name, permission))
      if (found.length < 2) return found.map(({ rule }) => rule)
      const inOrder = [...new Set(found)].sort((a, b) => a.place - b.place)
      return inOrder.map(({ rule }) => rule)
    },
  }
}
