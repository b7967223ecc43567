import type { Json, JsonObject } from './canonical.js'
import { cleanText } from './text.js'

/** How much of a value is kept. */
export interface Limits {
  /** Bytes of a text. */
  readonly text: number
  /** Members of an object, entries of a list. */
  readonly members: number
  /** Objects and lists inside each other. */
  readonly depth: number
}

/** Names of members whose text is never kept, whatever it is. */
const secretName =
  /secret|password|passphrase|assertion|cookie|proof|^(?:proxy-)?authorization$|^(?:access|refresh|id|subject|actor)_token$/iu

/** Private members of a JWK (RFC 7518 section 6). */
const privateMembers: ReadonlySet<string> = new Set(['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'])

/**
 * Plain JSON of any members, made safe to keep: texts are cleaned, secrets are left out, and what is larger than `limits`
 * is cut with an ellipsis in its place.
 */
export function cleanMembers(members: object, limits: Limits): JsonObject {
  return cleanObject(members, limits, limits.depth)
}

function clean(value: unknown, limits: Limits, depth: number): Json | undefined {
  switch (typeof value) {
    case 'string':
      return cleanText(value, limits.text)
    case 'number':
      return Number.isFinite(value) ? value : null
    case 'boolean':
      return value
    case 'bigint':
      return cleanText(String(value), limits.text)
    case 'object':
      return value === null ? null : cleanNested(value, limits, depth)
    case 'undefined':
    case 'function':
    case 'symbol':
      return undefined
  }
}

function cleanNested(value: object, limits: Limits, depth: number): Json {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
  if (depth === 0) return '…'
  return Array.isArray(value) ? cleanList(value, limits, depth) : cleanObject(value, limits, depth)
}

function cleanList(list: readonly unknown[], limits: Limits, depth: number): Json {
  const kept: Json[] = list.slice(0, limits.members).map((entry) => clean(entry, limits, depth - 1) ?? null)
  return list.length > limits.members ? [...kept, `…${list.length - limits.members} more`] : kept
}

function cleanObject(value: object, limits: Limits, depth: number): JsonObject {
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  const isKey = Object.hasOwn(value, 'kty')
  const kept = new Map<string, Json>()
  for (const [name, member] of members.slice(0, limits.members)) {
    const isSecret = (isKey && privateMembers.has(name)) || (secretName.test(name) && holdsText(member))
    const cleaned = isSecret ? '<secret>' : clean(member, limits, depth - 1)
    if (cleaned !== undefined) kept.set(cleanText(name, 64), cleaned)
  }
  if (members.length > limits.members) kept.set('…', members.length - limits.members)
  return Object.fromEntries(kept)
}

/** A time (`client_secret_expires_at`) is no secret, and the members of objects are looked at by themselves. */
function holdsText(value: unknown): boolean {
  return typeof value === 'string' || (Array.isArray(value) && value.some((entry) => typeof entry === 'string'))
}
