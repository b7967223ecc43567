import { runtime } from '#runtime'
import { andThen } from './and-then.js'
import { type Attempt, createAttempts } from './attempt.js'
import { describeDecision, type Outcome } from './audit/describe.js'
import { createRecorder } from './audit/recorder.js'
import { nameTokenUse, type Use } from './binding/replay.js'
import { type Caller, createCallers, type Evidence } from './caller.js'
import { within } from './deadline.js'
import { allow, type Decision, deny } from './decision/decision.js'
import { AccessError, ConfigurationError } from './errors.js'
import { formatMetadata, type MetadataEndpoint, metadataUrl, type ProtectedResourceMetadata } from './metadata.js'
import type { ResourceServerOptions } from './options.js'
import { evaluate } from './policy/policy.js'
import type { Principal } from './policy/principal.js'
import { type CheckedRequirement, checkRequirement, type Requirement } from './policy/requirement.js'
import type { ResourceRequest } from './request/request.js'
import { createSecurityEventReceiver, type SecurityEventReceiver } from './revocation/security-events.js'
import { readOptions } from './settings.js'
import { createStages, createTrust } from './stages.js'
import type { Claims } from './token/claims.js'
import { draftNames } from './token/names.js'
import type { VerifiedToken } from './token/verified-token.js'

/** An API that verifies tokens by itself and decides. */
export interface ResourceServer<C = Claims> {
  /**
   * Decides one request. Total: it never rejects, whatever happens is a {@link Decision}.
   *
   * @param requirement what the route demands beyond a valid token. Default: nothing
   */
  authorize(request: ResourceRequest, requirement?: Requirement<C>): Promise<Decision<C>>
  /**
   * Makes the guard of a route, for adapters: the requirement is looked over now and its scopes go into the metadata.
   * A function is asked at each request, once the token has been verified; what it answers is looked over then.
   *
   * @throws ConfigurationError when the requirement is wrong
   */
  protect<Source extends object = ResourceRequest>(requirement?: RouteRequirement<Source, C>): Guard<Source, C>
  /**
   * Verifies a token by itself: no request, no requirement, no audit event.
   *
   * @throws AccessError with the code of what does not hold (as a rejection)
   */
  verify(token: string): Promise<VerifiedToken>
  /** The document of RFC 9728, with the scopes of every guard made so far. */
  metadata(): ProtectedResourceMetadata
  /**
   * Says that the document is served at its well-known address: from now on challenges point to it.
   *
   * @throws ConfigurationError when the API has no URL (`resource`)
   */
  publishMetadata(): MetadataEndpoint
  /**
   * Makes the receiver of security events (RFC 8935), for adapters.
   *
   * @throws ConfigurationError without the option `securityEvents`
   */
  securityEvents(): SecurityEventReceiver
  /** Resolves when the keys of every issuer are at hand. Rejects with AccessError `keys_unavailable`. */
  ready(): Promise<void>
  /** Ends fetches, delivers queued audit events, closes the sink. */
  close(): Promise<void>
}

/** What a route demands: known at start-up, or told by a function of the framework's own request. */
export type RouteRequirement<Source, C = Claims> =
  | Requirement<C>
  | ((source: Source) => Requirement<C> | Promise<Requirement<C>>)

/**
 * Decides one request by the requirement of one route. Total.
 *
 * @param source the framework's request object: several guards that get the same one verify the token once
 */
export type Guard<Source, C = Claims> = (request: ResourceRequest, source: Source) => Promise<Decision<C>>

/** The requirement of a route: looked over already, or to be asked for. */
type Route<C> =
  | { readonly requirement: CheckedRequirement<C> }
  | { readonly requirement?: undefined; readonly ask: () => Requirement<C> | Promise<Requirement<C>> }

/**
 * Creates a resource server. One is enough for an API, however many apps and guards share it.
 *
 * @throws ConfigurationError with the path of the wrong option and what it must be
 */
