import { isFetchable } from './address.js'
import type { AuditEvent, AuditSink } from './audit/event.js'
import type { ClientCertificateHeader } from './binding/binding.js'
import type { DpopMode, DpopOptions } from './binding/dpop.js'
import { checkDpop, isDpopMode, type ReadDpopOptions, readDpop } from './binding/dpop-options.js'
import type { ReplayStore } from './binding/replay.js'
import {
  check,
  checkBoolean,
  checkCount,
  checkFunction,
  checkMembers,
  checkNumber,
  checkText,
  checkTexts,
} from './check.js'
import type { ClaimsSchema } from './claims-schema.js'
import { ConfigurationError } from './errors.js'
import type { SigningAlgorithm } from './jws/algorithm.js'
import type { RevocationCheck } from './revocation/revocation.js'
import {
  checkStatusList,
  readStatusList,
  type StatusListOptions,
  type StatusListSettings,
} from './revocation/status-list-options.js'
import type { Claims } from './token/claims.js'
import { type DelegationOptions, type DelegationRules, hardMaxDepth } from './token/delegation.js'
import { checkAlgorithms, type IssuerSettings, readIssuers, type TrustedIssuer } from './trusted-issuer.js'
import type { WarningListener } from './warning.js'

/** Settings of a resource server. Only `issuer` and `audience` are required. */
export interface ResourceServerOptions<C = Claims> {
  /** Whose tokens are accepted, compared exactly. A URL is enough where the issuer publishes its metadata. */
  readonly issuer: string | TrustedIssuer | readonly (string | TrustedIssuer)[]
  /** Identifier of this API: `aud` of a token must contain it (RFC 9068 section 4). */
  readonly audience: string
  /**
   * URL of this API as clients see it, for its metadata (RFC 9728). Never taken from a request. Default: `audience`
   * when that is a URL.
   */
  readonly resource?: string
  /** Algorithms every issuer may sign with. Default: RS, PS and ES with 256, 384, 512 bits, EdDSA, Ed25519. */
  readonly algorithms?: readonly SigningAlgorithm[]
  /** Seconds by which clocks may differ, 0 to 300. Default 5. */
  readonly clockTolerance?: number
  /** Seconds since `iat` after which a token is refused. Default: no limit of its own. */
  readonly maxTokenAge?: number
  /** Longest accepted lifetime (`exp` minus `iat`) in seconds. Default: 900 for delegated tokens, no limit for direct ones. */
  readonly maxTokenLifetime?: { readonly delegated?: number; readonly direct?: number }
  /** Bytes; a larger token is refused before anything is decoded. Default 16384. */
  readonly maxTokenSize?: number
  /** How delegation chains are judged. */
  readonly delegation?: DelegationOptions
  /** Times of the key cache. */
  readonly keySet?: KeySetOptions
  /** Verified tokens that are remembered. `false`: none. Default 10000 entries. */
  readonly tokenCache?: false | { readonly maxEntries?: number }
  /** Parses and types `Principal.claims`: a schema of zod, valibot, arktype or another Standard Schema library. */
  readonly claims?: ClaimsSchema<C>
  /**
   * Whether tokens bound to a key are accepted with a DPoP proof (RFC 9449): `'disabled'`, `'allowed'`, or `'required'`
   * for every token. Default `'allowed'` where this API has a URL (`resource`), which proofs are compared with.
   */
  readonly dpop?: DpopMode | DpopOptions
  /**
   * The header in which a proxy passes the client's certificate on, for tokens bound to one (RFC 8705). Default: the
   * certificate of the connection itself.
   */
  readonly clientCertificateHeader?: ClientCertificateHeader
  /**
   * Remembers what may be used once: DPoP proofs, and tokens on routes with `singleUse`. Processes that share the load
   * must share it. Default: the memory of this process.
   */
  readonly replayStore?: ReplayStore | ReplayOptions
  /** Says whether a token has been withdrawn, asked at every request: one check or several. */
  readonly revocation?: RevocationCheck | readonly RevocationCheck[]
  /** Status lists that tokens may point to (Token Status List draft). Default: the claim is not looked at. */
  readonly statusList?: StatusListOptions
  /** Receives one event per decision: a function, a sink, or a sink that decisions wait for (`required`). */
  readonly audit?: ((event: AuditEvent) => void | Promise<void>) | AuditSink | AuditOptions
  /** Milliseconds a requirement function or a `check` may take before the request is refused. Default 5000. */
  readonly policyTimeout?: number
  /** What an operator should know: stale keys serving, bad keys skipped, events dropped. */
  readonly onWarning?: WarningListener
  /** Seconds since the epoch; every clock of the resource server. Default: the system clock. */
  readonly now?: () => number
}

/** A replay store with more than its defaults. */
export interface ReplayOptions {
  readonly store: ReplayStore
  /** Milliseconds the store may take. Default 250. */
  readonly timeout?: number
  /**
   * Whether a request is allowed without the check while the store cannot be reached: a stolen proof or token is then
   * good for as often as it is sent. Every such request is marked in its audit event (`unchecked`). Default false: 503.
   */
  readonly allowUncheckedWhenUnavailable?: boolean
}

