import { within } from '../deadline.js'
import { AccessError } from '../errors.js'
import type { Actor, DelegationRules } from '../token/delegation.js'
import type { Principal } from './principal.js'
import type { CheckedRequirement } from './requirement.js'

/** What the policy of a resource server holds for every route. */
export interface PolicyRules extends Pick<DelegationRules, 'actors' | 'actorProfiles'> {
  /** Milliseconds a `check` may take. */
  readonly timeout: number
}

/**
 * Evaluates a requirement: is what is true of the caller enough for this route? The order is fixed, so that the code of
 * a refusal is stable: delegation, actor, scope, subject, and the route's own check last.
 *
 * @throws AccessError `delegation_required`, `delegation_forbidden`, `actor_not_allowed`, `scope_insufficient`,
 * `subject_mismatch`, `policy_denied`, or what the route's own functions threw
 */
export function evaluate<C>(
  principal: Principal<C>,
  requirement: CheckedRequirement<C>,
  rules: PolicyRules,
): void | Promise<void> {
  checkDelegation(principal, requirement)
  checkActor(principal.actor, requirement, rules)
  checkScopes(principal, requirement)
  if (requirement.subject !== undefined && requirement.subject !== principal.subject) {
    throw new AccessError('subject_mismatch')
  }
  if (requirement.check !== undefined) return runCheck(requirement.check(principal), rules.timeout)
}

function checkDelegation<C>({ mode }: Principal<C>, { delegation }: CheckedRequirement<C>): void {
  if (delegation === 'required' && mode === 'direct') throw new AccessError('delegation_required')
  if (delegation === 'forbidden' && mode === 'delegated') throw new AccessError('delegation_forbidden')
}

function checkActor<C>(actor: Actor | undefined, { isActor }: CheckedRequirement<C>, rules: PolicyRules): void {
  if (isActor !== undefined && (actor === undefined || isActor(actor) !== true)) {
    throw new AccessError('actor_not_allowed')
  }
  if (actor === undefined) return
  const { actors, actorProfiles } = rules
  if (actors !== undefined && !actors.includes(actor.subject)) throw new AccessError('actor_not_allowed')
  if (actorProfiles !== undefined && !(actor.profile !== undefined && actorProfiles.includes(actor.profile))) {
    throw new AccessError('actor_not_allowed')
  }
}

function checkScopes<C>(principal: Principal<C>, { scopes, anyScope }: CheckedRequirement<C>): void {
  const has = (scope: string) => principal.scopes.includes(scope)
  if (scopes.every(has) && (anyScope.length === 0 || anyScope.some(has))) return
  throw new AccessError('scope_insufficient', { parameters: { scope: [...scopes, ...anyScope].join(' ') } })
}

async function runCheck(answer: boolean | Promise<boolean>, timeout: number): Promise<void> {
  const tooLate = () => new Error(`check took longer than ${timeout} ms`)
  const allowed = typeof answer === 'boolean' ? answer : await within(timeout, answer, tooLate)
  if (allowed !== true) throw new AccessError('policy_denied')
}
