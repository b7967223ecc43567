import { ConfigurationError, type WarningListener } from '@behalf/core'
import type { TokenSource } from './client-token.js'
import type { HttpSinkOptions } from './http-sink.js'

/** Options looked over, with every default in place. */
export interface Settings {
  readonly url: string
  readonly token: TokenSource
  readonly service: string | undefined
  readonly instance: string
  readonly interval: number
  readonly batchEvents: number
  readonly batchBytes: number
  readonly maxEvents: number
  readonly maxBytes: number
  readonly timeout: number
  readonly closeTimeout: number
  readonly onWarning: WarningListener
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>
}

/** Least and most of each number, and what it is by default. */
const numbers = {
  interval: [0, 60_000, 100],
  batchEvents: [1, 1_000, 100],
  batchBytes: [8_192, 1_000_000, 262_144],
  maxEvents: [1, 1_000_000, 10_000],
  maxBytes: [8_192, 1_073_741_824, 16_777_216],
  timeout: [1, 600_000, 10_000],
  closeTimeout: [0, 600_000, 5_000],
} as const

const others = ['url', 'token', 'service', 'instance', 'onWarning', 'fetch'] as const

/** @throws ConfigurationError */
export function readSettings(options: HttpSinkOptions): Settings {
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(numbers, name) && !others.some((known) => known === name)) {
      throw new ConfigurationError(name, 'is not known')
    }
  }
  const { token, service, instance } = options
  const onWarning = functionOf('onWarning', options.onWarning)
  return {
    url: addressOf('url', options.url).href,
    token: sourceOf(token),
    service: name('service', service),
    instance: name('instance', instance) ?? crypto.randomUUID(),
    ...numbersOf(options),
    onWarning: (warning) => {
      try {
        onWarning?.(warning)
      } catch {
        // a listener that fails changes nothing
      }
    },
    fetch: functionOf('fetch', options.fetch) ?? ((url, init) => globalThis.fetch(url, init)),
  }
}

/**
 * The address of a server: nothing that identifies anybody goes over plain http, except to a loopback address.
 *
 * @throws ConfigurationError
 */
export function addressOf(option: string, value: string | URL): URL {
  const wrong = (advice: string) => new ConfigurationError(option, advice)
  if (!URL.canParse(String(value))) throw wrong('must be a URL')
  const url = new URL(value)
  const { protocol, hostname, username, password, hash } = url
  const isLoopback = hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/u.test(hostname)
  if (protocol !== 'https:' && !(protocol === 'http:' && isLoopback)) {
    throw wrong('must be https (http on a loopback address)')
  }
  if (username !== '' || password !== '' || hash !== '') throw wrong('must hold no credentials and no fragment')
  return url
}

type Numbers = { readonly [Name in keyof typeof numbers]: number }

function numbersOf(options: HttpSinkOptions): Numbers {
  const read = (option: keyof typeof numbers): number => {
    const [least, most, fallback] = numbers[option]
    const value = options[option] ?? fallback
    if (Number.isSafeInteger(value) && value >= least && value <= most) return value
    throw new ConfigurationError(option, `must be a whole number from ${least} to ${most}`)
  }
  return {
    interval: read('interval'),
    batchEvents: read('batchEvents'),
    batchBytes: read('batchBytes'),
    maxEvents: read('maxEvents'),
    maxBytes: read('maxBytes'),
    timeout: read('timeout'),
    closeTimeout: read('closeTimeout'),
  }
}

function sourceOf(token: HttpSinkOptions['token']): TokenSource {
  if (typeof token === 'function') return token
  if (typeof token === 'string' && token !== '') return () => token
  throw new ConfigurationError('token', 'must be an access token or a function that gets one')
}

function name(option: string, value: string | undefined): string | undefined {
  if (value === undefined || /^[\x21\x23-\x5b\x5d-\x7e]{1,100}$/u.test(value)) return value
  throw new ConfigurationError(option, 'must be 1 to 100 printable characters without spaces, quotes or backslashes')
}

function functionOf<F>(option: string, value: F | undefined): F | undefined {
  if (value === undefined || typeof value === 'function') return value
  throw new ConfigurationError(option, 'must be a function')
}
