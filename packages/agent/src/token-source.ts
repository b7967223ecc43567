import type { Audit } from './audit/audit.js'
import type { Authority } from './authority.js'
import { DelegationError } from './errors.js'
import type { DelegationRequest } from './request.js'
import { aborted } from './retry.js'
import type { DelegationToken } from './token.js'
import type { TokenCache } from './token-cache.js'

/** Answers requests for tokens, from memory or from the auth server, and records each. */
export interface TokenSource {
  /** @param request - as `readRequest()` answers it */
  get(request: DelegationRequest): Promise<DelegationToken>
  /** Drops a token the API refused, so that the next request gets another; false where that would be of no use. */
  drop(request: DelegationRequest, token: DelegationToken): boolean
}

export function createTokenSource(authority: Authority, cache: TokenCache, audit: Audit | undefined): TokenSource {
  function ask(request: DelegationRequest): { readonly isReused: boolean; readonly token: Promise<DelegationToken> } {
    const { signal, ...shared } = request
    if (signal?.aborted) return { isReused: false, token: Promise.reject(aborted(signal)) }
    // a caller that gives up leaves those who wait for the same token alone
    const sent = request.singleUse === true ? request : shared
    const { token, isReused } = cache.get(shared, () => authority.issue(sent))
    return { isReused, token: signal === undefined ? token : orAborted(signal, token) }
  }

  return {
    get: async (request) => {
      const begun = performance.now()
      const { isReused, token } = ask(request)
      const record = (outcome: { readonly token: DelegationToken } | { readonly error: unknown }): void =>
        audit?.token(request, { isReused, duration: performance.now() - begun, ...outcome })
      try {
        const issued = await token
        record({ token: issued })
        return issued
      } catch (error) {
        if (request.subjectToken !== undefined && isOver(error)) cache.end(request.subjectToken)
        record({ error })
        throw error
      }
    },
    drop: (request, token) => cache.drop(request, token),
  }
}

/** Whether the server no longer takes the subject token (RFC 8693 section 2.2.2), as far as its code says. */
function isOver(error: unknown): boolean {
  return error instanceof DelegationError && (error.code === 'invalid_grant' || error.code === 'invalid_request')
}

function orAborted(signal: AbortSignal, token: Promise<DelegationToken>): Promise<DelegationToken> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(aborted(signal))
    signal.addEventListener('abort', giveUp, { once: true })
    token.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp))
  })
}
