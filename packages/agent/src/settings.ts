import { environmentKey } from './environment-key.js'
import { DelegationError } from './errors.js'
import type { DelegationClientOptions, Settings } from './options.js'
import { isLoopback } from './plain-http.js'

const known = new Set<string>([
  'serverUrl',
  'clientId',
  'key',
  'dpop',
  'maxTokens',
  'timeout',
  'retries',
  'refusalTime',
  'fetch',
  'now',
])

/** @throws DelegationError `configuration` that names the option and what to change */
export function readSettings(options: DelegationClientOptions): Settings {
  if (typeof options !== 'object' || options === null) throw wrong('options', 'must name serverUrl and clientId')
  for (const name of Object.keys(options)) if (!known.has(name)) throw wrong(name, 'is not an option')
  const { serverUrl, clientId, key, dpop, maxTokens, timeout, retries, refusalTime, fetch, now } = options
  if (typeof clientId !== 'string' || clientId === '') throw wrong('clientId', 'must name the client')
  if (dpop !== undefined && typeof dpop !== 'boolean') throw wrong('dpop', 'must be true or false')
  return {
    serverUrl: serverOf(serverUrl),
    clientId,
    key: functionOr('key', key, environmentKey()),
    dpop: dpop ?? true,
    maxTokens: count('maxTokens', maxTokens, 1_000),
    timeout: count('timeout', timeout, 5_000, 1),
    retries: count('retries', retries, 2),
    refusalTime: count('refusalTime', refusalTime, 5_000),
    fetch: functionOr('fetch', fetch, (input, init) => globalThis.fetch(input, init)),
    now: functionOr('now', now, () => Date.now()),
  }
}

function serverOf(text: string): URL {
  if (typeof text !== 'string' || !URL.canParse(text)) throw wrong('serverUrl', 'must be the URL of the auth server')
  const url = new URL(text)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url))) {
    throw wrong('serverUrl', 'must be https (http on a loopback address)')
  }
  return url
}

function count(name: string, value: number | undefined, fallback: number, least = 0): number {
  if (value === undefined) return fallback
  if (!Number.isSafeInteger(value) || value < least) throw wrong(name, `must be a whole number, ${least} or more`)
  return value
}

function functionOr<F>(name: string, value: F | undefined, fallback: F): F {
  if (value !== undefined && typeof value !== 'function') throw wrong(name, 'must be a function')
  return value ?? fallback
}

function wrong(option: string, advice: string): DelegationError {
  return new DelegationError('configuration', `${option} ${advice}`)
}
