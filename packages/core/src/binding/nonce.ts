import { runtime } from '#runtime'
import { ConfigurationError } from '../errors.js'
import { isSame } from './constant-time.js'

/** Settings of server nonces. */
export interface NonceSettings {
  /** At least 32 bytes, the same for every process that shares the load. A text counts as UTF-8. */
  readonly secret: string | Uint8Array
  /** Seconds a nonce is handed out for; it is accepted for as long again. */
  readonly lifetime: number
  /** Seconds since the epoch. */
  readonly now: () => number
}

/**
 * Server nonces (RFC 9449 sections 8 and 9) without state: each is an HMAC over the time it was made for, so that every
 * process with the same secret hands out and accepts the same ones. Answers come at once but for the first in each
 * lifetime.
 */
export interface Nonces {
  /** The nonce to hand out now. */
  current(): string | Promise<string>
  /** Whether a nonce is the current one, the previous one, or the next one of a process whose clock is ahead. */
  accepts(nonce: string): boolean | Promise<boolean>
}

/** The nonces of one lifetime and of its two neighbours. */
interface Rotation {
  readonly period: number
  readonly previous: string
  readonly current: string
  readonly next: string
}

const minSecretSize = 32
const encoder = new TextEncoder()

/** @throws ConfigurationError when the secret is shorter than 32 bytes */
export function createNonces({ secret, lifetime, now }: NonceSettings): Nonces {
  const bytes = typeof secret === 'string' ? encoder.encode(secret) : new Uint8Array(secret)
  if (bytes.length < minSecretSize) {
    throw new ConfigurationError('dpop.nonce.secret', `must have at least ${minSecretSize} bytes`)
  }
  let latest: Rotation | undefined
  let pending: { readonly period: number; readonly rotation: Promise<Rotation> } | undefined

  function rotation(): Rotation | Promise<Rotation> {
    const period = Math.floor(now() / lifetime)
    if (latest?.period === period) return latest
    if (pending?.period === period) return pending.rotation
    const made = rotate(period)
    pending = { period, rotation: made }
    made.catch(forget)
    return made
  }

  /** A failure is not remembered: the next call tries again. */
  function forget(): void {
    pending = undefined
  }

  async function rotate(period: number): Promise<Rotation> {
    const key = await crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
    const nonceOf = async (each: number) => {
      const text = encoder.encode(`behalf dpop nonce ${each * lifetime}`)
      return runtime.encodeBase64url(new Uint8Array(await crypto.subtle.sign('HMAC', key, text)))
    }
    const [previous, current, next] = await Promise.all([nonceOf(period - 1), nonceOf(period), nonceOf(period + 1)])
    latest = { period, previous, current, next }
    return latest
  }

  return {
    current() {
      const known = rotation()
      return known instanceof Promise ? known.then(({ current }) => current) : known.current
    },
    accepts(nonce) {
      const known = rotation()
      return known instanceof Promise ? known.then((made) => isOneOf(made, nonce)) : isOneOf(known, nonce)
    },
  }
}

function isOneOf({ previous, current, next }: Rotation, nonce: string): boolean {
  return isSame(current, nonce) || isSame(previous, nonce) || isSame(next, nonce)
}
