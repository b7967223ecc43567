import { LRUCache } from 'lru-cache'
import type { Answer } from '../decision/decision.js'
import { AccessError, type ErrorCode } from '../errors.js'
import type { JsonObject } from '../jws/compact.js'
import type { WarningListener } from '../warning.js'
import { type EventMeaning, readEvent } from './events.js'
import type { Revocation, RevocationSink } from './revocation.js'
import { type SecurityEventRules, type SecurityEventToken, verifySecurityEvent } from './set.js'

/** A security event that was accepted, for logs and for what an application does about it. */
export interface SecurityEvent {
  /** The event type, a URI. */
  readonly type: string
  readonly issuer: string
  /** `jti` of the security event token. */
  readonly tokenId: string
  /** Seconds since the epoch. */
  readonly issuedAt: number
  /** `sub_id` as the issuer wrote it (RFC 9493). */
  readonly subject: unknown
  /** What the issuer says about the event, such as `reason_admin`, or `state` of a verification event. */
  readonly claims: JsonObject
  /** What was withdrawn because of it. */
  readonly revocations: readonly Revocation[]
}

/** What a receiver needs from its surroundings. */
export interface SecurityEventSettings extends SecurityEventRules {
  readonly revocations: RevocationSink
  /** Seconds by which a time of the issuer may be ahead. */
  readonly clockTolerance: number
  readonly onWarning: WarningListener
  /** Learns of each event once it is in force. What it throws is ignored. */
  readonly onEvent?: ((event: SecurityEvent) => void) | undefined
  readonly now: () => number
}

/** Receives security event tokens by push (RFC 8935). */
export interface SecurityEventReceiver {
  /**
   * Answers one POST request. Total.
   *
   * @param body the whole body; longer than {@link maxSecurityEventSize} is refused, so nobody needs to read further
   * @returns 202 once every revocation is in force, 400 with what is wrong, 503 when it is to be sent again
   */
  receive(body: string, contentType: string | null): Promise<Answer>
}

/** Security event tokens remembered, so that one that is sent again is acknowledged without being reported again. */
const maxRemembered = 10_000

export function createSecurityEventReceiver(settings: SecurityEventSettings): SecurityEventReceiver {
  const { revocations, onWarning, onEvent, now } = settings
  /**
   * What became of each. Forgetting is harmless, and so is another process that remembers nothing: a watermark that is
   * set again changes nothing.
   */
  const received = new LRUCache<string, Promise<void>>({ max: maxRemembered })

  async function receive(body: string, contentType: string | null): Promise<Answer> {
    try {
      if (!isSecurityEvent(contentType)) throw new AccessError('token_malformed')
      await applyOnce(await verifySecurityEvent(body, settings))
      return accepted
    } catch (thrown) {
      return answerFor(thrown)
    }
  }

  async function applyOnce(set: SecurityEventToken): Promise<void> {
    const key = `${set.trust.issuer}\n${set.tokenId}`
    const known = received.get(key)
    if (known !== undefined) return known
    const applying = apply(set)
    received.set(key, applying)
    try {
      await applying
    } catch (error) {
      received.delete(key)
      throw error
    }
  }

  /** Understands every event before the first one counts. */
  async function apply(set: SecurityEventToken): Promise<void> {
    const latest = now() + settings.clockTolerance
    const meanings = set.events.map(([type, claims]) => ({ type, claims, ...readEvent(set, type, claims, latest) }))
    for (const meaning of meanings) {
      for (const revocation of meaning.revocations) await revocations.revoke(revocation)
    }
    for (const meaning of meanings) report(set, meaning)
  }

  function report(set: SecurityEventToken, event: EventMeaning & Pick<SecurityEvent, 'type' | 'claims'>): void {
    const { issuer } = set.trust
    if (event.ignored !== undefined) {
      onWarning({
        code: 'security_event_ignored',
        issuer,
        message: `a security event of ${issuer} was acknowledged and ignored: ${event.ignored}`,
      })
    }
    const { type, claims } = event
    const { tokenId, issuedAt, subject = claims.subject } = set
    const reported = { type, issuer, tokenId, issuedAt, subject, claims, revocations: event.revocations }
    // It may be an async function, and neither way of failing may undo what is in force.
    void Promise.resolve(reported).then(onEvent).catch(ignore)
  }

  function answerFor(thrown: unknown): Answer {
    const code = thrown instanceof AccessError ? thrown.code : undefined
    const err = code && errorCodes.get(code)
    if (err !== undefined) return refusals[err]
    // Without keys nothing is proven yet: whoever knocks must not fill the log.
    if (code !== 'keys_unavailable') {
      onWarning({ code: 'security_event_failed', message: 'a security event could not be put in force', cause: thrown })
    }
    return unavailable
  }

  return { receive }
}

/** An error code of RFC 8935 section 2.4. */
type DeliveryError =
  | 'invalid_request'
  | 'invalid_key'
  | 'invalid_issuer'
  | 'invalid_audience'
  | 'authentication_failed'
  | 'access_denied'

/** What the transmitter is told. What is not listed is no fault of its own. */
const errorCodes: ReadonlyMap<ErrorCode, DeliveryError> = new Map<ErrorCode, DeliveryError>([
  ['token_malformed', 'invalid_request'],
  ['token_type_rejected', 'invalid_request'],
  ['claim_missing', 'invalid_request'],
  ['claim_invalid', 'invalid_request'],
  ['algorithm_rejected', 'invalid_key'],
  ['key_not_found', 'invalid_key'],
  ['issuer_untrusted', 'invalid_issuer'],
  ['audience_mismatch', 'invalid_audience'],
  ['signature_invalid', 'authentication_failed'],
  ['policy_denied', 'access_denied'],
])

const accepted: Answer = Object.freeze({
  status: 202,
  headers: Object.freeze({ 'Cache-Control': 'no-store' }),
  body: '',
})

const unavailable: Answer = Object.freeze({
  status: 503,
  headers: Object.freeze({ 'Cache-Control': 'no-store', 'Retry-After': '5' }),
  body: '',
})

const refusals: Readonly<Record<DeliveryError, Answer>> = {
  invalid_request: refuse('invalid_request', 'The request is not a security event token this receiver understands.'),
  invalid_key: refuse('invalid_key', 'The security event token is not signed with a key this receiver accepts.'),
  invalid_issuer: refuse('invalid_issuer', 'The issuer of the security event token is not trusted.'),
  invalid_audience: refuse('invalid_audience', 'The security event token is not meant for this receiver.'),
  authentication_failed: refuse('authentication_failed', 'The signature of the security event token is invalid.'),
  access_denied: refuse('access_denied', 'The issuer may not speak for this subject.'),
}

function refuse(err: DeliveryError, description: string): Answer {
  const headers = { 'Cache-Control': 'no-store', 'Content-Language': 'en', 'Content-Type': 'application/json' }
  return Object.freeze({ status: 400, headers: Object.freeze(headers), body: JSON.stringify({ err, description }) })
}

function isSecurityEvent(contentType: string | null): boolean {
  return contentType?.split(';', 1)[0]?.trim().toLowerCase() === 'application/secevent+jwt'
}

function ignore(): void {}
