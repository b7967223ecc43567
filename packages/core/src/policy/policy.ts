import { within } from '../deadline.js'
import { AccessError } from '../errors.js'
import { isJsonObject, type JsonObject } from '../jws/compact.js'
import type { Actor, DelegationRules } from '../token/delegation.js'
import { draftNames } from '../token/names.js'
import type { VerifiedToken } from '../token/verified-token.js'
import { coversDetails } from './details.js'
import type { Principal } from './principal.js'
import type { CheckedRequirement } from './requirement.js'
import { checkAuthentication } from './step-up.js'

/** What the policy of a resource server holds for every route. */
export interface PolicyRules extends Pick<DelegationRules, 'actors' | 'actorProfiles'> {
  /** Identifier of this API, and its URL where it has one, for details that name their location. */
  readonly audience: string
  readonly resource: string | undefined
  /** Seconds by which clocks may differ. */
  readonly clockTolerance: number
  /** Milliseconds a `check` may take. */
  readonly policyTimeout: number
  /** Seconds since the epoch. */
  readonly now: () => number
}

/** The part of a token that policy looks at besides the principal: its chain of prior actors is not part of it. */
export type PolicyToken = Pick<VerifiedToken, 'claims' | 'confirmation'>

/**
 * Evaluates a requirement: is what is true of the caller enough for this route? The order is fixed, so that the code of
 * a refusal is stable: binding, delegation, actor, scope, details, subject, purpose, sign-in, and the route's own check
 * last.
 *
 * @throws AccessError `binding_required`, `delegation_required`, `delegation_forbidden`, `actor_not_allowed`,
 * `scope_insufficient`, `details_insufficient`, `subject_mismatch`, `purpose_mismatch`, `authentication_insufficient`,
 * `policy_denied`, `policy_unavailable`, or what the route's own functions threw
 */
export function evaluate<C>(
  { claims, confirmation }: PolicyToken,
  principal: Principal<C>,
  requirement: CheckedRequirement<C>,
  rules: PolicyRules,
): void | Promise<void> {
  const { details, subject, authentication, check } = requirement
  if (requirement.senderConstrained && confirmation === undefined) throw new AccessError('binding_required')
  checkDelegation(principal, requirement)
  checkActor(principal.actor, requirement, rules)
  checkScopes(principal, requirement)
  if (details !== undefined && atOnce(coversDetails(claims, details, [rules.audience, rules.resource])) !== true) {
    throw new AccessError('details_insufficient')
  }
  if (subject !== undefined && subject !== principal.subject) throw new AccessError('subject_mismatch')
  checkPurpose(claims, requirement)
  if (authentication !== undefined) checkAuthentication(claims, authentication, rules.now(), rules.clockTolerance)
  if (check !== undefined) return runCheck(check(principal), rules.policyTimeout)
}

function checkDelegation<C>({ mode }: Principal<C>, { delegation }: CheckedRequirement<C>): void {
  if (delegation === 'required' && mode === 'direct') throw new AccessError('delegation_required')
  if (delegation === 'forbidden' && mode === 'delegated') throw new AccessError('delegation_forbidden')
}

function checkActor<C>(actor: Actor | undefined, { isActor }: CheckedRequirement<C>, rules: PolicyRules): void {
  if (isActor !== undefined && (actor === undefined || atOnce(isActor(actor)) !== true)) {
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

/** Purpose and tool are compared with what the issuer wrote from its catalogue, never with a text of the caller's. */
function checkPurpose<C>(claims: JsonObject, { purposes, tools }: CheckedRequirement<C>): void {
  if (purposes === undefined && tools === undefined) return
  const context = claims[draftNames.transactionContext]
  const { purpose, tool } = isJsonObject(context) ? context : {}
  if ((purposes !== undefined && !isAmong(purposes, purpose)) || (tools !== undefined && !isAmong(tools, tool))) {
    throw new AccessError('purpose_mismatch')
  }
}

function isAmong(names: readonly string[], value: unknown): boolean {
  return typeof value === 'string' && names.includes(value)
}

/** A function that must answer at once: a promise would be taken for a no, and its failure heard by nobody. */
function atOnce(answer: unknown): unknown {
  if (typeof answer !== 'object' || answer === null || !('then' in answer)) return answer
  Promise.resolve(answer).catch(() => {})
  throw new TypeError('an actor or authorizationDetails function must answer at once; what takes time belongs in check')
}

async function runCheck(answer: boolean | Promise<boolean>, timeout: number): Promise<void> {
  const tooLate = () => new Error(`check took longer than ${timeout} ms`)
  const allowed = typeof answer === 'boolean' ? answer : await within(timeout, answer, tooLate)
  if (allowed !== true) throw new AccessError('policy_denied')
}
