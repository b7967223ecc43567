import { ConfigurationError } from './errors.js'

/** Looks a setting over: throws ConfigurationError with the setting's path, or answers nothing. */
export type Check = (value: unknown, path: string) => void

/** @param advice what the value must be, as the rest of a sentence that starts with the path */
export function check(isRight: (value: unknown) => boolean, advice: string): Check {
  return (value, path) => {
    if (!isRight(value)) throw new ConfigurationError(path, advice)
  }
}

/**
 * Looks over an object member by member. A member without a check is unknown; one that is `undefined` counts as absent.
 */
export function checkMembers(checks: Readonly<Record<string, Check>>): Check {
  return (value, path) => {
    if (!isPlainObject(value)) throw new ConfigurationError(path === '' ? 'options' : path, 'must be a plain object')
    for (const [name, member] of Object.entries(value)) {
      const memberPath = path === '' ? name : `${path}.${name}`
      const checkMember = Object.hasOwn(checks, name) ? checks[name] : undefined
      if (checkMember === undefined) {
        throw new ConfigurationError(memberPath, `is not known; known are ${Object.keys(checks).join(', ')}`)
      }
      if (member !== undefined) checkMember(member, memberPath)
    }
  }
}

/**
 * Whether all members of a value are its own, so that looking them over leaves none out: not so for a list, a `Map`, a
 * promise or an instance of a class.
 */
export function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/** A whole number between two bounds, both included. */
export function checkCount(min: number, max: number, unit: string): Check {
  const isRight = (value: unknown) => Number.isInteger(value) && Number(value) >= min && Number(value) <= max
  return check(isRight, `must be a whole number of ${unit} from ${min} to ${max}`)
}

/** A finite number between two bounds, both included. */
export function checkNumber(min: number, max: number, unit: string): Check {
  const isRight = (value: unknown) => typeof value === 'number' && value >= min && value <= max
  return check(isRight, `must be a number of ${unit} from ${min} to ${max}`)
}

export const checkBoolean: Check = check((value) => typeof value === 'boolean', 'must be true or false')

export const checkFunction: Check = check((value) => typeof value === 'function', 'must be a function')

export const checkText: Check = check(isText, 'must be a non-empty string')

export const checkTexts: Check = check(isTexts, 'must be a list of non-empty strings, not an empty one')

export function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

export function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every(isText)
}
