import { AccessError } from '../errors.js'
import { isJsonObject, type JsonObject } from '../jws/compact.js'
import type { IssuerTrust } from '../token/verifier.js'
import { isIdentifier } from './revocation.js'
import { isTime, verifyStatement } from './signed-statement.js'

/** A Security Event Token (RFC 8417) that is what it says: signed by a trusted issuer and meant for this receiver. */
export interface SecurityEventToken {
  readonly trust: IssuerTrust
  /** `jti`: unique for the issuer. */
  readonly tokenId: string
  /** Seconds since the epoch. */
  readonly issuedAt: number
  /** `toe`, when the event happened, in seconds since the epoch; undefined when it is not said. */
  readonly eventTime: number | undefined
  /** `sub_id` as it is written (RFC 9493). */
  readonly subject: unknown
  /** Event types and what is said with each. */
  readonly events: readonly (readonly [type: string, claims: JsonObject])[]
}

/** What security event tokens are judged by. */
export interface SecurityEventRules {
  readonly issuers: ReadonlyMap<string, IssuerTrust>
  readonly audience: string
}

/** Largest security event token that is read, in characters. */
export const maxSecurityEventSize = 65_536
const maxEvents = 32

/**
 * Verifies a security event token: `typ` is `secevent+jwt`, the issuer is trusted, the signature holds by its keys, and
 * `aud`, `iat`, `jti` and `events` are there. `sub` and `exp` are refused, as SSF 1.0 section 4.1.3 has it: they are
 * what an access token or an ID token would have. Times in the past or the future are no reason to refuse: an event that
 * comes late or twice only says again what was said.
 *
 * @throws AccessError `token_malformed`, `token_type_rejected`, `algorithm_rejected`, `issuer_untrusted`,
 * `key_not_found`, `keys_unavailable`, `signature_invalid`, `audience_mismatch`, `claim_missing`, `claim_invalid`
 */
export async function verifySecurityEvent(text: string, rules: SecurityEventRules): Promise<SecurityEventToken> {
  if (text.length > maxSecurityEventSize) throw new AccessError('token_malformed')
  const { claims, trust } = await verifyStatement(text, {
    type: 'secevent+jwt',
    trustOf({ iss }) {
      const trust = typeof iss === 'string' ? rules.issuers.get(iss) : undefined
      if (trust === undefined) throw new AccessError('issuer_untrusted')
      return trust
    },
    checkClaims: (claims) => void readSet(claims, rules.audience),
  })
  return { trust, ...readSet(claims, rules.audience) }
}

function readSet(claims: JsonObject, audience: string): Omit<SecurityEventToken, 'trust'> {
  const { aud, iat, jti, toe, events } = claims
  if (!(Array.isArray(aud) ? aud.includes(audience) : aud === audience)) throw new AccessError('audience_mismatch')
  if (iat === undefined || jti === undefined || events === undefined) throw new AccessError('claim_missing')
  if (!isTime(iat) || !isIdentifier(jti) || (toe !== undefined && !isTime(toe))) throw new AccessError('claim_invalid')
  if (Object.hasOwn(claims, 'sub') || Object.hasOwn(claims, 'exp')) throw new AccessError('claim_invalid')
  return { tokenId: jti, issuedAt: iat, eventTime: toe, subject: claims.sub_id, events: readEvents(events) }
}

function readEvents(value: unknown): SecurityEventToken['events'] {
  const events = isJsonObject(value) ? Object.entries(value) : []
  if (events.length === 0 || events.length > maxEvents) throw new AccessError('claim_invalid')
  return events.map(([type, claims]) => {
    if (!isJsonObject(claims)) throw new AccessError('claim_invalid')
    return [type, claims] as const
  })
}
