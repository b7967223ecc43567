import { within } from '../deadline.js'
import { AccessError, ConfigurationError } from '../errors.js'
import { decodeJson, type JsonObject, splitCompact } from '../jws/compact.js'
import type { JoseHeader } from '../jws/header.js'
import { type FetchedText, fetchText, type TextRequest } from '../keys/fetch.js'
import { isToken68 } from '../request/credentials.js'
import type { WarningListener } from '../warning.js'
import { createAuthentication } from './client-authentication.js'
import { parseConfirmation } from './confirmation.js'
import { type AgreementRules, checkAgreement } from './introspection-agreement.js'
import { type Answer, answerTypes, readPlainAnswer, readSignedAnswer } from './introspection-answer.js'
import { type ActiveAnswer, createIntrospectionMemory, type Freshness } from './introspection-memory.js'
import type { IntrospectionSettings } from './introspection-options.js'
import type { VerifiedToken } from './verified-token.js'
import type { IssuerTrust } from './verifier.js'

const whyClosed = 'the resource server is closed'

/** What an introspector needs from its surroundings. */
export interface IntrospectionContext extends AgreementRules {
  readonly issuers: ReadonlyMap<string, IssuerTrust>
  /** Bytes. */
  readonly maxTokenSize: number
  readonly onWarning: WarningListener
}

/** An opaque token as its issuer describes it: for the `accept` of a token verifier, which judges it like a JWT. */
export interface IntrospectedToken extends Freshness {
  /** An opaque token has none. */
  readonly header?: JoseHeader
  /** The whole answer. */
  readonly claims: JsonObject
  /** The issuer, with the profile of answers. */
  readonly trust: IssuerTrust
}

/** Asks the issuer about tokens. Both questions are answered at once while an answer is remembered. */
export interface Introspector {
  readonly mode: IntrospectionSettings['mode']
  /** Whether a token is no JWT, so that nothing but its issuer can tell what it is worth. */
  isOpaque(token: string): boolean
  /**
   * What is this opaque token?
   *
   * @throws AccessError `token_malformed`, `token_revoked` (all that an endpoint says of a token that does not count:
   * revoked, expired, unknown, for another API), `issuer_untrusted`, `token_type_rejected`, `binding_unsupported`,
   * `introspection_unavailable`
   */
  introspect(token: string): IntrospectedToken | Promise<IntrospectedToken>
  /**
   * Does this token, which holds by itself, still count?
   *
   * @throws AccessError `token_revoked`, the codes of {@link checkAgreement}, `introspection_unavailable`
   */
  confirm(token: string, verified: VerifiedToken): Freshness | Promise<Freshness>
  /** Ends questions under way. Nothing is asked afterwards. */
  close(): void
}

/**
 * Creates an introspector. A question that fails, whatever way, is a fault of this side: 503 `introspection_unavailable`
 * within the timeout, and a warning when it begins.
 *
 * @throws ConfigurationError when the endpoint speaks for an issuer that is not trusted, or for one of several only
 */
export function createIntrospector(settings: IntrospectionSettings, context: IntrospectionContext): Introspector {
  const { endpoint, mode, client, timeout, ttl, maxSize, signed, profile } = settings
  const { audience, now, onWarning } = context
  const trust: IssuerTrust = { ...findIssuer(settings, context.issuers), profile }
  const authenticate = createAuthentication(client, trust.issuer, now)
  const signedRules = { ...context, trust, ttl, recipients: [client.id, audience] }
  /** One for each question: a signal that many listen to is taken for a leak by Node. */
  const underWay = new Set<AbortController>()
  let closed = false
  const ask = createIntrospectionMemory(settings, fetchAnswer, now)
  let failing = false

  async function fetchAnswer(token: string): Promise<Answer> {
    try {
      const answer = await within(timeout, converse(token), () => new Error(`no answer within ${timeout} ms`))
      failing = false
      return answer
    } catch (cause) {
      report(cause)
      throw new AccessError('introspection_unavailable', { cause })
    }
  }

  async function converse(token: string): Promise<Answer> {
    const { headers, form } = await authenticate()
    const body = new URLSearchParams({ token, token_type_hint: 'access_token', ...form }).toString()
    const send = { headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' }, body }
    const accept = signed ? answerTypes.signed : answerTypes.plain
    const asked = now()
    const fetched = await post({ accept, maxSize, send })
    return signed ? readSignedAnswer(fetched, asked, signedRules) : readPlainAnswer(fetched, asked)
  }

  async function post(request: TextRequest): Promise<FetchedText> {
    if (closed) throw new Error(whyClosed)
    const question = new AbortController()
    underWay.add(question)
    try {
      return await fetchText(endpoint, { timeout, signal: question.signal }, request)
    } finally {
      underWay.delete(question)
    }
  }

  /** Once for an outage, not once for each request in it. */
  function report(cause: unknown): void {
    if (failing || closed) return
    failing = true
    const reason = cause instanceof AccessError ? cause.code : (cause as Error).message // nothing else is thrown there
    const message = `tokens of ${trust.issuer} cannot be introspected: ${reason}`
    onWarning({ code: 'introspection_failed', issuer: trust.issuer, message, cause })
  }

  /** What an answer says of an opaque token, before it is judged like the claims of a JWT. */
  function describe({ claims, isFresh }: ActiveAnswer): IntrospectedToken {
    const { iss = trust.issuer, token_type: type } = claims
    if (iss !== trust.issuer) throw new AccessError('issuer_untrusted')
    if (profile.isAccessToken?.(claims) !== true) throw new AccessError('token_type_rejected')
    const isBound = typeof type === 'string' && type.toLowerCase() === 'dpop'
    if (isBound && parseConfirmation(claims)?.method !== 'dpop') throw new AccessError('binding_unsupported')
    return { claims, trust, isFresh }
  }

  return {
    mode,
    isOpaque,

    introspect(token) {
      if (token.length > context.maxTokenSize || !isToken68(token)) throw new AccessError('token_malformed')
      const answer = ask(token)
      return answer instanceof Promise ? answer.then(describe) : describe(answer)
    },

    confirm(token, verified) {
      const agree = (answer: ActiveAnswer): Freshness => {
        checkAgreement(answer.claims, verified, context)
        return answer
      }
      const answer = ask(token)
      return answer instanceof Promise ? answer.then(agree) : agree(answer)
    },

    close() {
      closed = true
      for (const question of underWay) question.abort(new Error(whyClosed))
    },
  }
}

function findIssuer({ issuer, mode }: IntrospectionSettings, issuers: ReadonlyMap<string, IssuerTrust>): IssuerTrust {
  const [only, ...others] = issuers.values()
  const found = issuer === undefined && others.length === 0 ? only : issuers.get(issuer ?? '')
  if (found === undefined) throw new ConfigurationError('introspection.issuer', 'must name one of the trusted issuers')
  if (mode === 'always' && others.length > 0) {
    throw new ConfigurationError('introspection.mode', "must be 'opaque' where several issuers are trusted")
  }
  return found
}

/** A signed JWT has three parts, and the first is a JOSE header (RFC 7519 section 7.2): all else is opaque. */
function isOpaque(token: string): boolean {
  try {
    decodeJson(splitCompact(token).header)
    return false
  } catch {
    return true
  }
}
