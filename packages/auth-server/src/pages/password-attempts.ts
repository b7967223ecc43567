import { createHash } from 'node:crypto'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import type { Account } from '../accounts/account.js'
import { toUsername } from '../accounts/username.js'
import type { Context } from '../context.js'

/** Wrong passwords for one username in `window` seconds, per process, whatever addresses they come from. */
const limit = 20
const window = 900

/** What became of a username and a password. */
export type Attempt =
  | { readonly outcome: 'signed_in'; readonly account: Account }
  | { readonly outcome: 'wrong' }
  | { readonly outcome: 'too_many'; readonly retryAfter: number }

/** Tries usernames and passwords, records each, and stops a username that is being guessed at. */
export function createPasswordAttempts({
  accounts,
  audit,
}: Pick<Context, 'accounts' | 'audit'>): (username: string, password: string) => Promise<Attempt> {
  const failures = new RateLimiterMemory({ points: limit, duration: window })

  return async (username, password) => {
    // people type passwords in the wrong field: the trail gets a digest, which still tells whether it is always the same one
    const digest = createHash('sha256').update(toUsername(username)).digest('base64url')
    const failed = (code: string) =>
      audit.record({ type: 'login.failed', decision: 'deny', reason: { code }, detail: { username_sha256: digest } })
    try {
      await failures.consume(digest)
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal
      await failed('too_many_attempts')
      return { outcome: 'too_many', retryAfter: Math.ceil(refusal.msBeforeNext / 1000) }
    }
    const account = await accounts.authenticate(username, password)
    if (account?.status !== 'active') {
      await failed('wrong_credentials')
      return { outcome: 'wrong' }
    }
    await failures.delete(digest)
    await audit.record({
      type: 'login.succeeded',
      decision: 'allow',
      subject: { id: account.subject, profile: 'user' },
    })
    return { outcome: 'signed_in', account }
  }
}
