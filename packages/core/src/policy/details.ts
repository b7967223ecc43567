import { isJsonObject, type JsonObject } from '../jws/compact.js'

/** One element of the `authorization_details` claim (RFC 9396 section 2). */
export interface AuthorizationDetail {
  readonly type: string
  readonly locations?: readonly string[]
  readonly actions?: readonly string[]
  readonly datatypes?: readonly string[]
  readonly identifier?: string
  readonly privileges?: readonly string[]
  readonly [member: string]: unknown
}

/**
 * What one element of `authorization_details` must cover. Each member that is given must be covered by the same
 * element; an element that does not have the member does not cover it.
 */
export interface DetailRequirement {
  /** Compared exactly: an unknown type covers nothing. */
  readonly type: string
  /** One of `actions`, or each of several. */
  readonly action?: string | readonly string[]
  /** The record: must equal `identifier`. */
  readonly identifier?: string
  /** One of `datatypes`, or each of several. */
  readonly datatype?: string | readonly string[]
  /** One of `privileges`, or each of several. */
  readonly privilege?: string | readonly string[]
}

/** Whether the details of a token that concern this API are enough. Only `true` allows. */
export type DetailsPredicate = (details: readonly AuthorizationDetail[]) => boolean

/**
 * Whether the `authorization_details` of a token are enough. An element that is not well-formed covers nothing; one that
 * names `locations` covers only these.
 *
 * @param here what this API is called: its identifier, and its URL where it has one (RFC 8707)
 */
export function coversDetails(
  claims: JsonObject,
  requirement: DetailRequirement | DetailsPredicate,
  here: readonly (string | undefined)[],
): boolean {
  const isHere = (location: string) => here.includes(location)
  const details = readDetails(claims).filter(({ locations }) => locations === undefined || locations.some(isHere))
  if (typeof requirement === 'function') return requirement(details)
  return details.some((detail) => covers(detail, requirement))
}

function covers(
  detail: AuthorizationDetail,
  { type, action, identifier, datatype, privilege }: DetailRequirement,
): boolean {
  return (
    detail.type === type &&
    (identifier === undefined || detail.identifier === identifier) &&
    containsAll(detail.actions, action) &&
    containsAll(detail.datatypes, datatype) &&
    containsAll(detail.privileges, privilege)
  )
}

function containsAll(granted: readonly string[] | undefined, wanted: string | readonly string[] = []): boolean {
  const list = typeof wanted === 'string' ? [wanted] : wanted
  return list.every((item) => granted?.includes(item) ?? false)
}

function readDetails(claims: JsonObject): readonly AuthorizationDetail[] {
  const value = Object.hasOwn(claims, 'authorization_details') ? claims.authorization_details : undefined
  return Array.isArray(value) ? value.filter(isDetail) : []
}

const lists = ['locations', 'actions', 'datatypes', 'privileges']

function isDetail(value: unknown): value is AuthorizationDetail {
  return (
    isJsonObject(value) &&
    typeof value.type === 'string' &&
    (value.identifier === undefined || typeof value.identifier === 'string') &&
    lists.every((name) => value[name] === undefined || isTexts(value[name]))
  )
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}
