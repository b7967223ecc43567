import { LRUCache } from 'lru-cache'
import { isFetchable } from '../address.js'
import { AccessError } from '../errors.js'
import type { VerifiedToken } from '../token/verified-token.js'
import type { IssuerTrust } from '../token/verifier.js'
import type { WarningListener } from '../warning.js'
import { createKeptList, type KeptList } from './kept-list.js'
import type { RevocationCheck } from './revocation.js'
import { readStatus } from './status-bits.js'
import { readStatusReference } from './status-claim.js'
import type { StatusListSettings } from './status-list-options.js'
import { fetchStatusList, type StatusList } from './status-list-token.js'

/** What a status list check needs from its surroundings. */
export interface StatusListContext {
  readonly issuers: ReadonlyMap<string, IssuerTrust>
  /** Seconds. */
  readonly clockTolerance: number
  readonly onWarning: WarningListener
  /** Seconds since the epoch. */
  readonly now: () => number
}

/** Asks the status list that a token points to (Token Status List draft). */
export interface StatusListCheck extends RevocationCheck {
  /**
   * A token without a status claim is not revoked; every status but 0 (valid) is. Answers at once while the list is at
   * hand.
   *
   * @throws AccessError `claim_invalid` for a malformed claim, an address that is not allowed or a place past the end of
   * the list; `revocation_unavailable` when there is no list that counts
   */
  isRevoked(token: VerifiedToken): boolean | Promise<boolean>
  /** Ends fetches under way. Nothing is fetched afterwards. */
  close(): void
}

/** Creates a check over the lists of every trusted issuer. Nothing is fetched before a token asks for it. */
export function createStatusListCheck(settings: StatusListSettings, context: StatusListContext): StatusListCheck {
  const { issuers, clockTolerance, onWarning, now } = context
  const closing = new AbortController()
  const limits = { timeout: settings.timeout, signal: closing.signal }
  const rules = {
    maxSize: settings.maxSize,
    maxInflatedSize: settings.maxInflatedSize,
    clockTolerance,
    now,
  }
  const times = { maxAge: settings.maxAge, staleFor: settings.staleFor, clockTolerance }
  /** By the issuer of the token, then by address: a list proves something for the tokens of its own issuer only. */
  const lists = new Map<string, LRUCache<string, KeptList>>()
  const refused = new Set<string>()

  function isRevoked(token: VerifiedToken): boolean | Promise<boolean> {
    const reference = readStatusReference(token.claims)
    if (reference === undefined) return false
    const { uri, idx } = reference
    const kept = lists.get(token.issuer)?.get(uri) ?? open(uri, token.issuer)
    const list = kept.get()
    return list instanceof Promise ? list.then((known) => judge(known, idx)) : judge(list, idx)
  }

  /** The first token that points to a list. The address comes from a token: it counts only if an operator allows it. */
  function open(uri: string, issuer: string): KeptList {
    const trust = issuers.get(issuer)
    if (trust === undefined || !isAllowed(uri)) {
      report(issuer)
      throw new AccessError('claim_invalid')
    }
    const kept = createKeptList({
      times,
      load: () => fetchStatusList(uri, trust, limits, rules),
      isVouchedFor: ({ key }) => trust.keys.holds(key),
      onFailure(cause) {
        const reason = cause instanceof AccessError ? cause.code : String(cause)
        const message = `a status list of ${issuer} was not refreshed: ${reason}`
        onWarning({ code: 'status_list_refresh_failed', issuer, message, cause })
      },
      onStale() {
        onWarning({ code: 'status_list_stale', issuer, message: `a stale status list of ${issuer} is serving` })
      },
      now,
    })
    const ofIssuer = lists.get(issuer) ?? new LRUCache<string, KeptList>({ max: settings.maxLists })
    lists.set(issuer, ofIssuer)
    ofIssuer.set(uri, kept)
    return kept
  }

  function isAllowed(uri: string): boolean {
    return isFetchable(uri) && !uri.includes('#') && settings.hosts.has(new URL(uri).host)
  }

  /** Once for an issuer: the operator learns what is missing, the log is not the caller's to fill. */
  function report(issuer: string): void {
    if (refused.has(issuer)) return
    refused.add(issuer)
    const message = `tokens of ${issuer} point to a status list on a host that is not allowed`
    onWarning({ code: 'status_list_refused', issuer, message })
  }

  return { isRevoked, close: () => closing.abort(new Error('the resource server is closed')) }
}

/** 1 is invalid, 2 suspended; what no standard gives a meaning is no reason to trust. */
function judge({ bits }: StatusList, index: number): boolean {
  const status = readStatus(bits, index)
  if (status === undefined) throw new AccessError('claim_invalid')
  return status !== 0
}
