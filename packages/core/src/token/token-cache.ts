import { LRUCache } from 'lru-cache'
import type { VerificationKey } from '../jws/key.js'
import type { VerifiedToken } from './verified-token.js'
import type { IssuerTrust } from './verifier.js'

/** A verified token together with what its verification rested on. */
export interface CachedToken {
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

/** @param maxEntries the least recently used token makes room for a new one; 0 remembers nothing */
export function createTokenCache<Entry extends CachedToken>(maxEntries: number): TokenCache<Entry> {
  if (maxEntries === 0) return { get: () => undefined, set() {} }
  const entries = new LRUCache<string, Entry>({ max: maxEntries })
  return {
    get(text) {
      const entry = entries.get(text)
      if (entry === undefined || isCurrent(entry)) return entry
      entries.delete(text)
      return undefined
    },
    set(text, entry) {
      entries.set(text, entry)
    },
  }
}

function isCurrent({ trust, key, isFresh }: CachedToken): boolean {
  return key === undefined ? isFresh?.() === true : trust.keys.holds(key)
}
