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

/** A sign-in that is too old counts last of the refusals: nobody is asked to sign in for what is refused all the same. */
function* grantRows(foundation: Foundation, name: string, permission: Permission): Generator<MatchedRow> {
  const { agent } = foundation.situation.question
  const isOld = isSignInTooOld(foundation.situation, permission)
  const old: MatchedRow = { row: `permissions.${name}.maxAge`, code: 'sign_in_too_old', allowed: false }
  let isGranted = false
  for (const row of allowingRows(foundation, name, permission)) {
    if (isOld && !isGranted) yield old
    isGranted = true
    yield row
  }
  if (isGranted) return
  yield { row: `agents.${agent.id}.roles`, code: 'no_role', allowed: false }
  if (isOld) yield old
}

function* allowingRows(
  { catalogue, situation, allows }: Foundation,
  name: string,
  permission: Permission,
): Generator<MatchedRow> {
  for (const role of situation.question.agent.roles) {
    if (catalogue.roleHas(role, name)) yield { row: `roles.${role}`, code: 'role', allowed: true }
  }
  yield* ruleRows(allows.matching(name, permission), 'allow_rule')
}

/** A sign-in of which nobody knows when it was is too old. */
function isSignInTooOld({ question: { subject, now } }: Situation, { maxAge }: Permission): boolean {
  if (maxAge === undefined || subject === undefined) return false
  return subject.authTime === undefined || !(now - subject.authTime <= maxAge)
}

function* ruleRows(rules: Iterable<Rule>, code: 'denied_by_rule' | 'allow_rule'): Generator<MatchedRow> {
  for (const { id, why } of rules) {
    const row = { row: `rules.${id}`, code, allowed: code === 'allow_rule' }
    yield why === undefined ? row : { ...row, why }
  }
}
