import { andThen } from './and-then.js'
import type { TokenPart } from './audit/token-part.js'
import type { Binding, BindingEvidence } from './binding/binding.js'
import { within } from './deadline.js'
import { AccessError } from './errors.js'
import { createPrincipal, type Principal } from './policy/principal.js'
import { type Credentials, extractCredentials, isToken68, type Scheme } from './request/credentials.js'
import type { ResourceRequest } from './request/request.js'
import type { InForceCheck } from './revocation/in-force.js'
import type { Settings } from './settings.js'
import { type Claims, checkTimes, deepFreeze } from './token/claims.js'
import type { Introspector } from './token/introspection.js'
import type { Freshness } from './token/introspection-memory.js'
import { type CachedToken, createTokenCache, isCurrent } from './token/token-cache.js'
import type { VerifiedToken } from './token/verified-token.js'
import type { AuthenticToken, TokenVerifier } from './token/verifier.js'

/** A verified token and what was made of it; lives as long as the token is remembered. */
export interface Caller<C> extends CachedToken {
  principal?: Principal<C>
  /** What the issuer said last of a token that holds by itself. */
  confirmed?: Freshness
  /** Names the token in audit events; made when the first event needs it. */
  fingerprint?: string
  /** What audit events say about the token; made by the first one. */
  described?: TokenPart
}

/** What is known of a caller so far. Each member is set when its step has succeeded. */
export interface Evidence<C> extends BindingEvidence {
  /** The scheme the token was presented under. */
  scheme?: Scheme
  /** The presented token, whatever it is worth. */
  text?: string
  /** The signature held. */
  authentic?: AuthenticToken
  /** Everything about the token held. */
  caller?: Caller<C>
}

/** Finds out who calls. */
export interface Callers<C> {
  /**
   * Credentials of a request to a verified token.
   *
   * @throws AccessError with the code of the first step that does not hold
   */
  identify(request: ResourceRequest, evidence: Evidence<C>): Caller<C> | Promise<Caller<C>>
  /** The same for the text of a token. Both answer at once when they remember the token. */
  verify(text: string): Caller<C> | Promise<Caller<C>>
  /** Looks again, for a later guard of one request, at everything that time can change. */
  review(caller: Caller<C>, evidence: Evidence<C>): Caller<C> | Promise<Caller<C>>
  /**
   * Asks the issuer about a token that holds by itself, for a route that wants it; nothing where that was done already.
   *
   * @throws AccessError `token_revoked`, the codes of an answer that disagrees, `introspection_unavailable`
   */
  confirm(caller: Caller<C>): Freshness | Promise<Freshness> | undefined
  /** Makes the principal of a token, once for all requests that present it. */
  introduce(caller: Caller<C>): Principal<C> | Promise<Principal<C>>
}

/** The stages a caller passes. */
export interface CallerStages {
  readonly schemes: readonly Scheme[]
  readonly verifier: TokenVerifier
  readonly binding: Binding
  readonly introspector: Introspector | undefined
  readonly checkInForce: InForceCheck
}

