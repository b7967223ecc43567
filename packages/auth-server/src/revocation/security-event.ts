import { randomUUID } from 'node:crypto'
import type { JWTPayload } from 'jose'
import type { EndedToken } from './ended-token.js'
import type { Withdrawal } from './revocation.js'

/** Identifiers one event names at most, as receivers take them. */
const maxAliases = 32

/** Characters of a reason that are passed on. */
const maxReason = 200

const caep = 'https://schemas.openid.net/secevent/caep/event-type/'
const risc = 'https://schemas.openid.net/secevent/risc/event-type/'
const verification = 'https://schemas.openid.net/secevent/ssf/event-type/verification'

type SubjectIdentifier = Readonly<Record<string, unknown>>

/** An event about everything that names one thing, issued up to now. */
interface Watermark {
  readonly type: string
  readonly claims?: Readonly<Record<string, unknown>>
  readonly subject: SubjectIdentifier
  /** Whether a receiver finds a token by it. */
  readonly covers: (token: EndedToken) => boolean
}

/** A withdrawal in the words of security events. */
export interface SecurityEvents {
  /** Claims of the security event tokens for one API, in order: none where nothing of it is concerned. */
  claimsFor(resource: string): readonly JWTPayload[]
}

/** What an event needs to know beside the withdrawal. */
export interface EventSource {
  readonly issuer: string
  /** Whole seconds since the epoch. */
  readonly now: number
  /** Clients of the agent, when an agent is withdrawn: its own tokens name them as subject. */
  readonly clients: readonly string[]
}

/**
 * Says what a withdrawal means to the APIs (SSF 1.0, CAEP 1.0, RISC 1.0, RFC 9493): a watermark where tokens name what is
 * withdrawn, and the tokens themselves by `jti` where they do not. An API learns of its own tokens only, but for an agent
 * and a client, which concern all.
 */
export function describeEvents(
  withdrawal: Withdrawal,
  ended: readonly EndedToken[],
  source: EventSource,
): SecurityEvents {
  const watermark = watermarkOf(withdrawal, source)
  const concernsAll = withdrawal.kind === 'agent' || withdrawal.kind === 'client'
  const transaction = transactionOf(withdrawal, ended)
  const details = {
    event_timestamp: source.now,
    initiating_entity: initiatorOf(withdrawal, ended),
    reason_admin: { en: withdrawal.reason.slice(0, maxReason) },
  }

  function tokenOf(resource: string, subject: SubjectIdentifier, type: string, claims: object = {}): JWTPayload {
    return {
      iss: source.issuer,
      jti: randomUUID(),
      iat: source.now,
      aud: resource,
      ...(transaction === undefined ? {} : { txn: transaction }),
      sub_id: subject,
      events: { [type]: { ...details, ...claims } },
    }
  }

  return {
    claimsFor: (resource) => {
      const own = ended.filter((token) => token.resource === resource)
      const isNamed = watermark !== undefined && (concernsAll || own.some(watermark.covers))
      const left = own.filter((token) => watermark?.covers(token) !== true).map(({ tokenId }) => tokenId)
      return [
        ...(isNamed ? [tokenOf(resource, watermark.subject, watermark.type, watermark.claims)] : []),
        ...batches(left).map((ids) =>
          tokenOf(resource, tokensAs(source.issuer, ids), `${caep}token-claims-change`, withoutScope),
        ),
      ]
    },
  }
}

/** An event that tries out the way to a receiver (SSF 1.0 section 8.1.4). */
export function describeVerification(
  resource: string,
  state: string | undefined,
  { issuer, now }: Pick<EventSource, 'issuer' | 'now'>,
): JWTPayload & { readonly jti: string } {
  return {
    iss: issuer,
    jti: randomUUID(),
    iat: now,
    aud: resource,
    sub_id: { format: 'opaque', id: resource },
    events: { [verification]: state === undefined ? {} : { state } },
  }
}

/** What became of the claims of tokens that no longer count. */
const withoutScope = { claims: { scope: '' } }

function watermarkOf({ kind, value }: Withdrawal, { issuer, clients }: EventSource): Watermark | undefined {
  const opaque = { format: 'opaque', id: value }
  const party = (sub: string): SubjectIdentifier => ({ format: 'iss_sub', iss: issuer, sub })
  switch (kind) {
    case 'session':
      return {
        type: `${caep}session-revoked`,
        subject: { format: 'complex', session: opaque },
        covers: ({ sessionId }) => sessionId === value,
      }
    case 'transaction':
      return {
        type: `${caep}token-claims-change`,
        claims: withoutScope,
        subject: { format: 'complex', transaction: opaque },
        covers: ({ transaction }) => transaction === value,
      }
    case 'grant':
      return {
        type: `${caep}token-claims-change`,
        claims: withoutScope,
        subject: { format: 'complex', grant: opaque },
        covers: ({ grantId }) => grantId === value,
      }
    case 'subject':
      return {
        type: `${risc}account-disabled`,
        subject: party(value),
        covers: ({ subject, actors }) => subject === value || actors.includes(value),
      }
    case 'agent': {
      const names = [value, ...clients.slice(0, maxAliases - 1)]
      return {
        type: `${risc}account-disabled`,
        subject: names.length === 1 ? party(value) : { format: 'aliases', identifiers: names.map(party) },
        covers: ({ subject, actors }) => names.includes(subject) || actors.some((actor) => names.includes(actor)),
      }
    }
    case 'client':
      return {
        type: `${caep}credential-change`,
        claims: { credential_type: 'client', change_type: 'revoke' },
        subject: { format: 'complex', application: opaque },
        covers: ({ clientId }) => clientId === value,
      }
    // tokens name neither
    case 'token':
    case 'consent':
      return undefined
  }
}

function tokensAs(iss: string, ids: readonly string[]): SubjectIdentifier {
  const identifiers = ids.map((jti) => ({ format: 'jwt_id', iss, jti }))
  const [only] = identifiers
  return identifiers.length === 1 && only !== undefined ? only : { format: 'aliases', identifiers }
}

function batches(ids: readonly string[]): readonly (readonly string[])[] {
  return Array.from({ length: Math.ceil(ids.length / maxAliases) }, (_, index) =>
    ids.slice(index * maxAliases, (index + 1) * maxAliases),
  )
}

function transactionOf({ kind, value }: Withdrawal, ended: readonly EndedToken[]): string | undefined {
  if (kind === 'transaction') return value
  const [one, ...others] = new Set(ended.map(({ transaction }) => transaction))
  return others.length === 0 ? (one ?? undefined) : undefined
}

/** CAEP 1.0 section 2. */
function initiatorOf({ by, kind, value }: Withdrawal, ended: readonly EndedToken[]): 'policy' | 'user' | 'admin' {
  if (by === 'policy') return 'policy'
  const isOwn = (kind === 'subject' && by === value) || ended.some(({ subject }) => subject === by)
  return isOwn ? 'user' : 'admin'
}