/** Times of the key cache, in milliseconds. */
export interface KeySetOptions {
  /** How long fetched keys count as fresh; `Cache-Control: max-age` may shorten it. Default 600000. */
  readonly cacheMaxAge?: number
  /** An unknown `kid` is looked up at most once in this time; failed fetches back off up to it. Default 30000. */
  readonly cooldownDuration?: number
  /** Deadline of a fetch, body included. Default 5000. */
  readonly timeoutDuration?: number
  /** How much longer the last keys serve while the issuer cannot be reached. Default 3600000. */
  readonly cacheMaxAgeFallback?: number
}

/** Auditing with more than a function. */
export interface AuditOptions {
  readonly sink: AuditSink
  /** `true`: a decision waits for its event; `audit_unavailable` (503) when the sink fails. Default false. */
  readonly required?: boolean
  /** Milliseconds a required event may take, and `close` may wait. Default 1000. */
  readonly timeout?: number
}

/** Options looked over, with every default in place. */
export interface Settings<C> {
  readonly issuers: readonly IssuerSettings[]
  readonly audience: string
  readonly resource: string | undefined
  readonly clockTolerance: number
  readonly maxTokenAge: number
  readonly maxTokenLifetime: { readonly delegated: number; readonly direct: number }
  readonly maxTokenSize: number
  readonly delegation: DelegationRules
  readonly keySet: Required<KeySetOptions>
  readonly cacheEntries: number
  readonly claims: ClaimsSchema<C> | undefined
  readonly dpop: ReadDpopOptions
  readonly certificateHeader: ClientCertificateHeader | undefined
  readonly replay: Required<Omit<ReplayOptions, 'store'>> & { readonly store: ReplayStore | undefined }
  readonly revocation: readonly RevocationCheck[]
  readonly statusList: StatusListSettings | undefined
  readonly audit: Required<AuditOptions> | undefined
  readonly policyTimeout: number
  readonly onWarning: WarningListener
  readonly now: () => number
}

const century = 3_153_600_000
const checkSeconds = checkNumber(1, century, 'seconds')
const checkMilliseconds = checkNumber(1, 86_400_000, 'milliseconds')

const checkOptions = checkMembers({
  issuer: () => {}, // read by readIssuers
  audience: checkText,
  resource: check(isResource, 'must be an https URL without fragment (http on loopback only)'),
  algorithms: checkAlgorithms,
  clockTolerance: checkNumber(0, 300, 'seconds'),
  maxTokenAge: checkSeconds,
  maxTokenLifetime: checkMembers({ delegated: checkSeconds, direct: checkSeconds }),
  maxTokenSize: checkCount(256, 1_048_576, 'bytes'),
  delegation: checkMembers({
    maxDepth: checkCount(1, hardMaxDepth, 'actors'),
    actorIssuer: check(
      (value) => value === 'default-to-token-issuer' || value === 'required',
      "must be 'default-to-token-issuer' or 'required'",
    ),
    actors: checkTexts,
    actorProfiles: checkTexts,
    deniedActors: checkTexts,
    noRepeatedActor: checkBoolean,
    requiredOrigin: checkTexts,
    singleAudience: checkBoolean,
    subjectNotActor: checkBoolean,
  }),
  keySet: checkMembers({
    cacheMaxAge: checkMilliseconds,
    cooldownDuration: checkMilliseconds,
    timeoutDuration: checkMilliseconds,
    cacheMaxAgeFallback: checkNumber(0, 7 * 86_400_000, 'milliseconds'),
  }),
  tokenCache: (value, path) => {
    if (value !== false) checkMembers({ maxEntries: checkCount(1, 10_000_000, 'entries') })(value, path)
  },
  claims: check(isSchema, 'must be a Standard Schema, such as one of zod, valibot or arktype'),
  audit: (value, path) => {
    if (typeof value === 'function' || isSink(value)) return
    checkMembers({
      sink: check(isSink, 'must have a function record'),
      required: checkBoolean,
      timeout: checkMilliseconds,
    })(value, path)
    if (!isObject(value) || value.sink === undefined) throw new ConfigurationError(`${path}.sink`, 'is required')
  },
  dpop: (value, path) => {
    if (!isDpopMode(value)) checkDpop(value, path)
  },
  clientCertificateHeader: checkMembers({
    name: check((value) => typeof value === 'string' && /^[\w-]+$/.test(value), 'must be the name of a header'),
    format: check(
      (value) => value === 'rfc9440' || value === 'url-encoded-pem',
      "must be 'rfc9440' or 'url-encoded-pem'",
    ),
  }),
  replayStore: (value, path) => {
    if (isReplayStore(value)) return
    checkMembers({
      store: check(isReplayStore, 'must have a function reserve'),
      timeout: checkMilliseconds,
      allowUncheckedWhenUnavailable: checkBoolean,
    })(value, path)
    if (!isObject(value) || value.store === undefined) throw new ConfigurationError(`${path}.store`, 'is required')
  },
  revocation: check(
    (value) => (Array.isArray(value) ? value.length > 0 && value.every(isRevocationCheck) : isRevocationCheck(value)),
    'must have a function isRevoked, or be a list of such checks',
  ),
  statusList: checkStatusList,
  policyTimeout: checkMilliseconds,
  onWarning: checkFunction,
  now: checkFunction,
})

