import { AsyncLocalStorage } from 'node:async_hooks'
import type { IssuedToken } from '../tokens/issued-token.js'

/** A token that one request asks about, proven before the protocol engine sees the request. */
export interface AcceptedToken {
  /** What the engine is given in place of the token: new for each request. */
  readonly handle: string
  readonly record: IssuedToken
}

const current = new AsyncLocalStorage<AcceptedToken>()

/** Does `work` with a token that was proven. */
export function withAcceptedToken<T>(token: AcceptedToken, work: () => T): T {
  return current.run(token, work)
}

/**
 * The record behind a handle of this request. An identifier alone, such as a `jti` from a log, finds nothing: whoever
 * asks has shown the token.
 */
export function acceptedToken(handle: string): IssuedToken | undefined {
  const token = current.getStore()
  return token?.handle === handle ? token.record : undefined
}

/** The record that this request asks about. */
export function tokenAskedAbout(): IssuedToken | undefined {
  return current.getStore()?.record
}
