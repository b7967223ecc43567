import { LRUCache } from 'lru-cache'
import { DelegationError } from './errors.js'
import type { Settings } from './options.js'
import { canonical, type DelegationRequest, scopesOf } from './request.js'
import type { DelegationToken } from './token.js'

/** Milliseconds before its end that a token is no longer handed out, at most; and the share of its life, at most. */
const earlyEnd = 10_000
const earlyShare = 0.2

/** Milliseconds that a token is kept at most, however long it lives. */
const longest = 3_600_000

/** Tokens of one context that are replaced while a refusal is remembered: an API that refuses all must not empty the auth server. */
const mostReplaced = 3

/** Tokens in memory, one for each context they were asked for in. */
export interface TokenCache {
  /** The token for this request: kept, on its way for another caller, or asked for now. */
  get(request: DelegationRequest, ask: () => Promise<DelegationToken>): Found
  /**
   * Drops a token the API refused, so that the next call gets another.
   *
   * @returns false where so many were refused of late that another would be too: it is kept for now
   */
  drop(request: DelegationRequest, token: DelegationToken): boolean
  /** Drops what was asked for with this subject token; without one, everything. */
  purge(subjectToken?: string): void
  /** Drops the tokens that a subject token brought which is over. That it is over stays remembered. */
  end(subjectToken: string): void
}

/** What a request is answered with. */
export interface Found {
  readonly token: Promise<DelegationToken>
  /** Whether somebody else asked for it. */
  readonly isReused: boolean
}

interface Entry {
  readonly subjectToken: string | undefined
  readonly token: Promise<DelegationToken>
  /** The token, once it is there. */
  held?: DelegationToken
  /** Milliseconds since the epoch: from when on, and until when, it is handed out. No end is known while it is on its way. */
  readonly from: number
  until: number
}

export function createTokenCache({ maxTokens, refusalTime, now, serverUrl, clientId }: Settings): TokenCache {
  const entries = maxTokens === 0 ? undefined : new LRUCache<string, Entry>({ max: maxTokens })

  const replaced = new LRUCache<string, { readonly since: number; readonly count: number }>({ max: maxTokens || 1 })

  /** Everything that makes two tokens different. The subject token itself, so that no two people can ever meet. */
  function keyOf(request: DelegationRequest): string {
    const { resource, subjectToken = null, tool = null, details = null, transaction = null } = request
    return canonical([serverUrl.href, clientId, subjectToken, resource, scopesOf(request), details, tool, transaction])
  }

  function keep(key: string, request: DelegationRequest, ask: () => Promise<DelegationToken>): Entry {
    const from = now()
    const entry: Entry = { subjectToken: request.subjectToken, token: ask(), from, until: Number.POSITIVE_INFINITY }
    entries?.set(key, entry)
    entry.token.then(
      (token) => {
        entry.held = token
        const life = Math.min(token.expiresAt - from, longest)
        const early = Math.min(earlyEnd, life * earlyShare)
        entry.until = from + life - early * (1 + Math.random() / 4) // so that not all come back at once
      },
      (error: unknown) => {
        entry.until = now() + rememberedFor(error)
      },
    )
    return entry
  }

  /** Milliseconds that a refusal is remembered. */
  function rememberedFor(error: unknown): number {
    if (!(error instanceof DelegationError)) return 0
    return finalCodes.has(error.code) ? refusalTime : Math.min(error.retryAfter ?? 0, refusalTime)
  }

  return {
    get: (request, ask) => {
      if (entries === undefined || request.singleUse === true) return { token: ask(), isReused: false }
      const key = keyOf(request)
      const entry = entries.get(key)
      const time = now() // a clock that was put back knows nothing of what is kept
      if (entry !== undefined && time >= entry.from && time < entry.until) return { token: entry.token, isReused: true }
      return { token: keep(key, request, ask).token, isReused: false }
    },
    drop: (request, token) => {
      const key = keyOf(request)
      if (entries?.get(key)?.held !== token) return true // somebody did
      const last = replaced.get(key)
      const { since, count } =
        last !== undefined && now() - last.since < refusalTime ? last : { since: now(), count: 0 }
      if (count >= mostReplaced) return false
      replaced.set(key, { since, count: count + 1 })
      return entries.delete(key)
    },
    purge: (subjectToken) => {
      if (subjectToken === undefined) entries?.clear()
      else removeOf(subjectToken, () => true)
    },
    end: (subjectToken) => removeOf(subjectToken, ({ held }) => held !== undefined),
  }

  function removeOf(subjectToken: string, isMeant: (entry: Entry) => boolean): void {
    for (const [key, entry] of entries?.entries() ?? [])
      if (entry.subjectToken === subjectToken && isMeant(entry)) entries?.delete(key)
  }
}

/** Refusals that a moment's wait does not change. */
const finalCodes = new Set([
  'access_denied',
  'invalid_grant',
  'invalid_request',
  'invalid_scope',
  'invalid_target',
  'unauthorized_client',
])
