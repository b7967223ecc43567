import type { JWK } from 'jose'
import type { SigningKeyTimes } from './signing-key.js'

/** A key as its row tells it. Its states follow from its times alone, so that every process agrees on them. */
export interface StoredKey extends SigningKeyTimes {
  /** The key as JWE: with its private part while it may sign, without once that is forgotten. */
  readonly sealed: string
}

/** A key opened: what the sealed text held, so that nobody without the encryption key can add one. */
export interface OpenKey extends StoredKey {
  readonly jwk: JWK
}

/** Whether verifiers may still meet tokens of it. */
export function isPublished(key: StoredKey, now: number): boolean {
  return key.publishedUntil === null || now < key.publishedUntil
}

/** The key in use: the newest of those whose time has come; the oldest, for a clock that is behind the one that made it. */
export function keyInUse<K extends StoredKey>(keys: readonly K[], now: number): K | undefined {
  const newestFirst = keys.toSorted((one, other) => other.activeFrom - one.activeFrom)
  return newestFirst.find(({ activeFrom }) => activeFrom <= now) ?? newestFirst.at(-1)
}

/** A key that is published and not in use yet. */
export function nextKey<K extends StoredKey>(keys: readonly K[], now: number): K | undefined {
  return keys.find(({ activeFrom, activeUntil }) => activeFrom > now && activeUntil === null)
}

const publicMembers = new Set(['kty', 'crv', 'x', 'y', 'kid', 'alg', 'use'])

/** A JWK as it is published. */
export function toPublicJwk(jwk: JWK): JWK {
  return Object.fromEntries(Object.entries(jwk).filter(([name]) => publicMembers.has(name)))
}
