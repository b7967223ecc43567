import { isFetchable } from './address.js'
import type { ClientCertificateHeader } from './binding/binding.js'
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
import type {
  AuditOptions,
  KeySetOptions,
  ReplayOptions,
  ResourceServerOptions,
  SecurityEventOptions,
} from './options.js'
import type { RevocationCheck } from './revocation/revocation.js'
import { checkStatusList, readStatusList, type StatusListSettings } from './revocation/status-list-options.js'
import { type DelegationOptions, type DelegationRules, hardMaxDepth } from './token/delegation.js'
import { checkIntrospection, type IntrospectionSettings, readIntrospection } from './token/introspection-options.js'
import { checkAlgorithms, type IssuerSettings, readIssuers } from './trusted-issuer.js'
import type { WarningListener } from './warning.js'

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
  readonly securityEvents: (SecurityEventOptions & { readonly audience: string }) | undefined
  readonly introspection: IntrospectionSettings | undefined
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
    if (typeof value === 'function') return
    if (hasFunction('record')(value)) return checkPlainSink(value, path)
    checkMembers({
      sink: check(hasFunction('record'), 'must have a function record'),
      required: checkBoolean,
      timeout: checkMilliseconds,
    })(value, path)
    checkRequired(value, path, 'sink')
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
    if (hasFunction('reserve')(value)) return
    checkMembers({
      store: check(hasFunction('reserve'), 'must have a function reserve'),
      timeout: checkMilliseconds,
      allowUncheckedWhenUnavailable: checkBoolean,
    })(value, path)
    checkRequired(value, path, 'store')
  },
  revocation: check(
    (value) =>
      Array.isArray(value)
        ? value.length > 0 && value.every(hasFunction('isRevoked'))
        : hasFunction('isRevoked')(value),
    'must have a function isRevoked, or be a list of such checks',
  ),
  statusList: checkStatusList,
  introspection: checkIntrospection,
  securityEvents: (value, path) => {
    checkMembers({
      revocations: check(hasFunction('revoke'), 'must be a revocation list: it must have a function revoke'),
      audience: checkText,
      onEvent: checkFunction,
    })(value, path)
    checkRequired(value, path, 'revocations')
  },
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
    securityEvents: options.securityEvents && { audience: options.audience, ...options.securityEvents },
    introspection: options.introspection && readIntrospection(options.introspection),
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
    actors: delegation.actors && [...delegation.actors],
    actorProfiles: delegation.actorProfiles && [...delegation.actorProfiles],
    deniedActors: [...(delegation.deniedActors ?? [])],
    noRepeatedActor: delegation.noRepeatedActor ?? false,
    requiredOrigin: delegation.requiredOrigin && [...delegation.requiredOrigin],
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
  if (typeof audit === 'function')
    return { sink: { record: (event) => audit(event) as void | Promise<void> }, required: false, timeout: 1_000 }
  if (!('sink' in audit)) return { sink: audit, required: false, timeout: 1_000 }
  return { sink: audit.sink, required: audit.required ?? false, timeout: audit.timeout ?? 1_000 }
}

/** A warning must not break what it warns about. */
function quietly(listener: WarningListener): WarningListener {
  return (warning) => {
    try {
      const answer: unknown = listener(warning)
      Promise.resolve(answer).catch(() => {})
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

/** Whether a value, of a class or not, has a function of that name. */
function hasFunction(name: string): (value: unknown) => boolean {
  return (value) => isObject(value) && typeof value[name] === 'function'
}

/** A sink that is given alone has no settings: what looks like one would be silently without effect. */
function checkPlainSink(value: unknown, path: string): void {
  for (const name of ['sink', 'required', 'timeout']) {
    if (isObject(value) && value[name] !== undefined) {
      throw new ConfigurationError(`${path}.${name}`, 'belongs beside a sink: { sink, required, timeout }')
    }
  }
}

function checkRequired(value: unknown, path: string, name: string): void {
  if (!isObject(value) || value[name] === undefined) throw new ConfigurationError(`${path}.${name}`, 'is required')
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
