import { isFetchable } from './address.js'
import {
  type Check,
  check,
  checkBoolean,
  checkFunction,
  checkMembers,
  checkText,
  checkTexts,
  isText,
  isTexts,
} from './check.js'
import { ConfigurationError } from './errors.js'
import { algorithmProfiles, isSigningAlgorithm, type SigningAlgorithm } from './jws/algorithm.js'
import { createVerificationKey } from './jws/key.js'
import type { JsonWebKey } from './jws/runtime.js'
import { type ClaimProfile, rfc9068 } from './token/profile.js'

/** An issuer whose tokens are accepted. */
export interface TrustedIssuer {
  /** Compared with `iss` character for character. */
  readonly issuer: string
  /** Where its keys are. Default: discovered from its metadata (RFC 8414, then OpenID Connect Discovery). */
  readonly jwksUri?: string
  /** Its keys themselves: no network at all. */
  readonly jwks?: { readonly keys: readonly JsonWebKey[] }
  /** Algorithms it may sign with. Default: those of the resource server. */
  readonly algorithms?: readonly SigningAlgorithm[]
  /** How its access tokens look. Default: `rfc9068()`. */
  readonly profile?: ClaimProfile
  /** Issuers, besides itself, whose actors its tokens may name (`act.iss`). Default none. */
  readonly actorIssuers?: readonly string[]
}

/** A {@link TrustedIssuer} looked over, with every default in place. */
export interface IssuerSettings {
  readonly issuer: string
  readonly jwksUri: string | undefined
  readonly jwks: TrustedIssuer['jwks']
  readonly algorithms: ReadonlySet<SigningAlgorithm>
  readonly profile: ClaimProfile
  readonly actorIssuers: ReadonlySet<string>
}

const everyAlgorithm = [...algorithmProfiles.keys()]

export const checkAlgorithms: Check = check(
  (value) => Array.isArray(value) && value.length > 0 && value.every(isSigningAlgorithm),
  `must be a list of ${everyAlgorithm.join(', ')}; symmetric algorithms (HS256 and the like) and none are never accepted`,
)

const checkIssuer = checkMembers({
  issuer: checkText,
  jwksUri: check((value) => isText(value) && isFetchable(value), 'must be an https URL (http on loopback only)'),
  jwks: check(hasUsableKey, 'must be a JSON Web Key Set with at least one usable public key'),
  algorithms: checkAlgorithms,
  profile: checkMembers({
    name: checkText,
    types: checkTexts,
    typeRequired: checkBoolean,
    subjectClaims: checkTexts,
    scopeClaims: checkTexts,
    scopeArrays: checkBoolean,
    scopes: checkFunction,
    clientClaims: checkTexts,
    tokenIdClaims: checkTexts,
    tokenIdRequired: checkBoolean,
    audience: checkFunction,
    actor: checkFunction,
    isAccessToken: checkFunction,
  }),
  actorIssuers: checkTexts,
})

/**
 * Looks over the option `issuer`, one or several.
 *
 * @throws ConfigurationError
 */
export function readIssuers(
  given: string | TrustedIssuer | readonly (string | TrustedIssuer)[],
  algorithms: readonly SigningAlgorithm[] = everyAlgorithm,
): readonly IssuerSettings[] {
  const isList = Array.isArray(given)
  const list: readonly unknown[] = isList ? given : [given]
  if (given === undefined || list.length === 0) {
    throw new ConfigurationError('issuer', 'is required: the URL of the issuer whose tokens are accepted')
  }
  const issuers = list.map((entry, index) => readIssuer(entry, isList ? `issuer[${index}]` : 'issuer', algorithms))
  for (const [index, { issuer }] of issuers.entries()) {
    if (issuers.findIndex((other) => other.issuer === issuer) !== index) {
      throw new ConfigurationError(`issuer[${index}]`, 'is listed twice')
    }
  }
  return issuers
}

function readIssuer(entry: unknown, path: string, algorithms: readonly SigningAlgorithm[]): IssuerSettings {
  if (typeof entry === 'string') checkText(entry, path)
  const given = (typeof entry === 'string' ? { issuer: entry } : entry) as TrustedIssuer // looked over in the next line
  checkIssuer(given, path)
  const { issuer, jwksUri, jwks, profile = rfc9068(), actorIssuers = [] } = given
  if (!isText(issuer)) throw new ConfigurationError(path, 'must name an issuer')
  if (jwksUri !== undefined && jwks !== undefined) {
    throw new ConfigurationError(`${path}.jwks`, 'and jwksUri exclude each other: give one of them')
  }
  const keysAreGiven = jwksUri !== undefined || jwks !== undefined
  if (!(isIssuerUrl(issuer) || (keysAreGiven && !URL.canParse(issuer)))) {
    throw new ConfigurationError(path, 'must be an https URL without query or fragment (http on loopback only)')
  }
  checkProfile(profile, `${path}.profile`)
  return {
    issuer,
    jwksUri,
    jwks,
    profile,
    algorithms: new Set(given.algorithms ?? algorithms),
    actorIssuers: new Set(actorIssuers),
  }
}

/** An ID token is a `JWT` too, and one without `typ` could be anything: something else must tell them apart. */
function checkProfile(profile: ClaimProfile, path: string): void {
  const { types, typeRequired = true, isAccessToken } = profile
  const isWhole = Object.keys(rfc9068()).every((name) => profile[name as keyof ClaimProfile] !== undefined)
  if (!isWhole || !isTexts(types)) throw new ConfigurationError(path, 'must be a profile made by rfc9068() or a preset')
  if (isAccessToken === undefined && (!typeRequired || types.includes('jwt'))) {
    throw new ConfigurationError(`${path}.isAccessToken`, 'is required where typ does not prove an access token')
  }
}

/** An issuer identifier of RFC 8414 section 2. */
function isIssuerUrl(issuer: string): boolean {
  return isFetchable(issuer) && !issuer.includes('?') && !issuer.includes('#')
}

function hasUsableKey(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || !('keys' in value) || !Array.isArray(value.keys)) return false
  return value.keys.some((key) => !('unusable' in createVerificationKey(key)))
}
