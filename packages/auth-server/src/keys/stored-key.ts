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

/** The key in use: the newest of those whose time has come. */
export function keyInUse<K extends StoredKey>(keys: readonly K[], now: number): K | undefined {
  return keys
    .filter(({ activeFrom, activeUntil }) => activeFrom <= now && (activeUntil === null || now < activeUntil))
    .toSorted((one, other) => other.activeFrom - one.activeFrom)[0]
}

/** A key that is published and not in use yet. */
export function nextKey<K extends StoredKey>(keys: readonly K[], now: number): K | undefined {
  return keys.find(({ activeFrom, activeUntil }) => activeFrom > now && activeUntil === null)
}

/** Whether it is time to publish the next key. */
export function isRotationDue(
  keys: readonly StoredKey[],
  now: number,
  { rotateEvery, leadTime }: { readonly rotateEvery: number; readonly leadTime: number },
): boolean {
  const current = keyInUse(keys, now)
  if (current === undefined) return true
  return nextKey(keys, now) === undefined && now >= current.activeFrom + rotateEvery - leadTime
}

/** A JWK as it is published. */
export function toPublicJwk({ d: _, ...jwk }: JWK): JWK {
  return jwk
}
