import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** Secrets that were compared before. */
export interface KnownSecrets {
  /** Whether a secret is the one behind a hash; undefined where nobody compared them yet. */
  isRight(id: string, hash: string, secret: string): boolean | undefined
  add(id: string, hash: string, secret: string, isRight: boolean): void
}

/** Of each kind. */
const most = 10_000

/** Kept as digests under a key that never leaves this process. */
export function createKnownSecrets(): KnownSecrets {
  const key = randomBytes(32)
  const right = new Map<string, string>()
  const wrong = new Map<string, string>()
  const digest = (hash: string, secret: string): string =>
    createHmac('sha256', key).update(`${hash}\n${secret}`).digest('base64url')
  return {
    isRight: (id, hash, secret) => {
      const digested = digest(hash, secret)
      const before = right.get(id)
      if (before !== undefined && isSame(before, digested)) return true
      return wrong.has(digested) ? false : undefined
    },
    add: (id, hash, secret, isRight) => {
      const digested = digest(hash, secret)
      if (isRight) keep(right, id, digested)
      else keep(wrong, digested, id)
    },
  }
}

/** The oldest goes where there are too many. */
function keep(digests: Map<string, string>, name: string, value: string): void {
  const oldest = digests.size >= most ? digests.keys().next().value : undefined
  if (oldest !== undefined) digests.delete(oldest)
  digests.set(name, value)
}

/** Whether two texts are the same; constant time. */
export function isSame(one: string, other: string): boolean {
  const [left, right] = [one, other].map((text) => createHash('sha256').update(text).digest())
  return left !== undefined && right !== undefined && timingSafeEqual(left, right)
}