/**
 * Looks options over once and puts the defaults in place.
 *
 * @throws ConfigurationError with the path of the wrong option and what it must be
 */
export function readOptions<C>(options: ResourceServerOptions<C>): Settings<C> {
  checkOptions(options, '')
  if (options.audience === undefined)
    throw new ConfigurationError('audience', 'is required: the identifier of this API')
  const { tokenCache = {}, onWarning = () => {}, now = () => Date.now() / 1000 } = options
  const resource = options.resource ?? (isResource(options.audience) ? options.audience : undefined)
  return Object.freeze({
    issuers: readIssuers(options.issuer, options.algorithms),
    audience: options.audience,
    resource,
    clockTolerance: options.clockTolerance ?? 5,
    maxTokenAge: options.maxTokenAge ?? Number.POSITIVE_INFINITY,
    maxTokenLifetime: {
      delegated: options.maxTokenLifetime?.delegated ?? 900,
      direct: options.maxTokenLifetime?.direct ?? Number.POSITIVE_INFINITY,
    },
    maxTokenSize: options.maxTokenSize ?? 16_384,
    delegation: readDelegation(options.delegation),
    keySet: {
      cacheMaxAge: options.keySet?.cacheMaxAge ?? 600_000,
      cooldownDuration: options.keySet?.cooldownDuration ?? 30_000,
      timeoutDuration: options.keySet?.timeoutDuration ?? 5_000,
      cacheMaxAgeFallback: options.keySet?.cacheMaxAgeFallback ?? 3_600_000,
    },
    cacheEntries: tokenCache === false ? 0 : (tokenCache.maxEntries ?? 10_000),
    claims: options.claims,
    dpop: readDpop(options.dpop, resource),
    certificateHeader: options.clientCertificateHeader,
    replay: readReplay(options.replayStore),
    revocation: listOf(options.revocation),
    statusList: options.statusList && readStatusList(options.statusList),
    audit: readAudit(options.audit),
    policyTimeout: options.policyTimeout ?? 5_000,
    onWarning: quietly(onWarning),
    now: reliably(now),
  })
}

function readDelegation(delegation: DelegationOptions = {}): DelegationRules {
  return {
    maxDepth: delegation.maxDepth ?? 4,
    actorIssuer: delegation.actorIssuer ?? 'default-to-token-issuer',
    actors: delegation.actors,
    actorProfiles: delegation.actorProfiles,
    deniedActors: delegation.deniedActors ?? [],
    noRepeatedActor: delegation.noRepeatedActor ?? false,
    requiredOrigin: delegation.requiredOrigin,
    singleAudience: delegation.singleAudience ?? true,
    subjectNotActor: delegation.subjectNotActor ?? true,
  }
}

function readReplay(given: ResourceServerOptions['replayStore']): Settings<unknown>['replay'] {
  const options: Partial<ReplayOptions> = given !== undefined && 'reserve' in given ? { store: given } : (given ?? {})
  return {
    store: options.store,
    timeout: options.timeout ?? 250,
    allowUncheckedWhenUnavailable: options.allowUncheckedWhenUnavailable ?? false,
  }
}

function readAudit(audit: ResourceServerOptions['audit']): Required<AuditOptions> | undefined {
  if (audit === undefined) return undefined
  if (typeof audit === 'function') return { sink: { record: audit }, required: false, timeout: 1_000 }
  if (!('sink' in audit)) return { sink: audit, required: false, timeout: 1_000 }
  return { sink: audit.sink, required: audit.required ?? false, timeout: audit.timeout ?? 1_000 }
}

/** A warning must not break what it warns about. */
function quietly(listener: WarningListener): WarningListener {
  return (warning) => {
    try {
      listener(warning)
    } catch {}
  }
}

/** A clock that answers nonsense would make every comparison false and every token valid for ever. */
function reliably(now: () => number): () => number {
  return () => {
    const time = now()
    if (!Number.isFinite(time)) throw new TypeError('now() must answer a finite number of seconds')
    return time
  }
}

function isResource(value: unknown): value is string {
  return typeof value === 'string' && isFetchable(value) && !value.includes('#')
}

function isObject(value: unknown): value is Record<string, unknown> {
  return (typeof value === 'object' || typeof value === 'function') && value !== null
}

function isReplayStore(value: unknown): boolean {
  return isObject(value) && typeof value.reserve === 'function'
}

function isRevocationCheck(value: unknown): boolean {
  return isObject(value) && typeof value.isRevoked === 'function'
}

function listOf<T>(value: T | readonly T[] | undefined): readonly T[] {
  if (value === undefined) return []
  return Array.isArray(value) ? [...value] : [value as T]
}

function isSchema(value: unknown): boolean {
  if (!isObject(value)) return false
  const standard = value['~standard']
  return isObject(standard) && standard.version === 1 && typeof standard.validate === 'function'
}

function isSink(value: unknown): boolean {
  return isObject(value) && typeof value.record === 'function'
}
