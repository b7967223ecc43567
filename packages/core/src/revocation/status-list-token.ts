import { AccessError } from '../errors.js'
import { decodeBytes, isJsonObject, type JsonObject } from '../jws/compact.js'
import type { VerificationKey } from '../jws/key.js'
import { type FetchLimits, fetchText } from '../keys/fetch.js'
import { draftNames } from '../token/names.js'
import type { IssuerTrust } from '../token/verifier.js'
import { isTime, verifyStatement } from './signed-statement.js'
import { inflate, isStatusSize, type StatusBits } from './status-bits.js'

/** A status list that an issuer signed, ready to be looked at. */
export interface StatusList {
  readonly bits: StatusBits
  /** Seconds since the epoch. */
  readonly issuedAt: number
  /** Seconds since the epoch: from then on it must not be relied on; the end of time when it does not say. */
  readonly expiresAt: number
  /** Seconds for which it may be kept; undefined when it does not say. */
  readonly ttl: number | undefined
  /** The key that proved it. */
  readonly key: VerificationKey
}

/** How a list is fetched and judged. */
export interface StatusListRules {
  /** Largest answer that is read, in bytes. */
  readonly maxSize: number
  /** Largest list after inflation, in bytes. */
  readonly maxInflatedSize: number
  /** Seconds. */
  readonly clockTolerance: number
  readonly now: () => number
}

/**
 * Fetches and verifies a Status List Token in JWT form (Token Status List draft, sections 5.1 and 8.3): `typ` is
 * `statuslist+jwt`, `sub` is its own address, the signature is by a key of the issuer whose token points to it.
 *
 * @throws Error with a message for operators
 */
export async function fetchStatusList(
  uri: string,
  trust: IssuerTrust,
  limits: FetchLimits,
  rules: StatusListRules,
): Promise<StatusList> {
  const { text } = await fetchText(uri, limits, { accept: 'application/statuslist+jwt', maxSize: rules.maxSize })
  const { claims, key } = await verifyStatement(text.trim(), {
    type: 'statuslist+jwt',
    trustOf: () => trust,
    checkClaims: (claims) => void readTimes(claims, uri, trust.issuer, rules),
  })
  const { issuedAt, expiresAt, ttl } = readTimes(claims, uri, trust.issuer, rules)
  return { bits: await readBits(claims[draftNames.statusList], rules.maxInflatedSize), issuedAt, expiresAt, ttl, key }
}

/** The times of a list that is the one that was asked for. */
function readTimes(
  { sub, iss, iat, exp = Number.MAX_SAFE_INTEGER, ttl }: JsonObject,
  uri: string,
  issuer: string,
  { clockTolerance, now }: StatusListRules,
): Pick<StatusList, 'issuedAt' | 'expiresAt' | 'ttl'> {
  if (sub !== uri) throw new Error('the status list is of another address')
  if (iss !== undefined && iss !== issuer) throw new AccessError('issuer_untrusted')
  if (!isTime(iat) || iat > now() + clockTolerance) throw new Error('iat of the status list is wrong')
  if (!isTime(exp)) throw new Error('exp of the status list is not a time')
  if (now() - clockTolerance >= exp) throw new Error('the status list has expired')
  if (ttl !== undefined && !(isTime(ttl) && ttl > 0)) throw new Error('ttl of the status list is wrong')
  return { issuedAt: iat, expiresAt: exp, ttl }
}

async function readBits(list: unknown, maxInflatedSize: number): Promise<StatusBits> {
  if (!isJsonObject(list) || !isStatusSize(list.bits)) throw new Error('the status list has no proper bits')
  if (typeof list.lst !== 'string') throw new Error('the status list has no proper lst')
  // Whatever decoded it: a copy that is surely not shared memory, as streams want it.
  const compressed = new Uint8Array(decodeBytes(list.lst))
  return { size: list.bits, bytes: await inflate(compressed, maxInflatedSize) }
}
