import { runtime } from '#runtime'
import { AccessError } from '../errors.js'

/** The text of a compact JWS (RFC 7515 section 7.1), cut at its two dots. Nothing is decoded yet. */
export interface CompactParts {
  readonly header: string
  readonly claims: string
  readonly signature: string
  /** Header and claims with the dot between: what is signed. */
  readonly signingInput: string
}

/** A JSON object as parsed: own properties only are meaningful. The last of two equal member names counts. */
export type JsonObject = Readonly<Record<string, unknown>>

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Cuts a token in three. An empty signature is let through here, so that `alg: none` is refused for what it is.
 *
 * @throws AccessError `token_malformed` unless the text has exactly three parts (a JWE has five) and the first two are not empty
 */
export function splitCompact(token: string): CompactParts {
  const first = token.indexOf('.')
  const second = token.indexOf('.', first + 1)
  if (first < 1 || second <= first + 1 || token.indexOf('.', second + 1) !== -1) {
    throw new AccessError('token_malformed')
  }
  return {
    header: token.slice(0, first),
    claims: token.slice(first + 1, second),
    signature: token.slice(second + 1),
    signingInput: token.slice(0, second),
  }
}

/** @throws AccessError `token_malformed` unless the part is strict base64url: not empty, no padding, no stray bits, no other character */
export function decodeBytes(part: string): Uint8Array {
  const bytes = part === '' ? undefined : runtime.decodeBase64url(part)
  if (bytes === undefined) throw new AccessError('token_malformed')
  return bytes
}

/** @throws AccessError `token_malformed` unless the part is strict base64url of well-formed UTF-8 of a JSON object */
export function decodeJson(part: string): JsonObject {
  const bytes = decodeBytes(part)
  let value: unknown
  try {
    value = JSON.parse(decoder.decode(bytes))
  } catch {
    value = undefined // what JSON.parse throws quotes the token: it must not become a cause
  }
  if (!isJsonObject(value)) throw new AccessError('token_malformed')
  return value
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
