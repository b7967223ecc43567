import type { Catalogue } from './catalogue.js'
import type { Situation } from './condition.js'
import type { MatchedRow } from './decision.js'
import type { Permission, Rule } from './document.js'
import type { RulesAtHand } from './rule-book.js'

/** What the answers to one question rest on. */
export interface Foundation {
  readonly catalogue: Catalogue
  readonly situation: Situation
  readonly denies: RulesAtHand
  readonly allows: RulesAtHand
}

/**
 * Every row that has something to say about a permission, in the order in which they count. The first one decides: refusals come
 * before what allows, and where nothing allows, the last row refuses.
 */
export function* matchRows(foundation: Foundation, name: string): Generator<MatchedRow> {
  const { situation, denies } = foundation
  const permission = foundation.catalogue.permission(name)
  yield* agentRows(situation)
  yield* ruleRows(denies.matching(name, permission), 'denied_by_rule')
  if (permission === undefined) {
    yield { row: 'unknownPermission', code: 'unknown_permission', allowed: false }
    return
  }
  yield* catalogueRows(foundation, name, permission)
  yield* limitRows(situation, name)
  yield* grantRows(foundation, name, permission)
}

function* agentRows({ question: { agent, now } }: Situation): Generator<MatchedRow> {
  if (agent.status !== 'active') yield { row: `agents.${agent.id}.status`, code: 'agent_inactive', allowed: false }
  const lockedUntil = agent.lockedUntil ?? null
  // written so that a time that is no number keeps the lock
  if (lockedUntil !== null && !(now >= lockedUntil)) {
    yield { row: `agents.${agent.id}.lockedUntil`, code: 'agent_locked', allowed: false }
  }
}

function* catalogueRows(
  { catalogue, situation: { question } }: Foundation,
  name: string,
  permission: Permission,
): Generator<MatchedRow> {
  if (permission.resource !== question.resource) {
    yield { row: `permissions.${name}.resource`, code: 'other_resource', allowed: false }
  }
  if (!catalogue.toolMayUse(question.tool, permission)) {
    yield { row: `permissions.${name}.tools`, code: 'tool_not_allowed', allowed: false }
  }
}

function* limitRows({ question: { agent, subject } }: Situation, name: string): Generator<MatchedRow> {
  if (agent.ceiling !== null && !agent.ceiling.includes(name)) {
    yield { row: `agents.${agent.id}.ceiling`, code: 'above_ceiling', allowed: false }
  }
  if (subject !== undefined && !subject.permissions.includes(name)) {
    yield { row: `accounts.${subject.id}.permissions`, code: 'subject_lacks', allowed: false }
  }
}

function* grantRows(
  { catalogue, situation, allows }: Foundation,
  name: string,
  permission: Permission,
): Generator<MatchedRow> {
  const { agent } = situation.question
  let isGranted = false
  for (const role of agent.roles) {
    if (!catalogue.roleHas(role, name)) continue
    isGranted = true
    yield { row: `roles.${role}`, code: 'role', allowed: true }
  }
  for (const row of ruleRows(allows.matching(name, permission), 'allow_rule')) {
    isGranted = true
    yield row
  }
  if (!isGranted) yield { row: `agents.${agent.id}.roles`, code: 'no_role', allowed: false }
}

function* ruleRows(rules: Iterable<Rule>, code: 'denied_by_rule' | 'allow_rule'): Generator<MatchedRow> {
  for (const { id, why } of rules) {
    const row = { row: `rules.${id}`, code, allowed: code === 'allow_rule' }
    yield why === undefined ? row : { ...row, why }
  }
}
