import { createAuthority } from './authority.js'
import { callWithToken, type DelegatedCall, tokenFor } from './delegated-fetch.js'
import type { DelegationClientOptions } from './options.js'
import type { DelegationRequest } from './request.js'
import { readSettings } from './settings.js'
import type { DelegationToken } from './token.js'
import { createTokenCache } from './token-cache.js'

/** What an agent holds: it earns a token for every call, and never a key to an API. */
export interface DelegationClient {
  /**
   * A token for one API: for the person of `subjectToken`, or for the agent itself. Taken from memory while it lives.
   *
   * @throws InteractionRequiredError when a person has to consent first
   * @throws DelegationError otherwise; `code` says why
   */
  getDelegationToken(request: DelegationRequest): Promise<DelegationToken>
  /** Calls an API with such a token, proof of possession included: `fetch` with what the token is for. */
  fetch(url: string | URL, call: DelegatedCall): Promise<Response>
  /** Forgets the tokens of a person who signed out or withdrew; without a subject token, all. */
  forget(subjectToken?: string): void
}

/**
 * Creates the client of one agent.
 *
 * @throws DelegationError `configuration` when an option is wrong
 */
export function createDelegationClient(options: DelegationClientOptions): DelegationClient {
  const settings = readSettings(options)
  const authority = createAuthority(settings)
  const cache = createTokenCache(settings)
  return {
    getDelegationToken: async (request) => tokenFor(authority, cache, request),
    fetch: async (url, call) => callWithToken(settings, authority, cache, new URL(url), call),
    forget: (subjectToken) => cache.purge(subjectToken),
  }
}
