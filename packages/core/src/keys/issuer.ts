import type { WarningListener } from '../warning.js'
import { discoverJwksUri } from './discovery.js'
import { type FetchLimits, fetchJson } from './fetch.js'
import { type KeyRing, readKeyRing } from './key-ring.js'
import type { KeySet } from './key-set.js'
import { createRemoteKeySet, type KeySetTimes, type LoadedKeys } from './remote-key-set.js'
import { createStaticKeySet } from './static-key-set.js'

/** Where the keys of an issuer come from: given, at an address, or neither, and then discovered. */
export interface KeySource {
  readonly issuer: string
  readonly jwksUri: string | undefined
  readonly jwks: unknown
}

/** What the keys of an issuer need from its surroundings. */
export interface IssuerKeysOptions {
  readonly times: KeySetTimes & {
    /** Deadline of one refresh, discovery and bodies included, in milliseconds. */
    readonly timeoutDuration: number
  }
  readonly onWarning: WarningListener
  /** Seconds since the epoch. */
  readonly now: () => number
}

/** Seconds for which a discovered address is used before the metadata is asked again. */
const addressMaxAge = 86_400

/** Makes the key set of an issuer: given, at a given address, or discovered. */
export function createIssuerKeys(source: KeySource, { times, onWarning, now }: IssuerKeysOptions): KeySet {
  const { issuer, jwks, jwksUri } = source
  let reported = ''

  /** Each unusable member is reported once, not at every refresh. */
  async function readKeys(document: unknown, previous?: KeyRing): Promise<KeyRing> {
    const skipped: string[] = []
    const ring = await readKeyRing(document, (reason) => skipped.push(reason), previous)
    const message = skipped.join('; ')
    if (message !== '' && message !== reported) {
      onWarning({ code: 'key_skipped', issuer, message: `keys of ${issuer} skipped: ${message}` })
    }
    reported = message
    return ring
  }

  if (jwks !== undefined) return createStaticKeySet(readKeys(jwks))

  /** Forgotten when a fetch fails, because the keys may have moved. */
  let discovered: { readonly address: string; readonly at: number } | undefined

  async function discover(limits: FetchLimits): Promise<string> {
    if (discovered === undefined || Math.abs(now() - discovered.at) >= addressMaxAge) {
      discovered = { address: await discoverJwksUri(issuer, limits), at: now() }
    }
    return discovered.address
  }

  async function load(signal: AbortSignal, previous: KeyRing | undefined): Promise<LoadedKeys> {
    const limits = shareDeadline(times.timeoutDuration, signal)
    const address = jwksUri ?? (await discover(limits))
    try {
      const { value, maxAge } = await fetchJson(address, limits)
      return { ring: await readKeys(value, previous), maxAge }
    } catch (error) {
      discovered = undefined
      throw error
    }
  }

  return createRemoteKeySet({ issuer, times, load, onWarning, now })
}

/** One deadline for all fetches of one refresh, discovery included. */
function shareDeadline(milliseconds: number, signal: AbortSignal): FetchLimits {
  const end = performance.now() + milliseconds
  return {
    signal,
    get timeout() {
      return Math.max(1, Math.ceil(end - performance.now()))
    },
  }
}
