import { AccessError } from '../errors.js'
import { isJsonObject, type JsonObject } from '../jws/compact.js'
import { draftNames } from './names.js'

/** Who acts for the subject: one link of a delegation chain (RFC 8693 section 4.1). */
export interface Actor {
  /** `act.sub`: identifies the actor together with `issuer`. */
  readonly subject: string
  /** `act.iss`, or the token's issuer where the link names none. */
  readonly issuer: string
  /** `act.sub_profile`, such as `ai_agent` (OAuth Actor Profile draft); undefined means unclassified. */
  readonly profile?: string | undefined
}

/** How delegation chains are judged. */
export interface DelegationOptions {
  /** Longest accepted chain, counted in actors, 1 to 32. Default 4. Longer: `delegation_too_deep`. */
  readonly maxDepth?: number
  /** What a link without `iss` means. Default `'default-to-token-issuer'`; `'required'` refuses it. */
  readonly actorIssuer?: 'default-to-token-issuer' | 'required'
  /** Current actors this API accepts at all, by `sub`. Default: every actor of a trusted issuer. */
  readonly actors?: readonly string[]
  /** Classes of current actors this API accepts (`sub_profile`). An actor without one is refused then. Default: any. */
  readonly actorProfiles?: readonly string[]
  /**
   * Actors that must not appear anywhere in a chain, by `sub`. This and the next two look at prior actors, which is
   * stricter than RFC 8693 section 4.1 asks for: they can only refuse, never allow. Default none.
   */
  readonly deniedActors?: readonly string[]
  /** Whether a chain that names one actor twice is refused. Default false. */
  readonly noRepeatedActor?: boolean
  /** Actors with whom every chain must have begun (the innermost `act`), by `sub`. Default: any. */
  readonly requiredOrigin?: readonly string[]
  /** Whether a delegated token must be meant for this API alone. Default true. */
  readonly singleAudience?: boolean
  /** Whether an actor that is the subject itself is refused as malformed. Default true. */
  readonly subjectNotActor?: boolean
}

/** {@link DelegationOptions} with every default in place; an undefined list means that any value will do. */
export interface DelegationRules
  extends Required<Omit<DelegationOptions, 'actors' | 'actorProfiles' | 'requiredOrigin'>> {
  readonly actors: readonly string[] | undefined
  readonly actorProfiles: readonly string[] | undefined
  readonly requiredOrigin: readonly string[] | undefined
}

/** No token is walked deeper than this, whatever the options say. */
export const hardMaxDepth = 32
const maxSubjectLength = 255

/**
 * Parses the chain of `act` claims that begins in `root`, current actor first. The walk is a loop over own properties; a
 * link that is present but is not an object with a proper `sub` makes the whole token malformed, it never ends the
 * chain. Members of a link other than `sub`, `iss`, `sub_profile` and `act` are ignored (RFC 8693 section 4.1: `exp` and
 * the like mean nothing there), and so is `may_act`.
 *
 * @throws AccessError `delegation_malformed`, `delegation_too_deep`
 */
export function parseDelegation(
  root: JsonObject,
  tokenIssuer: string,
  subject: string,
  rules: DelegationRules,
): readonly Actor[] {
  if (!Object.hasOwn(root, 'act')) return noActors
  const chain: Actor[] = []
  let holder = root
  while (Object.hasOwn(holder, 'act')) {
    const link = holder.act
    if (!isJsonObject(link) || chain.length === hardMaxDepth) throw new AccessError('delegation_malformed')
    chain.push(parseActor(link, tokenIssuer, rules))
    holder = link
  }
  const [current] = chain
  if (rules.subjectNotActor && current?.subject === subject && current.issuer === tokenIssuer) {
    throw new AccessError('delegation_malformed')
  }
  if (chain.length > rules.maxDepth) throw new AccessError('delegation_too_deep')
  return Object.freeze(chain)
}

/**
 * Whether the issuer left actors out of the chain that it shows this API (`chain_complete`, OAuth Actor Profile draft).
 * Whatever the claim holds besides `true` counts as that.
 */
export function isTrimmed(claims: JsonObject): boolean {
  return Object.hasOwn(claims, draftNames.chainComplete) && claims[draftNames.chainComplete] !== true
}

/**
 * The opt-in checks on prior actors. They can only refuse, and refuse every chain of which actors were left out: those
 * could be the ones that are looked for.
 *
 * @throws AccessError `actor_not_allowed`, `delegation_malformed` when the current actor itself was left out
 */
export function checkPriorActors(chain: readonly Actor[], trimmed: boolean, rules: DelegationRules): void {
  const origin = chain.at(-1)
  if (origin === undefined) {
    if (trimmed) throw new AccessError('delegation_malformed')
    return
  }
  const { deniedActors, noRepeatedActor, requiredOrigin } = rules
  const asksForPriorActors = deniedActors.length > 0 || noRepeatedActor || requiredOrigin !== undefined
  if (trimmed && asksForPriorActors) throw new AccessError('actor_not_allowed')
  const isDenied = deniedActors.length > 0 && chain.some(({ subject }) => deniedActors.includes(subject))
  const isRepeated =
    noRepeatedActor && new Set(chain.map(({ issuer, subject }) => `${issuer}\n${subject}`)).size < chain.length
  const isForeign = requiredOrigin !== undefined && !requiredOrigin.includes(origin.subject)
  if (isDenied || isRepeated || isForeign) throw new AccessError('actor_not_allowed')
}

const noActors: readonly Actor[] = Object.freeze([])

function parseActor(link: JsonObject, tokenIssuer: string, rules: DelegationRules): Actor {
  const subject = own(link, 'sub')
  const defaultIssuer = rules.actorIssuer === 'required' ? undefined : tokenIssuer
  const issuer = Object.hasOwn(link, 'iss') ? link.iss : defaultIssuer
  const profile = own(link, draftNames.subjectProfile)
  if (
    !isName(subject) ||
    subject.length > maxSubjectLength ||
    !isName(issuer) ||
    (profile !== undefined && !isName(profile))
  ) {
    throw new AccessError('delegation_malformed')
  }
  return Object.freeze(profile === undefined ? { subject, issuer } : { subject, issuer, profile })
}

function own(link: JsonObject, name: string): unknown {
  return Object.hasOwn(link, name) ? link[name] : undefined
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