export function createResourceServer<C = Claims>(options: ResourceServerOptions<C>): ResourceServer<C> {
  const settings = readOptions(options)
  const issuers = createTrust(settings)
  const stages = createStages(settings, issuers)
  const callers = createCallers(settings, stages)
  const policy = { ...settings, ...settings.delegation }
  const recorder = settings.audit && createRecorder({ ...settings, ...settings.audit })
  const attempts = createAttempts<C>()
  const scopes = new Set<string>()
  let challenges = stages.challenges
  if (settings.dpop.mode === 'required') stages.replay.announce()

  /** The way of a request, top to bottom. */
  async function decide(request: ResourceRequest, source: object, route: Route<C>): Promise<Decision<C>> {
    const started = performance.now()
    let evidence: Evidence<C> = {}
    let { requirement } = route
    let decision: Decision<C>
    try {
      const attempt = attempts.of(request, source)
      evidence = attempt.evidence
      const identifying = identify(request, source, attempt)
      const known = identifying instanceof Promise ? await identifying : identifying
      const introducing = known.principal ?? callers.introduce(known)
      const principal = introducing instanceof Promise ? await introducing : introducing
      const asking = requirement ?? ask(route)
      requirement = asking instanceof Promise ? await asking : asking
      const pending = judge(known, principal, requirement)
      if (pending !== undefined) await pending
      if (requirement.singleUse) await useUp(known.token, source, attempt)
      decision = allow(principal, known.token, evidence)
    } catch (thrown) {
      decision = deny(
        evidence.caller === undefined ? AccessError.from(thrown) : blameRoute(thrown),
        evidence,
        challenges,
      )
    }
    return recorder === undefined
      ? decision
      : record(decision, { request, evidence, requirement, duration: elapsedSince(started) })
  }

  /** What took a look that must not be taken twice is shared by the guards that are given the same source. */
  function identify(request: ResourceRequest, source: object, attempt: Attempt<C>): Caller<C> | Promise<Caller<C>> {
    if (attempt.caller !== undefined) {
      return andThen(attempt.caller, (caller) => callers.review(caller, attempt.evidence))
    }
    attempt.caller = callers.identify(request, attempt.evidence)
    if (attempt.caller instanceof Promise || attempt.evidence.authentic !== undefined) attempts.share(source, attempt)
    return attempt.caller
  }

  /** Is it enough for this route? Its issuer comes first, so that a token it withdrew is called revoked everywhere. */
  function judge(caller: Caller<C>, principal: Principal<C>, route: CheckedRequirement<C>): void | Promise<void> {
    if (route.introspection === undefined) return evaluate(caller.token, principal, route, policy)
    return andThen(callers.confirm(caller), () => evaluate(caller.token, principal, route, policy))
  }

  /** Last of all, so that a request that is refused for something else does not use the token up. */
  async function useUp(token: VerifiedToken, source: object, attempt: Attempt<C>): Promise<void> {
    attempt.use ??= claimUse(token)
    attempts.share(source, attempt)
    const use = await attempt.use
    if (use === 'replayed') throw new AccessError('token_replayed')
    if (use === 'unchecked') attempt.evidence.unchecked = ['replay']
  }

  async function claimUse(token: VerifiedToken): Promise<Use> {
    return stages.replay.claim(await nameTokenUse(token), token.expiresAt + settings.clockTolerance + leeway)
  }

  function ask(route: Route<C>): CheckedRequirement<C> | Promise<CheckedRequirement<C>> {
    if (route.requirement !== undefined) return route.requirement
    const answer = route.ask()
    const tooLate = () => new Error(`the requirement took longer than ${settings.policyTimeout} ms`)
    return andThen(answer instanceof Promise ? within(settings.policyTimeout, answer, tooLate) : answer, lookOver)
  }

  function lookOver(requirement: Requirement<C>): CheckedRequirement<C> {
    return checkRequirement(requirement, settings)
  }

  /** Once the token holds, what throws is the code of the route: no fault of the caller's. */
  function blameRoute(thrown: unknown): AccessError {
    return thrown instanceof AccessError ? thrown : new AccessError('internal_error', { cause: thrown })
  }

  async function record(decision: Decision<C>, outcome: Undescribed<C>): Promise<Decision<C>> {
    const { request, evidence, requirement, duration } = outcome
    try {
      const naming = evidence.caller?.fingerprint ?? nameToken(evidence)
      const fingerprint = naming instanceof Promise ? await naming : naming
      const error = decision.allowed ? undefined : decision.error
      const description = { request, evidence, fingerprint, requirement, error, duration }
      const recorded = recorder?.record(describeDecision(description, settings.audience, settings.now()))
      if (recorded !== undefined) await recorded
      return decision
    } catch (cause) {
      settings.onWarning({ code: 'audit_failed', message: 'a decision could not be recorded', cause })
      return settings.audit?.required
        ? deny(new AccessError('audit_unavailable', { cause }), evidence, challenges)
        : decision
    }
  }

  /** The fingerprint of the presented token, made once for all requests that present it. */
  function nameToken({ caller, text }: Evidence<C>): string | undefined | Promise<string> {
    if (text === undefined) return undefined
    return andThen(runtime.sha256(text), (digest) => {
      const fingerprint = runtime.encodeBase64url(digest.subarray(0, 16))
      if (caller !== undefined) caller.fingerprint = fingerprint
      return fingerprint
    })
  }

  /** Gathers scopes at start-up, so that a client can read in the metadata what it may ask for. */
  function declare(requirement: CheckedRequirement<C>): Route<C> {
    if (requirement.singleUse) stages.replay.announce()
    for (const scope of [...requirement.scopes, ...requirement.anyScope]) scopes.add(scope)
    return { requirement }
  }

  function metadata(): ProtectedResourceMetadata {
    return {
      resource: settings.resource ?? settings.audience,
      authorization_servers: settings.issuers.map(({ issuer }) => issuer),
      scopes_supported: [...scopes].sort(),
      bearer_methods_supported: ['header'],
      ...(settings.delegation.actorProfiles !== undefined && { [draftNames.actorProfileRequired]: true }),
    }
  }

  return {
    metadata,

    authorize: (request, requirement = {}) => decide(request, request, { ask: () => requirement }),

    protect(requirement = {}) {
      if (typeof requirement === 'function') {
        return (request, source) => decide(request, source, { ask: () => requirement(source) })
      }
      const route = declare(lookOver(requirement))
      return (request, source) => decide(request, source, route)
    },

    async verify(token) {
      if (typeof token !== 'string') throw new AccessError('token_malformed')
      try {
        const caller = callers.verify(token)
        return (caller instanceof Promise ? await caller : caller).token
      } catch (thrown) {
        throw AccessError.from(thrown)
      }
    },

    publishMetadata() {
      const url = metadataUrl(settings.resource)
      challenges = { ...challenges, metadataUrl: url.href }
      return { path: url.pathname, url: url.href, answer: () => formatMetadata(metadata()) }
    },

    securityEvents() {
      if (settings.securityEvents === undefined) {
        throw new ConfigurationError('securityEvents', 'must say where the revocations of security events go')
      }
      return createSecurityEventReceiver({ ...settings, ...settings.securityEvents, issuers })
    },

    async ready() {
      await Promise.all([...issuers.values()].map(({ keys }) => keys.ready()))
    },

    async close() {
      for (const { keys } of issuers.values()) keys.close()
      stages.close()
      await recorder?.close()
    },
  }
}

/** Seconds a used token is remembered beyond its life: the clock of the store may be ahead. */
const leeway = 5

/** Milliseconds, to the microsecond. */
function elapsedSince(started: number): number {
  return Math.round((performance.now() - started) * 1000) / 1000
}

/** What is left to say about a decision when it is made. */
interface Undescribed<C> extends Omit<Outcome, 'fingerprint' | 'error' | 'evidence'> {
  readonly evidence: Evidence<C>
}

/** Whether a value is a resource server made already, rather than options for one. */
export function toResourceServer<C>(given: ResourceServerOptions<C> | ResourceServer<C>): ResourceServer<C> {
  return typeof given === 'object' && given !== null && 'authorize' in given ? given : createResourceServer(given)
}
