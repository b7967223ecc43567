import { within } from '../deadline.js'
import { AccessError } from '../errors.js'
import type { VerifiedToken } from '../token/verified-token.js'
import type { RevocationCheck } from './revocation.js'

/**
 * Passes a token that is still in force. Answers at once when every check does.
 *
 * @throws AccessError `token_revoked`, `revocation_unavailable`, or what a check refuses the token with
 */
export type InForceCheck = (token: VerifiedToken) => Promise<void> | undefined

/**
 * Asks several checks, one after the other; the first that knows a token as revoked ends it. Whatever is not a plain no
 * refuses: a check that fails, takes too long or answers something else leaves the question open.
 *
 * @param timeout milliseconds one check may take
 */
export function createInForceCheck(checks: readonly RevocationCheck[], timeout: number): InForceCheck {
  function askFrom(first: number, token: VerifiedToken): Promise<void> | undefined {
    for (let index = first; index < checks.length; index += 1) {
      const answer = ask(checks[index], token)
      if (typeof answer === 'object') return wait(answer, index, token)
      judge(answer)
    }
    return undefined
  }

  async function wait(answer: PromiseLike<boolean>, index: number, token: VerifiedToken): Promise<void> {
    try {
      judge(await within(timeout, answer, () => new Error(`the revocation check took longer than ${timeout} ms`)))
    } catch (cause) {
      throw blame(cause)
    }
    await askFrom(index + 1, token)
  }

  return (token) => askFrom(0, token)
}

function ask(check: RevocationCheck | undefined, token: VerifiedToken): boolean | Promise<boolean> | undefined {
  try {
    return check?.isRevoked(token)
  } catch (cause) {
    throw blame(cause)
  }
}

function judge(answer: unknown): void {
  if (answer === false) return
  throw new AccessError(answer === true ? 'token_revoked' : 'revocation_unavailable')
}

function blame(cause: unknown): AccessError {
  return cause instanceof AccessError ? cause : new AccessError('revocation_unavailable', { cause })
}
