import { createAudit } from './audit/audit.js'
import type { ToolFacts } from './audit/describe.js'
import { createAuthority } from './authority.js'
import { callWithToken, type DelegatedCall } from './delegated-fetch.js'
import type { DelegationClientOptions } from './options.js'
import { type DelegationRequest, readRequest } from './request.js'
import { readSettings } from './settings.js'
import type { DelegationToken } from './token.js'
import { createTokenCache } from './token-cache.js'
import { createTokenSource } from './token-source.js'

/** What an agent holds: it earns a token for every call, and never a key to an API. */
export interface DelegationClient {
  /**
   * A token for one API: for the person of `subjectToken`, or for the agent itself. Taken from memory while it lives.
   *
   * @throws InteractionRequiredError when a person has to act first
   * @throws DelegationError otherwise; `code` says why
   */
  getDelegationToken(request: DelegationRequest): Promise<DelegationToken>
  /** Calls an API with such a token, proof of possession included: `fetch` with what the token is for. */
  fetch(url: string | URL, call: DelegatedCall): Promise<Response>
  /** Forgets the tokens of a person who signed out or withdrew; without a subject token, all. */
  forget(subjectToken?: string): void
  /**
   * For what runs tools: records that one begins (`tool.started`), and with the function it answers that it ended
   * (`tool.finished`). Undefined where nothing is recorded.
   */
  readonly recordTool?: ((facts: ToolFacts) => (error?: unknown) => void) | undefined
  /** Delivers the events that wait, and closes the sink, within 5 seconds. Never rejects. */
  close(): Promise<void>
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
  const audit = createAudit(settings)
  const tokens = createTokenSource(authority, cache, audit)
  return {
    getDelegationToken: async (request) => tokens.get(readRequest(request)),
    fetch: (url, call) => callWithToken(settings, authority, tokens, url, call),
    forget: (subjectToken) => cache.purge(subjectToken),
    recordTool: audit?.tool,
    close: async () => audit?.close(),
  }
}
