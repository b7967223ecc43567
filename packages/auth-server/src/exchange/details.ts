import { isDeepStrictEqual } from 'node:util'
import type { Permission } from '../policy/document.js'
import type { Policy } from '../policy/policy-store.js'
import type { IssuedToken } from '../tokens/issued-token.js'
import type { Parameters } from './parameters.js'
import { Refusal } from './refusal.js'

/** One entry of `authorization_details` (RFC 9396). */
export interface Detail {
  readonly type: string
  readonly [member: string]: unknown
}

/** Entries of one request. */
const maxEntries = 20

/** Objects and lists inside each other. */
const maxDepth = 16

/** Members that are lists of texts: a part of the list is a part of the right. */
const lists: readonly string[] = ['actions', 'datatypes', 'privileges']

/**
 * The entries that are asked for.
 *
 * @throws Refusal `invalid_authorization_details` for what is none, a type the policy does not know, or another API's location
 */
export function readDetails(
  { document }: Pick<Policy, 'document'>,
  parameters: Parameters,
  resource: string,
): readonly Detail[] {
  const text = parameters.text('authorization_details')
  if (text === undefined) return []
  const entries = parse(text)
  const known = new Set(Object.values(document.permissions).map(({ details }) => details))
  for (const entry of entries) {
    if (!known.has(entry.type)) throw refused('details_type_unknown', 'a type of authorization_details is not known')
    if (entry.locations !== undefined && !isDeepStrictEqual(entry.locations, [resource])) {
      throw refused('details_location', 'locations of authorization_details must be the resource alone')
    }
  }
  return entries
}

/**
 * What the new token carries: what was asked for, each entry a part of one of the subject token's where that has any, and of the
 * types that were not asked for the subject token's own, so that a limit set at one hop holds at the next.
 *
 * @throws Refusal `invalid_authorization_details`
 */
export function narrowDetails(
  asked: readonly Detail[],
  token: IssuedToken,
  permissions: readonly Permission[],
  resource: string,
): readonly Detail[] {
  const held = heldBy(token)
  if (held.length > 0 && !asked.every((entry) => held.some((each) => isPart(entry, each)))) {
    throw refused('details_above_subject_token', 'authorization_details exceed those of subject_token', true)
  }
  const isLeft = ({ type }: Detail) =>
    !asked.some((entry) => entry.type === type) &&
    (token.kind === 'delegated' || permissions.some(({ details }) => details === type))
  const left = held.filter(isLeft).map((entry) => ('locations' in entry ? { ...entry, locations: [resource] } : entry))
  return [...asked, ...left]
}

/**
 * Each permission that is for one record at a time names it, and no record stands for something that was not asked for: nobody
 * would have looked at it. What the subject token holds is passed on.
 *
 * @throws Refusal `invalid_authorization_details`
 */
export function checkDetails(
  details: readonly Detail[],
  permissions: readonly Permission[],
  token?: Pick<IssuedToken, 'claims'>,
): void {
  const types = [
    ...permissions.map(({ details: type }) => type),
    ...(token ? heldBy(token).map(({ type }) => type) : []),
  ]
  if (!details.every(({ type }) => types.includes(type))) {
    throw refused('details_unrelated', 'authorization_details are for permissions that are not in scope')
  }
  for (const { details: type } of permissions) {
    if (type !== undefined && !details.some((entry) => entry.type === type)) {
      throw refused('details_missing', `authorization_details of type ${type} are required`)
    }
  }
}

function parse(text: string): readonly Detail[] {
  const value = parseJson(text)
  if (
    !Array.isArray(value) ||
    value.length === 0 ||
    value.length > maxEntries ||
    !value.every(isDetail) ||
    !isKeepable(value)
  ) {
    throw refused('details_malformed', 'authorization_details must be a JSON list of objects with a type')
  }
  return value
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The common members have the types of RFC 9396 section 2.2. */
function isDetail(value: unknown): value is Detail {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const members = new Map(Object.entries(value))
  const isText = (member: unknown) => typeof member === 'string' && member !== ''
  return (
    isText(members.get('type')) &&
    (!members.has('identifier') || isText(members.get('identifier'))) &&
    ['locations', ...lists].every((name) => !members.has(name) || isTexts(members.get(name)))
  )
}

/** Whether the database and a token can hold it: not too deep, and no text with a NUL or half a character. */
function isKeepable(value: unknown, depth: number = maxDepth): boolean {
  if (typeof value === 'string') return !value.includes('\0') && !/\p{Cs}/u.test(value)
  if (typeof value !== 'object' || value === null) return true
  if (depth === 0) return false
  return Object.entries(value).every(([name, member]) => isKeepable(name) && isKeepable(member, depth - 1))
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === 'string')
}

function heldBy({ claims }: Pick<IssuedToken, 'claims'>): readonly Detail[] {
  const { authorization_details: held } = claims
  return Array.isArray(held) ? held.filter(isDetail) : []
}

/** Whether one entry asks for no more than another gives. `locations` are the audience once more, which is judged by itself. */
function isPart(asked: Detail, held: Detail): boolean {
  const names = new Set([...Object.keys(asked), ...Object.keys(held)])
  names.delete('locations')
  return [...names].every((name) => {
    const [mine, limit] = [asked[name], held[name]]
    if (limit === undefined) return lists.includes(name) || name === 'identifier'
    if (lists.includes(name)) return isTexts(mine) && isTexts(limit) && mine.every((each) => limit.includes(each))
    return isDeepStrictEqual(mine, limit)
  })
}

function refused(code: string, message: string, isEscalation = false): Refusal {
  return new Refusal('invalid_authorization_details', code, message, isEscalation ? { isEscalation } : {})
}
