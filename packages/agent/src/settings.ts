import type { AgentAuditSink } from './audit/event.js'
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
  'apiTimeout',
  'retries',
  'refusalTime',
  'audit',
  'onWarning',
  'fetch',
  'now',
])

/** @throws DelegationError `configuration` that names the option and what to change */
export function readSettings(options: DelegationClientOptions): Settings {
  if (typeof options !== 'object' || options === null) throw wrong('options', 'must name serverUrl and clientId')
  for (const name of Object.keys(options)) if (!known.has(name)) throw wrong(name, 'is not an option')
  const { serverUrl, clientId, key, dpop, maxTokens, timeout, apiTimeout, retries, refusalTime, fetch, now } = options
  if (typeof clientId !== 'string' || clientId === '') throw wrong('clientId', 'must name the client')
  if (dpop !== undefined && typeof dpop !== 'boolean') throw wrong('dpop', 'must be true or false')
  return {
    serverUrl: serverOf(serverUrl),
    clientId,
    key: functionOr('key', key, environmentKey()),
    dpop: dpop ?? true,
    maxTokens: count('maxTokens', maxTokens, 1_000),
    timeout: count('timeout', timeout, 5_000, 1),
    apiTimeout: count('apiTimeout', apiTimeout, 30_000, 1),
    retries: count('retries', retries, 2),
    refusalTime: count('refusalTime', refusalTime, 5_000),
    audit: sinkOf(options.audit),
    onWarning: functionOr('onWarning', options.onWarning, () => {}),
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
  if (`${url.username}${url.password}${url.search}${url.hash}` !== '') {
    throw wrong('serverUrl', 'must hold no credentials, no query and no fragment')
  }
  return url
}

function sinkOf(audit: DelegationClientOptions['audit']): AgentAuditSink | undefined {
  if (audit === undefined) return undefined
  if (typeof audit === 'function') return { record: audit }
  if (typeof audit === 'object' && audit !== null && typeof audit.record === 'function') return audit
  throw wrong('audit', 'must be a function, or a sink with the method record')
}

/** The longest time that a timer can be set to. */
const most = 2 ** 31 - 1

function count(name: string, value: number | undefined, fallback: number, least = 0): number {
  if (value === undefined) return fallback
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    throw wrong(name, `must be a whole number from ${least} to ${most}`)
  }
  return value
}

function functionOr<F>(name: string, value: F | undefined, fallback: F): F {
  if (value !== undefined && typeof value !== 'function') throw wrong(name, 'must be a function')
  return value ?? fallback
}

function wrong(option: string, advice: string): DelegationError {
  return new DelegationError('configuration', `${option} ${advice}`)
}
