import { LRUCache } from 'lru-cache'
import { DelegationError } from './errors.js'
import type { Settings } from './options.js'
import { canonical, type DelegationRequest, scopesOf } from './request.js'
import type { DelegationToken } from './token.js'

/** Milliseconds before its end that a token is no longer handed out, at most; and the share of its life, at most. */
const earlyEnd = 10_000
const earlyShare = 0.2

/** Tokens in memory, one for each context they were asked for in. */
export interface TokenCache {
  /** The token for this request: kept, on its way for another caller, or asked for now. */
  get(request: DelegationRequest, ask: () => Promise<DelegationToken>): Promise<DelegationToken>
  /** Drops a token the API refused, so that the next call gets another. */
  drop(request: DelegationRequest, token: DelegationToken): void
  /** Drops what was asked for with this subject token; without one, everything. */
  purge(subjectToken?: string): void
}

interface Entry {
  readonly subjectToken: string | undefined
  readonly token: Promise<DelegationToken>
  /** The token, once it is there. */
  held?: DelegationToken
  /** Milliseconds since the epoch until which it is handed out; unknown while it is on its way. */
  until: number
}

export function createTokenCache({ maxTokens, refusalTime, now, serverUrl, clientId }: Settings): TokenCache {
  const entries = maxTokens === 0 ? undefined : new LRUCache<string, Entry>({ max: maxTokens })

  /** Everything that makes two tokens different. The subject token itself, so that no two people can ever meet. */
  function keyOf(request: DelegationRequest): string {
    const { resource, subjectToken = null, tool = null, details = null, transaction = null } = request
    return canonical([serverUrl.href, clientId, subjectToken, resource, scopesOf(request), details, tool, transaction])
  }

  function keep(
    key: string,
    request: DelegationRequest,
    ask: () => Promise<DelegationToken>,
  ): Promise<DelegationToken> {
    const askedAt = now()
    const entry: Entry = { subjectToken: request.subjectToken, token: ask(), until: Number.POSITIVE_INFINITY }
    entries?.set(key, entry)
    entry.token.then(
      (token) => {
        const { expiresAt } = token
        entry.held = token
        const early = Math.min(earlyEnd, (expiresAt - askedAt) * earlyShare)
        entry.until = expiresAt - early * (1 + Math.random() / 4) // so that not all come back at once
      },
      (error: unknown) => {
        entry.until = isFinal(error) ? now() + refusalTime : 0
      },
    )
    return entry.token
  }

  return {
    get: (request, ask) => {
      if (entries === undefined || request.singleUse === true) return ask()
      const key = keyOf(request)
      const entry = entries.get(key)
      return entry !== undefined && now() < entry.until ? entry.token : keep(key, request, ask)
    },
    drop: (request, token) => {
      const key = keyOf(request)
      if (entries?.get(key)?.held === token) entries.delete(key)
    },
    purge: (subjectToken) => {
      if (subjectToken === undefined) entries?.clear()
      else
        for (const [key, entry] of entries?.entries() ?? [])
          if (entry.subjectToken === subjectToken) entries?.delete(key)
    },
  }
}

/** Refusals that a moment's wait does not change. */
const finalCodes = new Set(['invalid_scope', 'invalid_target', 'unauthorized_client', 'access_denied', 'invalid_grant'])

function isFinal(error: unknown): boolean {
  return error instanceof DelegationError && finalCodes.has(error.code)
}
