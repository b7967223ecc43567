import { AccessError } from '../errors.js'
import type { JsonObject } from '../jws/compact.js'
import type { IssuerTrust } from '../token/verifier.js'
import { formatRevocation, type Revocation, type RevocationKind } from './revocation.js'
import type { SecurityEventToken } from './set.js'
import { isTime } from './signed-statement.js'
import { type Identifier, readEventSubject } from './subject-identifier.js'

/** What an event means for tokens. */
export interface EventMeaning {
  /** What it withdraws; nothing for an event that withdraws nothing, or nothing that can be found. */
  readonly revocations: readonly Revocation[]
  /** Why nothing came of an event that asked for something; undefined when it was understood. */
  readonly ignored: string | undefined
}

/** An event that withdraws tokens. */
interface EventRule {
  /** What a bare opaque identifier can name, besides a party. */
  readonly opaque?: RevocationKind
  /** Whether this very event withdraws anything. Default: always. */
  readonly withdraws?: (claims: JsonObject) => boolean
}

const caep = 'https://schemas.openid.net/secevent/caep/event-type/'
const risc = 'https://schemas.openid.net/secevent/risc/event-type/'

const rules: ReadonlyMap<string, EventRule> = new Map<string, EventRule>([
  [`${caep}session-revoked`, { opaque: 'session' }],
  [`${caep}token-claims-change`, {}],
  // A credential that is added takes nothing from those that are there.
  [`${caep}credential-change`, { withdraws: ({ change_type: change }) => change !== 'create' }],
  [`${risc}account-disabled`, {}],
  [`${risc}account-purged`, {}],
  [`${risc}sessions-revoked`, {}],
])

/** The transmitter tries out the way to here: there is nothing to do but to acknowledge (SSF 1.0 section 8.1.4). */
const verification = 'https://schemas.openid.net/secevent/ssf/event-type/verification'

/**
 * Says what one event of a security event token withdraws: tokens issued at or before it. The time is
 * `event_timestamp`, else `toe`, else `iat`; one that is later than `latest` counts as `latest`, so that a time in
 * milliseconds does not withdraw the tokens of the future. A party (`iss_sub`) is withdrawn as a subject and as an actor.
 *
 * @param latest seconds since the epoch
 * @throws AccessError `claim_invalid` when the subject is malformed, `policy_denied` when it is another issuer's
 */
export function readEvent(set: SecurityEventToken, type: string, claims: JsonObject, latest: number): EventMeaning {
  if (type === verification) return { revocations: [], ignored: undefined }
  const rule = rules.get(type)
  if (rule === undefined) return { revocations: [], ignored: 'the event type is not known' }
  const { kind, identifiers } = readEventSubject(set.subject ?? claims.subject, set.trust.issuer)
  if (rule.withdraws?.(claims) === false) return { revocations: [], ignored: undefined }
  if (identifiers.length === 0) return { revocations: [], ignored: 'no token can be found by its subject' }
  const stated = isTime(claims.event_timestamp) ? claims.event_timestamp : (set.eventTime ?? set.issuedAt)
  const issuedAt = Math.min(stated, latest)
  const named = identifiers.flatMap((identifier) => {
    const kinds = kindsOf(identifier, kind, rule, set.trust)
    return kinds.map((name) =>
      formatRevocation({ kind: name, value: identifier.id, issuer: identifier.issuer }, issuedAt),
    )
  })
  if (named.length === 0) throw new AccessError('policy_denied')
  return { revocations: named, ignored: undefined }
}

const parties: readonly RevocationKind[] = ['subject', 'actor']

/** What an identifier can name, and what of that the issuer of the event may speak for: its own, and actors it vouches for. */
function kindsOf(
  { format, issuer }: Identifier,
  kind: RevocationKind | undefined,
  { opaque }: EventRule,
  trust: IssuerTrust,
): readonly RevocationKind[] {
  const kinds = format === 'jwt_id' ? (['tokenId'] as const) : kind === undefined ? parties : [kind]
  if (issuer !== trust.issuer) return trust.actorIssuers.has(issuer) ? kinds.filter((name) => name === 'actor') : []
  return format === 'opaque' && kind === undefined && opaque !== undefined ? [opaque, ...kinds] : kinds
}
