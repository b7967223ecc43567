import { ConfigurationError } from '../errors.js'
import type { Claims } from '../token/claims.js'
import type { Actor } from '../token/delegation.js'
import type { Principal } from './principal.js'

/**
 * What a route demands of a caller. Every member that is given must hold; a member that is present must have a value,
 * so that a mistyped route parameter (`undefined`) is an error and never switches a check off.
 */
export interface Requirement<C = Claims> {
  /** Scopes the token must have, every one. */
  readonly scope?: string | readonly string[]
  /** Scopes of which the token must have at least one. */
  readonly anyScope?: readonly string[]
  /** `'required'`: an agent must call for a user. `'forbidden'`: no agent may. Default: both may. */
  readonly delegation?: 'required' | 'forbidden'
  /**
   * The current actor: one of these subjects, or one this function answers `true` for. A token without an actor never
   * meets it.
   */
  readonly actor?: string | readonly string[] | ((actor: Actor) => boolean)
  /** Owner of the resource: must equal the token's subject. */
  readonly subject?: string
  /** Anything else. Only `true` allows; whatever else it answers is `policy_denied`, throwing is `internal_error`. */
  readonly check?: (principal: Principal<C>) => boolean | Promise<boolean>
}

/** A requirement that was looked over, in the form in which it is evaluated. */
export interface CheckedRequirement<C> {
  readonly scopes: readonly string[]
  readonly anyScope: readonly string[]
  readonly delegation: 'required' | 'forbidden' | undefined
  readonly isActor: ((actor: Actor) => boolean) | undefined
  readonly subject: string | undefined
  readonly check: Requirement<C>['check'] | undefined
}

/** How each member is looked over. */
const members: Record<keyof Requirement, (value: unknown) => string | undefined> = {
  scope: (value) =>
    isScope(value) || isListOf(isScope, value) ? undefined : 'must be one scope or several, each a word',
  anyScope: (value) => (isListOf(isScope, value) ? undefined : 'must be a list of scopes, each a word'),
  delegation: (value) =>
    value === 'required' || value === 'forbidden' ? undefined : "must be 'required' or 'forbidden'",
  actor: (value) =>
    isText(value) || isListOf(isText, value) || typeof value === 'function'
      ? undefined
      : 'must be an actor, a list of actors or a function',
  subject: (value) => (isText(value) ? undefined : 'must be the subject that owns the resource, a non-empty string'),
  check: (value) => (typeof value === 'function' ? undefined : 'must be a function'),
}

/**
 * Looks a requirement over.
 *
 * @throws ConfigurationError that names the member and what it must be
 */
export function checkRequirement<C>(requirement: Requirement<C>): CheckedRequirement<C> {
  if (!isPlainObject(requirement)) throw new ConfigurationError('requirement', 'must be a plain object')
  for (const [name, value] of Object.entries(requirement)) {
    const member = Object.hasOwn(members, name) ? members[name as keyof Requirement] : undefined
    const advice = member === undefined ? `is not known; known are ${Object.keys(members).join(', ')}` : member(value)
    if (advice !== undefined) throw new ConfigurationError(`requirement.${name}`, advice)
  }
  const { scope = [], anyScope = [], delegation, actor, subject, check } = requirement
  return {
    scopes: typeof scope === 'string' ? [scope] : scope,
    anyScope,
    delegation,
    isActor:
      actor === undefined || typeof actor === 'function' ? actor : isOneOf(typeof actor === 'string' ? [actor] : actor),
    subject,
    check,
  }
}

/** Whether what is asked for is all there to be looked over: a list, a `Map` or a foreign promise would seem to ask nothing. */
function isPlainObject(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

function isOneOf(subjects: readonly string[]): (actor: Actor) => boolean {
  return (actor) => subjects.includes(actor.subject)
}

/** A scope-token of RFC 6749 section 3.3. */
function isScope(value: unknown): boolean {
  return typeof value === 'string' && /^[\x21\x23-\x5B\x5D-\x7E]+$/.test(value)
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}

function isListOf(isMember: (value: unknown) => boolean, value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every(isMember)
}
