import { LRUCache } from 'lru-cache'
import { runtime } from '#runtime'
import { AccessError } from '../errors.js'
import type { JsonObject } from '../jws/compact.js'
import type { Answer } from './introspection-answer.js'
import type { IntrospectionSettings } from './introspection-options.js'

/** How long what the issuer said still counts. */
export interface Freshness {
  /** Whether a token may pass without asking again: false once the time is over, or the token has expired. */
  readonly isFresh: () => boolean
}

/** An answer that says `active`, and until when it counts. */
export interface ActiveAnswer extends Freshness {
  readonly claims: JsonObject
}

/** Answers at once what is remembered of a token, and asks for the rest. */
export type Ask = (token: string) => ActiveAnswer | Promise<ActiveAnswer>

/**
 * Remembers answers under the SHA-256 of the token, for one introspector alone: what one endpoint said for one API is
 * never used for another. Questions about one token that come at the same time are asked once. Only `active: true` is
 * remembered; a refusal or a fault is asked again, so that neither outlives its cause.
 *
 * @param fetchAnswer asks the issuer
 * @param now seconds since the epoch
 * @returns what throws AccessError `token_revoked` when the issuer says that the token is not active,
 * `introspection_unavailable` when too many questions are under way, and what `fetchAnswer` throws
 */
export function createIntrospectionMemory(
  { ttl, maxEntries, maxConcurrent }: Pick<IntrospectionSettings, 'ttl' | 'maxEntries' | 'maxConcurrent'>,
  fetchAnswer: (token: string) => Promise<Answer>,
  now: () => number,
): Ask {
  const known = new LRUCache<string, ActiveAnswer>({ max: maxEntries })
  const underWay = new Map<string, Promise<ActiveAnswer>>()

  function recall(digest: Uint8Array, token: string): ActiveAnswer | Promise<ActiveAnswer> {
    const name = runtime.encodeBase64url(digest)
    const remembered = known.get(name)
    if (remembered?.isFresh()) return remembered
    known.delete(name)
    const waiting = underWay.get(name)
    if (waiting !== undefined) return waiting
    if (underWay.size >= maxConcurrent) throw new AccessError('introspection_unavailable', { retryAfter: 1 })
    const asking = inquire(name, token)
    underWay.set(name, asking)
    return asking
  }

  async function inquire(name: string, token: string): Promise<ActiveAnswer> {
    try {
      const { claims, at } = await fetchAnswer(token)
      if (claims.active !== true) throw new AccessError('token_revoked')
      const answer = { claims, isFresh: until(Math.min(at + ttl, expiryOf(claims)), at) }
      if (answer.isFresh()) known.set(name, answer)
      return answer
    } finally {
      underWay.delete(name)
    }
  }

  /** Both ends count: a clock that was set back must not lengthen the time. */
  function until(end: number, start: number): () => boolean {
    return () => {
      const time = now()
      return time >= start && time < end
    }
  }

  return (token) => {
    const digest = runtime.sha256(token)
    return digest instanceof Promise ? digest.then((bytes) => recall(bytes, token)) : recall(digest, token)
  }
}

function expiryOf({ exp }: JsonObject): number {
  return typeof exp === 'number' ? exp : Number.POSITIVE_INFINITY
}
