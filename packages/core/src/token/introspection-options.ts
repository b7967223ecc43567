import type { CryptoKey, KeyObject } from 'jose'
import { isFetchable } from '../address.js'
import { type Check, check, checkCount, checkMembers, checkNumber, checkText, isPlainObject, isText } from '../check.js'
import { ConfigurationError } from '../errors.js'
import { algorithmProfiles, isSigningAlgorithm, type SigningAlgorithm } from '../jws/algorithm.js'
import type { JsonWebKey } from '../jws/runtime.js'
import { type ClaimProfile, introspected } from './profile.js'

/** Asking the issuer about tokens (RFC 7662). */
export interface IntrospectionOptions {
  /** The introspection endpoint: an https URL (http on loopback only). Tokens and credentials go there and nowhere else. */
  readonly endpoint: string
  /** The trusted issuer the endpoint speaks for. Default: the only one there is. */
  readonly issuer?: string
  /**
   * `'opaque'`: tokens that are no JWT; the others are verified by themselves, except on routes that demand
   * `introspection: 'always'`. `'always'`: every token; a JWT has to
   * hold by itself as well, and the answer can only refuse it. Takes a resource server with one issuer.
   */
  readonly mode: 'opaque' | 'always'
  /** How this API authenticates at the endpoint. */
  readonly client: IntrospectionClient
  /** Milliseconds a question may take, from connecting to the last byte. Default 3000. */
  readonly timeout?: number
  /**
   * Seconds for which an answer counts, at most until the token expires: how long a revoked token can still pass.
   * 0 asks anew for each request. Default 30.
   */
  readonly ttl?: number
  /** Answers remembered; the least recently used one makes room. Default 10000. */
  readonly maxEntries?: number
  /** Questions under way at one time; beyond that requests are refused with 503. Default 100. */
  readonly maxConcurrent?: number
  /** Largest answer, in bytes. Default 65536. */
  readonly maxSize?: number
  /** `'required'`: answers must be signed by the issuer (RFC 9701). Default: JSON. */
  readonly signedResponses?: 'required'
  /** How an answer about an opaque token looks. Default: `introspected()`. */
  readonly profile?: ClaimProfile
}

/** A client of the issuer: by its secret (`client_secret_basic`) or by a signature (`private_key_jwt`). */
export type IntrospectionClient =
  | { readonly id: string; readonly secret: string }
  | {
      readonly id: string
      /** A private JWK, `CryptoKey` or `KeyObject`. */
      readonly privateKey: JsonWebKey | CryptoKey | KeyObject
      /** How the key signs. Default: `alg` of the JWK. */
      readonly algorithm?: SigningAlgorithm
      /** `kid` under which the issuer knows the key. Default: `kid` of the JWK. */
      readonly keyId?: string
      /** `aud` of the assertion. Default: the issuer. */
      readonly audience?: string
    }

/** {@link IntrospectionOptions} with every default in place. */
export interface IntrospectionSettings extends Required<Omit<IntrospectionOptions, 'issuer' | 'signedResponses'>> {
  readonly issuer: string | undefined
  readonly signed: boolean
}

const checkClientMembers = checkMembers({
  id: checkText,
  secret: checkText,
  privateKey: check(isPrivateKey, 'must be a private JWK, CryptoKey or KeyObject'),
  algorithm: check(isSigningAlgorithm, `must be one of ${[...algorithmProfiles.keys()].join(', ')}`),
  keyId: checkText,
  audience: checkText,
})

const checkMemberTypes = checkMembers({
  endpoint: check(isEndpoint, 'must be an https URL without fragment (http on loopback only)'),
  issuer: checkText,
  mode: check((value) => value === 'opaque' || value === 'always', "must be 'opaque' or 'always'"),
  client: checkClient,
  timeout: checkNumber(1, 60_000, 'milliseconds'),
  ttl: checkNumber(0, 3_600, 'seconds'),
  maxEntries: checkCount(1, 10_000_000, 'entries'),
  maxConcurrent: checkCount(1, 100_000, 'questions'),
  maxSize: checkCount(256, 16_777_216, 'bytes'),
  signedResponses: check((value) => value === 'required', "must be 'required'"),
  profile: check(isProfile, 'must be a profile made by introspected()'),
})

/** Looks {@link IntrospectionOptions} over. */
export const checkIntrospection: Check = (value, path) => {
  checkMemberTypes(value, path)
  requireMembers(value, path, 'endpoint', 'mode', 'client')
}

/** Puts the defaults of options in place that were looked over. */
export function readIntrospection(options: IntrospectionOptions): IntrospectionSettings {
  return Object.freeze({
    endpoint: options.endpoint,
    issuer: options.issuer,
    mode: options.mode,
    client: { ...options.client },
    timeout: options.timeout ?? 3_000,
    ttl: options.ttl ?? 30,
    maxEntries: options.maxEntries ?? 10_000,
    maxConcurrent: options.maxConcurrent ?? 100,
    maxSize: options.maxSize ?? 65_536,
    signed: options.signedResponses === 'required',
    profile: options.profile ?? introspected(),
  })
}

function checkClient(value: unknown, path: string): void {
  checkClientMembers(value, path)
  requireMembers(value, path, 'id')
  const { secret, privateKey, algorithm } = value as { secret?: string; privateKey?: JsonWebKey; algorithm?: string }
  if ((secret === undefined) === (privateKey === undefined)) {
    throw new ConfigurationError(path, 'must have either a secret or a privateKey')
  }
  if (privateKey !== undefined && algorithm === undefined && !isSigningAlgorithm(privateKey.alg)) {
    throw new ConfigurationError(`${path}.algorithm`, 'is required where the key does not name one')
  }
}

function requireMembers(value: unknown, path: string, ...names: readonly string[]): void {
  for (const name of names) {
    if ((value as Record<string, unknown>)[name] === undefined) {
      throw new ConfigurationError(`${path}.${name}`, 'is required')
    }
  }
}

function isEndpoint(value: unknown): boolean {
  return isText(value) && isFetchable(value) && !value.includes('#')
}

/** A JWK has the private number; a key object of the runtime says what it is. */
function isPrivateKey(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const { d, type } = value as { readonly d?: unknown; readonly type?: unknown }
  return isPlainObject(value) ? isText(d) : type === 'private'
}

function isProfile(value: unknown): boolean {
  return isPlainObject(value) && 'isAccessToken' in value && typeof value.isAccessToken === 'function'
}
