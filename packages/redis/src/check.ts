import { ConfigurationError } from '@behalf/core'

/** Looks an option over: throws ConfigurationError, or answers nothing. */
export type Check = (value: unknown, option: string) => void

function check(isRight: (value: unknown) => boolean, advice: string): Check {
  return (value, option) => {
    if (!isRight(value)) throw new ConfigurationError(option, advice)
  }
}

/** Looks over options one by one. One without a check is unknown; one that is `undefined` counts as absent. */
export function checkOptions(
  options: unknown,
  checks: Readonly<Record<string, Check>>,
  required: readonly string[],
): void {
  if (typeof options !== 'object' || options === null) throw new ConfigurationError('options', 'must be an object')
  const members: Readonly<Record<string, unknown>> = Object.fromEntries(Object.entries(options))
  for (const name of Object.keys(members)) {
    if (!Object.hasOwn(checks, name)) {
      throw new ConfigurationError(name, `is not known; known are ${Object.keys(checks).join(', ')}`)
    }
  }
  for (const [name, checkMember] of Object.entries(checks)) {
    if (members[name] !== undefined || required.includes(name)) checkMember(members[name], name)
  }
}

export const checkText: Check = check(
  (value) => typeof value === 'string' && value !== '',
  'must be a non-empty string',
)

export const checkFunction: Check = check((value) => typeof value === 'function', 'must be a function')

/** For an option that is passed on to where it is looked over. */
export const checkElsewhere: Check = () => {}

export const checkMilliseconds = (min: number, max: number): Check =>
  check(
    (value) => typeof value === 'number' && value >= min && value <= max,
    `must be a number of milliseconds from ${min} to ${max}`,
  )

export const checkClient: Check = check(
  (value) => has(value, 'status', 'string', 'call') || has(value, 'isReady', 'boolean', 'sendCommand'),
  'must be a client of ioredis or node-redis',
)

export const checkSubscriber: Check = check(
  (value) => has(value, 'status', 'string', 'subscribe') || has(value, 'isReady', 'boolean', 'subscribe'),
  'must be a client of ioredis or node-redis',
)

function has(value: unknown, state: string, type: string, method: string): boolean {
  if (typeof value !== 'object' || value === null) return false
  return typeof Reflect.get(value, state) === type && typeof Reflect.get(value, method) === 'function'
}
