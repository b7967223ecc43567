import { checkCount, checkFunction, checkMembers, checkNumber } from '../check.js'
import { AccessError } from '../errors.js'
import { draftNames } from '../token/names.js'
import type { VerifiedToken } from '../token/verified-token.js'
import {
  formatWatermark,
  type Named,
  type Revocation,
  type RevocationCheck,
  type RevocationKind,
  type RevocationSink,
  readNamed,
  type Watermark,
} from './revocation.js'

/** Settings of {@link createRevocationList}. */
export interface RevocationListOptions {
  /**
   * Seconds from `iat` to `exp` that a token may have at most, and so the time for which a revocation is remembered. A
   * token that lives longer is refused with `token_lifetime_too_long`, because it could outlive its own revocation.
   * Default 86400.
   */
  readonly maxTokenLifetime?: number
  /** Revocations held at most; one more is an error, none is forgotten early. Default 1000000. */
  readonly maxEntries?: number
  /** Seconds since the epoch. Default: the system clock. */
  readonly now?: () => number
}

/**
 * Revocations held in this process. Looking a token up is synchronous, takes the same time however many there are, and
 * next to none while there are none.
 *
 * An actor is withdrawn from every link of a delegation chain, the current actor and prior ones. RFC 8693 section 4.1
 * keeps prior actors out of access decisions; this is none: a token that was obtained through a withdrawn actor rests on
 * authority that is gone, and a revocation can only refuse.
 */
export interface RevocationList extends RevocationCheck, RevocationSink {
  /** @throws AccessError `token_lifetime_too_long`, or `claim_invalid` when the claim to compare is not a string */
  isRevoked(token: VerifiedToken): boolean
  /**
   * Withdraws tokens from the next request on. A later moment for the same name wins, an earlier one changes nothing.
   *
   * @returns what is in force now
   * @throws TypeError when the revocation is malformed
   * @throws Error when the list is full of revocations that still matter
   */
  revoke(revocation: Revocation): Watermark
  /** Takes over revocations of another process. Doing it again, or in another order, changes nothing. */
  apply(revocations: Iterable<Revocation>): void
  /** Every revocation that still matters, each a plain object for JSON. The list may change meanwhile. */
  entries(): Iterable<Watermark>
  /** How many are held, those included that no longer matter and are not swept away yet. */
  readonly size: number
}

/** Of one name: tokens issued up to here are withdrawn, until there are none. Whole seconds. */
interface Mark {
  issuedAt: number
  expiresAt: number
}

/** Issuer, then identifier: found without building a key. */
type Marks = Map<string, Map<string, Mark>>

const checkOptions = checkMembers({
  maxTokenLifetime: checkNumber(1, 3_153_600_000, 'seconds'),
  maxEntries: checkCount(1, 10_000_000, 'entries'),
  now: checkFunction,
})

/** The largest clock tolerance there is: so long a token can be accepted past its `exp`. */
const maxClockTolerance = 300
/** How many old revocations each new one looks at, so that those past their time go without a pause. */
const sweptAtOnce = 4

/**
 * Creates an empty list.
 *
 * @throws ConfigurationError
 */
