import { LRUCache } from 'lru-cache'
import type { VerificationKey } from '../jws/key.js'
import type { VerifiedToken } from './verified-token.js'
import type { IssuerTrust } from './verifier.js'

/** A verified token together with what its verification rested on. */
export interface CachedToken {
  /** The token itself. */
  readonly text: string
  readonly token: VerifiedToken
  readonly trust: IssuerTrust
  /** The key that proved it, or what says whether its introspection still counts. */
  readonly key?: VerificationKey | undefined
  readonly isFresh?: (() => boolean) | undefined
}

/** Remembers verified tokens, and only those: a refusal is never remembered. */
export interface TokenCache<Entry extends CachedToken> {
  /** Finds a token by its whole text, unless the key that proved it is withdrawn or can no longer be vouched for. */
  get(text: string): Entry | undefined
  set(text: string, entry: Entry): void
}

/**
 * Characters a token is looked up by: the end of its signature, which differs between any two tokens of an issuer.
 * Hashing the whole text would cost more than all the rest; a hit is a hit only if the whole text is equal.
 */
const tailLength = 40

/** @param maxEntries the least recently used token makes room for a new one; 0 remembers nothing */
export function createTokenCache<Entry extends CachedToken>(maxEntries: number): TokenCache<Entry> {
  if (maxEntries === 0) return { get: () => undefined, set() {} }
  const entries = new LRUCache<string, Entry>({ max: maxEntries })
  return {
    get(text) {
      const tail = text.slice(-tailLength)
      const entry = entries.get(tail)
      if (entry === undefined || entry.text !== text) return undefined
      if (isCurrent(entry)) return entry
      entries.delete(tail)
      return undefined
    },
    set(text, entry) {
      entries.set(text.slice(-tailLength), entry)
    },
  }
}

/** Whether what a verification rested on still counts: the key, or what the issuer said. */
export function isCurrent({ trust, key, isFresh }: CachedToken): boolean {
  return key === undefined ? isFresh?.() === true : trust.keys.holds(key)
}
