import { type Check, check, checkCount, checkMembers, checkNumber } from '../check.js'
import { ConfigurationError } from '../errors.js'
import { isJsonObject } from '../jws/compact.js'

/** How status lists of tokens are fetched (Token Status List draft). */
export interface StatusListOptions {
  /** Hosts a list may be fetched from, each as in a URL, such as `status.example.com` or `127.0.0.1:8443`. */
  readonly hosts: readonly string[]
  /**
   * What happens while a newer list cannot be had. `'refuse'`, the default: requests are answered with 503 as soon as
   * the last one is overdue. `{ serveFor }`: the last list serves for so many seconds more, but never past its `exp`.
   */
  readonly stale?: 'refuse' | { readonly serveFor: number }
  /** Seconds a list is kept at most before it is fetched again; the list's own `ttl` may shorten that. Default 300. */
  readonly maxAge?: number
  /** Milliseconds a fetch may take, body included. Default 3000. */
  readonly timeout?: number
  /** Largest answer, in bytes. Default 1048576. */
  readonly maxSize?: number
  /** Largest list after inflation, in bytes: so many statuses of eight bits. Default 2097152. */
  readonly maxInflatedSize?: number
  /** Lists kept of one issuer; the least recently used one makes room. Default 64. */
  readonly maxLists?: number
}

/** {@link StatusListOptions} with every default in place. */
export interface StatusListSettings {
  readonly hosts: ReadonlySet<string>
  readonly staleFor: number
  readonly maxAge: number
  readonly timeout: number
  readonly maxSize: number
  readonly maxInflatedSize: number
  readonly maxLists: number
}

const checkServeFor = checkMembers({ serveFor: checkNumber(1, 604_800, 'seconds') })

const checkMemberTypes = checkMembers({
  hosts: check(
    (value) => Array.isArray(value) && value.length > 0 && value.every(isHost),
    'must be a list of hosts, each as in a URL, such as status.example.com',
  ),
  stale: (value, path) => {
    if (value === 'refuse') return
    checkServeFor(value, path)
    demand('serveFor', value, path)
  },
  maxAge: checkNumber(5, 86_400, 'seconds'),
  timeout: checkNumber(1, 60_000, 'milliseconds'),
  maxSize: checkCount(256, 67_108_864, 'bytes'),
  maxInflatedSize: checkCount(1, 268_435_456, 'bytes'),
  maxLists: checkCount(1, 10_000, 'lists'),
})

/** Looks {@link StatusListOptions} over. */
export const checkStatusList: Check = (value, path) => {
  checkMemberTypes(value, path)
  demand('hosts', value, path)
}

/** Puts the defaults of options in place that were looked over. */
export function readStatusList(options: StatusListOptions): StatusListSettings {
  const { stale = 'refuse' } = options
  return Object.freeze({
    hosts: new Set(options.hosts),
    staleFor: stale === 'refuse' ? 0 : stale.serveFor,
    maxAge: options.maxAge ?? 300,
    timeout: options.timeout ?? 3_000,
    maxSize: options.maxSize ?? 1_048_576,
    maxInflatedSize: options.maxInflatedSize ?? 2_097_152,
    maxLists: options.maxLists ?? 64,
  })
}

function demand(member: string, options: unknown, path: string): void {
  if (!isJsonObject(options) || options[member] === undefined) {
    throw new ConfigurationError(`${path}.${member}`, 'is required')
  }
}

/** Whether a text is a host the way a URL writes it: lower case, a port only where it is not the default. */
function isHost(value: unknown): boolean {
  if (typeof value !== 'string' || value.includes('*') || !URL.canParse(`https://${value}`)) return false
  return new URL(`https://${value}`).host === value
}