export function createRevocationList(options: RevocationListOptions = {}): RevocationList {
  checkOptions(options, '')
  const { maxTokenLifetime = 86_400, maxEntries = 1_000_000, now = () => Date.now() / 1000 } = options
  const subjects: Marks = new Map()
  const actors: Marks = new Map()
  const clients: Marks = new Map()
  const sessions: Marks = new Map()
  const transactions: Marks = new Map()
  const grants: Marks = new Map()
  const tokens: Marks = new Map()
  const marksOf: Readonly<Record<RevocationKind, Marks>> = {
    subject: subjects,
    actor: actors,
    client: clients,
    session: sessions,
    transaction: transactions,
    grant: grants,
    tokenId: tokens,
  }
  let size = 0
  let sweeping = held()
  /** No entry is over before this moment. */
  let soonest = Number.POSITIVE_INFINITY
  /** The same of entries that the sweep under way has kept, and of those that came meanwhile. */
  let seen = Number.POSITIVE_INFINITY

  function isRevoked(token: VerifiedToken): boolean {
    const { issuer, issuedAt } = token
    if (token.expiresAt - issuedAt > maxTokenLifetime) throw new AccessError('token_lifetime_too_long')
    if (size === 0) return false
    return (
      covers(subjects, issuer, token.subject, issuedAt) ||
      covers(clients, issuer, token.clientId, issuedAt) ||
      covers(tokens, issuer, token.tokenId, 0) ||
      covers(sessions, issuer, token.claims.sid, issuedAt) ||
      covers(transactions, issuer, token.claims.txn, issuedAt) ||
      covers(grants, issuer, token.claims[draftNames.grantId], issuedAt) ||
      (actors.size > 0 && token.delegation.some((link) => covers(actors, link.issuer, link.subject, issuedAt)))
    )
  }

  function revoke(revocation: Revocation): Watermark {
    const named = readNamed(revocation)
    const time = readTime('now()', now())
    const issuedAt = Math.floor(readTime('issuedAt', revocation.issuedAt ?? time))
    const lastIssue = named.kind === 'tokenId' ? Math.max(issuedAt, time) : issuedAt
    const expiresAt = Math.ceil(readTime('expiresAt', revocation.expiresAt ?? lastIssue + maxTokenLifetime))
    const known = marksOf[named.kind].get(named.issuer)?.get(named.value)
    if (known !== undefined) {
      known.issuedAt = Math.max(known.issuedAt, issuedAt)
      known.expiresAt = Math.max(known.expiresAt, expiresAt)
    } else if (!isOver(expiresAt, time)) {
      add(named, { issuedAt, expiresAt }, time)
    }
    return formatWatermark(named, known?.issuedAt ?? issuedAt, known?.expiresAt ?? expiresAt)
  }

  function add({ kind, issuer, value }: Named, mark: Mark, time: number): void {
    sweep(size < maxEntries ? sweptAtOnce : Number.POSITIVE_INFINITY, time)
    if (size >= maxEntries) {
      throw new Error(`the revocation list is full: ${maxEntries} revocations still matter (maxEntries)`)
    }
    const ofIssuer = marksOf[kind].get(issuer)
    if (ofIssuer === undefined) marksOf[kind].set(issuer, new Map([[value, mark]]))
    else ofIssuer.set(value, mark)
    size += 1
    soonest = Math.min(soonest, mark.expiresAt)
    seen = Math.min(seen, mark.expiresAt)
  }

  /** Looks at so many old entries, if any of them can go. Goes on where it ended, and starts again at the end. */
  function sweep(count: number, time: number): void {
    for (let looked = 0; looked < count && isOver(soonest, time); looked += 1) {
      const { value: entry } = sweeping.next()
      if (entry === undefined) {
        soonest = seen
        seen = Number.POSITIVE_INFINITY
        sweeping = held()
      } else if (isOver(entry.mark.expiresAt, time)) {
        remove(entry.named)
      } else {
        seen = Math.min(seen, entry.mark.expiresAt)
      }
    }
  }

  function remove({ kind, issuer, value }: Named): void {
    const ofIssuer = marksOf[kind].get(issuer)
    ofIssuer?.delete(value)
    if (ofIssuer?.size === 0) marksOf[kind].delete(issuer)
    size -= 1
  }

  function* held(): Generator<{ readonly named: Named; readonly mark: Mark }, undefined> {
    for (const kind of Object.keys(marksOf) as RevocationKind[]) {
      for (const [issuer, ofIssuer] of marksOf[kind]) {
        for (const [value, mark] of ofIssuer) yield { named: { kind, value, issuer }, mark }
      }
    }
    return undefined
  }

  return {
    isRevoked,
    revoke,
    apply(revocations) {
      for (const revocation of revocations) revoke(revocation)
    },
    *entries() {
      const time = now()
      for (const { named, mark } of held()) {
        if (!isOver(mark.expiresAt, time)) yield formatWatermark(named, mark.issuedAt, mark.expiresAt)
      }
    },
    get size() {
      return size
    },
  }
}

/** Whether a name is withdrawn. Where a name is asked for, one that is not a string cannot be told from a withdrawn one. */
function covers(marks: Marks, issuer: string, value: unknown, issuedAt: number): boolean {
  if (marks.size === 0 || value === undefined) return false
  if (typeof value !== 'string') throw new AccessError('claim_invalid')
  const mark = marks.get(issuer)?.get(value)
  return mark !== undefined && Math.floor(issuedAt) <= mark.issuedAt
}

/** Whether no token is left that a mark could concern. */
function isOver(expiresAt: number, time: number): boolean {
  return time >= expiresAt + maxClockTolerance
}

function readTime(name: string, time: number): number {
  if (typeof time === 'number' && time >= 0 && time <= Number.MAX_SAFE_INTEGER) return time
  throw new TypeError(`${name} of a revocation must be a number of seconds since the epoch`)
}
