import {
  type Check,
  check,
  checkCount,
  checkFunction,
  checkMembers,
  checkText,
  isPlainObject,
  isText,
  isTexts,
} from '../check.js'
import { ConfigurationError } from '../errors.js'
import type { Claims } from '../token/claims.js'
import type { Actor } from '../token/delegation.js'
import type { DetailRequirement, DetailsPredicate } from './details.js'
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
  /**
   * What the token's `authorization_details` must cover (RFC 9396): one element with this type, action and identifier,
   * or whatever a function answers `true` for.
   */
  readonly authorizationDetails?: DetailRequirement | DetailsPredicate
  /** Purposes of which the token must have been issued for one (`tctx.purpose`). */
  readonly purpose?: string | readonly string[]
  /** Tools of which the token must have been issued for one (`tctx.tool`). */
  readonly tool?: string | readonly string[]
  /** Accepted authentication context classes of the user's sign-in (`acr`, RFC 9470). */
  readonly acr?: string | readonly string[]
  /** Seconds the user's sign-in may lie back (`auth_time`, RFC 9470), a whole number. */
  readonly maxAge?: number
  /** Whether the token must be bound to a key or certificate of the caller (DPoP or mTLS). */
  readonly senderConstrained?: boolean
  /** Whether the token is good for one call only. It is used up last, once everything else allows the request. */
  readonly singleUse?: boolean
  /**
   * `'always'`: the issuer is asked about every token here (RFC 7662), a JWT too, which has to hold by itself as well.
   * Needs the option `introspection`, and a resource server with one issuer.
   */
  readonly introspection?: 'always'
  /**
   * Anything else. Only `true` allows; whatever else it answers is `policy_denied`. An `AccessError` that it throws is the
   * answer, such as `policy_unavailable` where what decides is down; whatever else it throws is `internal_error`.
   */
  readonly check?: (principal: Principal<C>) => boolean | Promise<boolean>
}

/** A requirement that was looked over, in the form in which it is evaluated. */
export interface CheckedRequirement<C> {
  readonly scopes: readonly string[]
  readonly anyScope: readonly string[]
  readonly delegation: 'required' | 'forbidden' | undefined
  readonly isActor: ((actor: Actor) => boolean) | undefined
  readonly subject: string | undefined
  readonly details: DetailRequirement | DetailsPredicate | undefined
  readonly purposes: readonly string[] | undefined
  readonly tools: readonly string[] | undefined
  /** Undefined when the route asks nothing of the user's sign-in. */
  readonly authentication: { readonly acr: readonly string[]; readonly maxAge: number | undefined } | undefined
  readonly senderConstrained: boolean
  readonly singleUse: boolean
  readonly introspection: 'always' | undefined
  readonly check: Requirement<C>['check'] | undefined
}

const checkNames = check((value) => isText(value) || isTexts(value), 'must be a name or a list of names')
const checkFlag = check((value) => typeof value === 'boolean', 'must be true or false')

/** How each member is looked over. None is right as `undefined`. */
const members: Record<keyof Requirement, Check> = {
  scope: check((value) => isScope(value) || isScopes(value), 'must be one scope or several, each a word'),
  anyScope: check(isScopes, 'must be a list of scopes, each a word'),
  delegation: check((value) => value === 'required' || value === 'forbidden', "must be 'required' or 'forbidden'"),
  actor: check(
    (value) => isText(value) || isTexts(value) || typeof value === 'function',
    'must be an actor, a list of actors or a function',
  ),
  subject: check(isText, 'must be the subject that owns the resource, a non-empty string'),
  authorizationDetails(value, path) {
    if (typeof value === 'function') return
    checkMembers({
      type: checkText,
      action: checkNames,
      identifier: checkText,
      datatype: checkNames,
      privilege: checkNames,
    })(value, path)
    checkPresent(value, path)
    if (!Object.hasOwn(value, 'type')) throw new ConfigurationError(`${path}.type`, 'is required')
  },
  purpose: checkNames,
  tool: checkNames,
  acr: checkNames,
  maxAge: checkCount(0, 3_153_600_000, 'seconds'),
  senderConstrained: checkFlag,
  singleUse: checkFlag,
  introspection: check((value) => value === 'always', "must be 'always'"),
  check: checkFunction,
}

/** What a resource server must have for what a route may ask of it. */
export interface RouteSettings {
  readonly issuers: readonly unknown[]
  readonly introspection: object | undefined
}

/**
 * Looks a requirement over.
 *
 * @throws ConfigurationError that names the member and what it must be
 */
export function checkRequirement<C>(requirement: Requirement<C>, settings: RouteSettings): CheckedRequirement<C> {
  if (!isPlainObject(requirement)) throw new ConfigurationError('requirement', 'must be a plain object')
  for (const [name, value] of Object.entries(requirement)) {
    const path = `requirement.${name}`
    if (!Object.hasOwn(members, name)) {
      throw new ConfigurationError(path, `is not known; known are ${Object.keys(members).join(', ')}`)
    }
    members[name as keyof Requirement](value, path)
  }
  const { scope, anyScope, delegation, actor, subject, authorizationDetails, purpose, tool, acr, maxAge } = requirement
  const { introspection } = requirement
  if (introspection !== undefined) checkCanAsk(settings)
  return {
    scopes: listOf(scope),
    anyScope: listOf(anyScope),
    delegation,
    isActor: actor === undefined || typeof actor === 'function' ? actor : isOneOf(listOf(actor)),
    subject,
    details: typeof authorizationDetails === 'object' ? { ...authorizationDetails } : authorizationDetails,
    purposes: purpose === undefined ? undefined : listOf(purpose),
    tools: tool === undefined ? undefined : listOf(tool),
    authentication: acr === undefined && maxAge === undefined ? undefined : { acr: listOf(acr), maxAge },
    senderConstrained: requirement.senderConstrained ?? false,
    singleUse: requirement.singleUse ?? false,
    introspection,
    check: requirement.check,
  }
}

/** An identifier that turned out `undefined` must not widen what is asked for to every record. */
function checkPresent(value: unknown, path: string): asserts value is object {
  for (const [name, member] of Object.entries(value ?? {})) {
    if (member === undefined) throw new ConfigurationError(`${path}.${name}`, 'must have a value')
  }
}

/** An endpoint speaks for one issuer: it would call the tokens of the others inactive. */
function checkCanAsk({ introspection, issuers }: RouteSettings): void {
  const path = 'requirement.introspection'
  if (introspection === undefined) throw new ConfigurationError(path, 'needs the option introspection')
  if (issuers.length > 1) throw new ConfigurationError(path, 'needs a resource server with one trusted issuer')
}

function listOf(value: string | readonly string[] = []): readonly string[] {
  return typeof value === 'string' ? [value] : [...value]
}

function isOneOf(subjects: readonly string[]): (actor: Actor) => boolean {
  return (actor) => subjects.includes(actor.subject)
}

/** A scope-token of RFC 6749 section 3.3. */
function isScope(value: unknown): boolean {
  return typeof value === 'string' && /^[\x21\x23-\x5B\x5D-\x7E]+$/.test(value)
}

function isScopes(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every(isScope)
}