export function createCallers<C>(settings: Settings<C>, stages: CallerStages): Callers<C> {
  const { schemes, verifier, binding, introspector, checkInForce } = stages
  const remembered = createTokenCache<Caller<C>>(settings.cacheEntries)

  function identify(request: ResourceRequest, evidence: Evidence<C>): Caller<C> | Promise<Caller<C>> {
    const credentials = extractCredentials(request, settings.maxTokenSize, schemes, evidence)
    evidence.text = credentials.token
    const caller = recall(credentials.token, evidence) ?? verifyCredential(credentials.token, evidence)
    return andThen(caller, (verified) => admit(request, credentials, verified, evidence))
  }

  /** Possession first: nobody learns from a stolen token whether it is still in force. */
  function admit(
    request: ResourceRequest,
    credentials: Credentials,
    caller: Caller<C>,
    evidence: Evidence<C>,
  ): Caller<C> | Promise<Caller<C>> {
    const { token } = caller
    const proving = binding.prove(request, credentials, token, evidence)
    const passing = proving === undefined ? checkStanding(caller) : proving.then(() => checkStanding(caller))
    return passing === undefined ? caller : passing.then(() => caller)
  }

  /** Does the token, which holds by itself, still count? */
  function checkStanding(caller: Caller<C>): Promise<unknown> | undefined {
    const { token } = caller
    const confirming = introspector?.mode === 'always' ? ask(caller) : undefined
    return confirming instanceof Promise ? confirming.then(() => checkInForce(token)) : checkInForce(token)
  }

  function confirm(caller: Caller<C>): Freshness | Promise<Freshness> | undefined {
    return introspector?.mode === 'always' ? undefined : ask(caller)
  }

  /** What is known of an opaque token is what the issuer said. */
  function ask(caller: Caller<C>): Freshness | Promise<Freshness> | undefined {
    const { text, token, confirmed } = caller
    if (introspector === undefined || token.header === undefined) return undefined
    if (confirmed?.isFresh()) return confirmed
    return andThen(introspector.confirm(text, token), (answer) => {
      caller.confirmed = answer
      return answer
    })
  }

  function review(caller: Caller<C>, evidence: Evidence<C>): Caller<C> | Promise<Caller<C>> {
    checkTimes(caller.token, settings, settings.now())
    return andThen(isCurrent(caller) ? caller : renew(caller, evidence), (current) => {
      const passing = checkStanding(current)
      return passing === undefined ? current : passing.then(() => current)
    })
  }

  /** What the issuer said of an opaque token counts no longer: it is asked again. A key that is gone stays gone. */
  function renew({ text, token, key }: Caller<C>, evidence: Evidence<C>): Caller<C> | Promise<Caller<C>> {
    if (key !== undefined) throw new AccessError('key_not_found')
    return andThen(verifyAnew(text, evidence), (renewed) => {
      if (!isBoundAlike(token, renewed.token)) throw new AccessError('binding_mismatch')
      return renewed
    })
  }

  function verify(text: string): Caller<C> | Promise<Caller<C>> {
    return recall(text, {}) ?? verifyAnew(text, {})
  }

  /** A remembered token is looked at again for everything that time can change. */
  function recall(text: string, evidence: Evidence<C>): Caller<C> | undefined {
    const known = remembered.get(text)
    if (known === undefined) return undefined
    evidence.caller = known
    checkTimes(known.token, settings, settings.now())
    return known
  }

  function verifyCredential(text: string, evidence: Evidence<C>): Caller<C> | Promise<Caller<C>> {
    try {
      const caller = verifyAnew(text, evidence)
      return caller instanceof Promise ? caller.catch((thrown: unknown) => refuse(text, thrown)) : caller
    } catch (thrown) {
      return refuse(text, thrown)
    }
  }

  /** What has characters that no token has is a malformed credential, not a malformed token. */
  function refuse(text: string, thrown: unknown): never {
    const isMalformed = thrown instanceof AccessError && thrown.code === 'token_malformed'
    throw isMalformed && !isToken68(text) ? new AccessError('credentials_malformed') : thrown
  }

  function verifyAnew(text: string, evidence: Evidence<C>): Caller<C> | Promise<Caller<C>> {
    const proving: AuthenticToken | Promise<AuthenticToken> = introspector?.isOpaque(text)
      ? introspector.introspect(text)
      : verifier.authenticate(text)
    return andThen(proving, (authentic) => {
      evidence.authentic = authentic
      const { trust, key, isFresh } = authentic
      const caller: Caller<C> = { text, token: verifier.accept(authentic), trust, key, isFresh }
      evidence.caller = caller
      remembered.set(text, caller)
      return caller
    })
  }

  function introduce(caller: Caller<C>): Principal<C> | Promise<Principal<C>> {
    return andThen(parseClaims(caller.token.claims), (claims) => {
      caller.principal = createPrincipal(caller.token, caller.text, claims)
      return caller.principal
    })
  }

  function parseClaims(claims: Claims): C | Promise<C> {
    // Without a schema C is Claims. Some libraries change what they parse, so a schema gets a copy.
    if (settings.claims === undefined) return claims as C
    const answer = settings.claims['~standard'].validate(copyOf(claims))
    const tooLate = () => new Error(`the claims schema took longer than ${settings.policyTimeout} ms`)
    return andThen('then' in answer ? within(settings.policyTimeout, answer, tooLate) : answer, (result) => {
      if (result.issues !== undefined || !('value' in result)) throw new AccessError('claim_invalid')
      return deepFreeze(result.value) // the principal is shared by all requests that present the token
    })
  }

  return { identify, review, verify, confirm, introduce }
}

/** Whether possession that was proven for the one is proven for the other. */
function isBoundAlike({ confirmation: one }: VerifiedToken, { confirmation: other }: VerifiedToken): boolean {
  return one?.method === other?.method && one?.thumbprint === other?.thumbprint
}

/** Nesting is the issuer's choice; what is too deep to be copied is too deep for a schema. */
function copyOf(claims: Claims): Claims {
  try {
    return structuredClone(claims)
  } catch (cause) {
    throw new AccessError('claim_invalid', { cause })
  }
}
