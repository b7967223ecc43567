import { AccessError } from '../errors.js'
import { isJsonObject, type JsonObject } from '../jws/compact.js'
import { draftNames } from '../token/names.js'

/** Where the status of a token can be read: `status.status_list` of the Token Status List draft, section 6.2. */
export interface StatusReference {
  /** Place in the list. */
  readonly idx: number
  /** Address of the list. */
  readonly uri: string
}

const maxUriLength = 2048

/**
 * Reads the status claim of a token; undefined when it has none. A claim that is there and says something else is no
 * reason to look away: another mechanism cannot be checked here, and so the token is refused.
 *
 * @throws AccessError `claim_invalid`
 */
export function readStatusReference(claims: JsonObject): StatusReference | undefined {
  if (!Object.hasOwn(claims, draftNames.status)) return undefined
  const status = claims[draftNames.status]
  const reference = isJsonObject(status) ? status[draftNames.statusList] : undefined
  if (!isReference(reference)) throw new AccessError('claim_invalid')
  return reference
}

function isReference(value: unknown): value is JsonObject & StatusReference {
  if (!isJsonObject(value)) return false
  const { idx, uri } = value
  return Number.isSafeInteger(idx) && Number(idx) >= 0 && typeof uri === 'string' && uri.length <= maxUriLength
}
