import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** Secrets that were right before. */
export interface KnownSecrets {
  has(id: string, hash: string, secret: string): boolean
  add(id: string, hash: string, secret: string): void
}

const most = 10_000

/** Kept as digests under a key that never leaves this process. */
export function createKnownSecrets(): KnownSecrets {
  const key = randomBytes(32)
  const digests = new Map<string, string>()
  const digest = (hash: string, secret: string): string =>
    createHmac('sha256', key).update(`${hash}\n${secret}`).digest('base64url')
  return {
    has: (id, hash, secret) => {
      const before = digests.get(id)
      return before !== undefined && isSame(before, digest(hash, secret))
    },
    add: (id, hash, secret) => {
      const oldest = digests.size >= most ? digests.keys().next().value : undefined
      if (oldest !== undefined) digests.delete(oldest)
      digests.set(id, digest(hash, secret))
    },
  }
}

/** Whether two texts are the same; constant time. */
export function isSame(one: string, other: string): boolean {
  const [left, right] = [one, other].map((text) => createHash('sha256').update(text).digest())
  return left !== undefined && right !== undefined && timingSafeEqual(left, right)
}
