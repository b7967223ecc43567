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

/**
 * Tries a username and a password, and goes on in one transaction: with the event of the attempt, and whatever `goOn` does.
 * The password is compared before it, so that nobody waits for that.
 */
export type PasswordAttempts = <T>(
  username: string,
  password: string,
  goOn: (attempt: Attempt) => Promise<T>,
) => Promise<T>

/** Tries usernames and passwords, records each, and stops a username that is being guessed at. */
export function createPasswordAttempts({
  accounts,
  audit,
  database,
}: Pick<Context, 'accounts' | 'audit' | 'database'>): PasswordAttempts {
  const failures = new RateLimiterMemory({ points: limit, duration: window })

  return async (username, password, goOn) => {
    // people type passwords in the wrong field: the trail gets a digest, which still tells whether it is always the same one
    const digest = createHash('sha256').update(toUsername(username)).digest('base64url')
    const failed = (code: string) =>
      audit.record({ type: 'login.failed', decision: 'deny', reason: { code }, detail: { username_sha256: digest } })

    const refusal = await consume(digest)
    const authenticated = refusal === undefined ? await accounts.authenticate(username, password) : undefined
    return database.transaction(async () => {
      if (refusal !== undefined) {
        await failed('too_many_attempts')
        return goOn({ outcome: 'too_many', retryAfter: Math.ceil(refusal.msBeforeNext / 1000) })
      }
      const account = await authenticated?.confirm()
      if (account === undefined) {
        await failed('wrong_credentials')
        return goOn({ outcome: 'wrong' })
      }
      await failures.delete(digest)
      await audit.record({
        type: 'login.succeeded',
        decision: 'allow',
        subject: { id: account.subject, profile: 'user' },
      })
      return goOn({ outcome: 'signed_in', account })
    })
  }

  /** Takes one attempt; what is used up where none is left. */
  async function consume(digest: string): Promise<RateLimiterRes | undefined> {
    try {
      await failures.consume(digest)
      return undefined
    } catch (refusal) {
      if (refusal instanceof RateLimiterRes) return refusal
      throw refusal
    }
  }
}
