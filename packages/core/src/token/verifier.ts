import { LRUCache } from 'lru-cache'
import { andThen } from '../and-then.js'
import { AccessError } from '../errors.js'
import type { SigningAlgorithm } from '../jws/algorithm.js'
import { decodeBytes, decodeJson, type JsonObject, splitCompact } from '../jws/compact.js'
import { type JoseHeader, parseHeader } from '../jws/header.js'
import type { VerificationKey } from '../jws/key.js'
import type { KeySet } from '../keys/key-set.js'
import { checkTimes, deepFreeze, findChain, type RegisteredClaims, readClaims, type TimeRules } from './claims.js'
import { parseConfirmation } from './confirmation.js'
import { checkPriorActors, type DelegationRules, isTrimmed, parseDelegation } from './delegation.js'
import type { ClaimProfile } from './profile.js'
import type { VerifiedToken } from './verified-token.js'

/** An issuer as the verifier needs it: what it may sign with, where its keys are, how its tokens look. */
export interface IssuerTrust {
  readonly issuer: string
  readonly algorithms: ReadonlySet<SigningAlgorithm>
  readonly profile: ClaimProfile
  readonly keys: KeySet
  /** Issuers, besides this one, whose actors its tokens may name. */
  readonly actorIssuers: ReadonlySet<string>
}

/** What tokens are judged by. */
export interface TokenRules extends TimeRules {
  readonly issuers: ReadonlyMap<string, IssuerTrust>
  readonly audience: string
  readonly maxTokenSize: number
  readonly delegation: DelegationRules
  readonly now: () => number
}

/** A token that is its issuer's, by signature or by introspection; nothing is said yet about its claims. */
export interface AuthenticToken {
  /** Undefined for an opaque token. */
  readonly header?: JoseHeader
  readonly claims: JsonObject
  readonly trust: IssuerTrust
  /** The key that proved it; undefined when the issuer vouched for it instead. */
  readonly key?: VerificationKey
  /** Whether what the issuer said of it still counts; undefined when a key proved it. */
  readonly isFresh?: () => boolean
}

/** Proves tokens, one after the other, in two steps. */
export interface TokenVerifier {
  /**
   * Is it from the issuer it names? Grammar, header, issuer, key, signature.
   *
   * @throws AccessError `token_malformed`, `token_type_rejected`, `algorithm_rejected`, `issuer_untrusted`,
   * `key_not_found`, `keys_unavailable`, `signature_invalid`
   */
  authenticate(token: string): AuthenticToken | Promise<AuthenticToken>
  /**
   * Is what it says acceptable here? Claims, times, audience, delegation chain, actor trust.
   *
   * @throws AccessError `claim_missing`, `claim_invalid`, the codes of {@link checkTimes}, `audience_mismatch`,
   * `delegation_malformed`, `delegation_too_deep`, `actor_untrusted`, `binding_unsupported`
   */
  accept(authentic: AuthenticToken): VerifiedToken
}

const maxHeaders = 1000

export function createTokenVerifier(rules: TokenRules): TokenVerifier {
  /** Headers of tokens that proved authentic: an issuer writes the same few headers all day. */
  const headers = new LRUCache<string, JoseHeader>({ max: maxHeaders })

  function authenticate(token: string): AuthenticToken | Promise<AuthenticToken> {
    if (token.length > rules.maxTokenSize) throw new AccessError('token_malformed')
    const parts = splitCompact(token)
    const knownHeader = headers.get(parts.header)
    const header = knownHeader ?? parseHeader(parts.header)
    const signature = decodeBytes(parts.signature)
    const claims = decodeJson(parts.claims)
    const issuer = Object.hasOwn(claims, 'iss') ? claims.iss : undefined
    const trust = typeof issuer === 'string' ? rules.issuers.get(issuer) : undefined
    if (trust === undefined) throw new AccessError('issuer_untrusted')
    checkHeader(header, claims, trust)

    // A token that could not be accepted even with a good signature is not worth a fetch.
    const found = trust.keys.find(header.kid, header.alg, () => void checkClaims(claims, trust))
    return andThen(found, (key) =>
      andThen(key.check(header.alg), (check) =>
        andThen(check(parts.signingInput, signature, token), (isProven) => {
          if (!isProven) throw new AccessError('signature_invalid')
          if (knownHeader === undefined) headers.set(parts.header, header)
          return { header, claims, trust, key }
        }),
      ),
    )
  }

  function checkHeader(header: JoseHeader, claims: JsonObject, { algorithms, profile }: IssuerTrust): void {
    if (!algorithms.has(header.alg)) throw new AccessError('algorithm_rejected')
    const isRightType = header.typ === undefined ? profile.typeRequired === false : profile.types.includes(header.typ)
    if (!isRightType) throw new AccessError('token_type_rejected')
    if (profile.isAccessToken !== undefined && profile.isAccessToken(claims) !== true) {
      throw new AccessError('token_type_rejected')
    }
  }

  function checkClaims(claims: JsonObject, { profile }: IssuerTrust): RegisteredClaims {
    const registered = readClaims(claims, profile)
    checkTimes(registered, rules, rules.now())
    const { audience, mode } = registered
    const single = mode === 'direct' || !rules.delegation.singleAudience || audience.length === 1
    if (!single || !audience.includes(rules.audience)) throw new AccessError('audience_mismatch')
    return registered
  }

  function accept({ header, claims, trust }: AuthenticToken): VerifiedToken {
    const { issuer } = trust
    const registered = checkClaims(claims, trust)
    const delegation = parseDelegation(findChain(claims, trust.profile), issuer, registered.subject, rules.delegation)
    const [actor] = delegation
    if (actor !== undefined && actor.issuer !== issuer && !trust.actorIssuers.has(actor.issuer)) {
      throw new AccessError('actor_untrusted')
    }
    checkPriorActors(delegation, isTrimmed(claims), rules.delegation)
    const confirmation = parseConfirmation(claims)
    const { subject, audience, expiresAt, issuedAt, notBefore, clientId, scopes, tokenId, mode } = registered
    return Object.freeze({
      header,
      claims: deepFreeze(claims),
      issuer,
      subject,
      audience: Object.freeze(audience),
      expiresAt,
      issuedAt,
      notBefore,
      clientId,
      scopes: Object.freeze(scopes),
      tokenId,
      confirmation,
      mode,
      delegation,
    })
  }

  return { authenticate, accept }
}
