import { AccessError } from '../errors.js'
import { decodeBytes, decodeJson, isJsonObject, type JsonObject, splitCompact } from '../jws/compact.js'
import { parseHeader } from '../jws/header.js'
import type { FetchedText } from '../keys/fetch.js'
import type { IssuerTrust } from './verifier.js'

/** What the issuer said of a token. */
export interface Answer {
  readonly claims: JsonObject
  /** Seconds since the epoch: the answer speaks of this moment. */
  readonly at: number
}

/** What a signed answer is judged by. */
export interface SignedAnswerRules {
  readonly trust: IssuerTrust
  /** Names under which the issuer may know this API: one of them must be in `aud`. */
  readonly recipients: readonly string[]
  /** Seconds. */
  readonly clockTolerance: number
  /** Seconds for which an answer counts. */
  readonly ttl: number
  /** Seconds since the epoch. */
  readonly now: () => number
}

/** The media types of answers. */
export const answerTypes = { plain: 'application/json', signed: 'application/token-introspection+jwt' } as const

/**
 * Reads an answer in JSON (RFC 7662 section 2.2).
 *
 * @param asked seconds since the epoch
 * @throws Error with a message for operators: nothing of the answer is in it, because an endpoint may repeat the token
 */
export function readPlainAnswer({ text, type }: FetchedText, asked: number): Answer {
  if (type !== answerTypes.plain) throw new Error('the answer is no JSON')
  return { claims: checkActive(parse(text)), at: asked }
}

/**
 * Reads a signed answer (RFC 9701 section 5): `typ` is `token-introspection+jwt`, the issuer signed it, and it is for
 * this API. One that is older than answers may be, a recorded one say, does not count.
 *
 * @param asked seconds since the epoch
 * @throws Error with a message for operators, AccessError with the code of what does not hold
 */
export async function readSignedAnswer(
  { text, type }: FetchedText,
  asked: number,
  rules: SignedAnswerRules,
): Promise<Answer> {
  if (type !== answerTypes.signed) throw new Error('the answer is not signed')
  const { algorithms, keys } = rules.trust
  const parts = splitCompact(text)
  const header = parseHeader(parts.header)
  if (`application/${header.typ}` !== answerTypes.signed) throw new AccessError('token_type_rejected')
  if (!algorithms.has(header.alg)) throw new AccessError('algorithm_rejected')
  const signature = decodeBytes(parts.signature)
  const statement = decodeJson(parts.claims)
  const issuedAt = checkStatement(statement, asked, rules)
  const key = await keys.find(header.kid, header.alg, () => {})
  const check = await key.check(header.alg)
  if (!(await check(parts.signingInput, signature, text))) throw new AccessError('signature_invalid')
  return { claims: checkActive(statement.token_introspection), at: Math.min(asked, issuedAt) }
}

function checkStatement({ iss, aud, iat }: JsonObject, asked: number, rules: SignedAnswerRules): number {
  if (iss !== rules.trust.issuer) throw new AccessError('issuer_untrusted')
  const audience: readonly unknown[] = Array.isArray(aud) ? aud : [aud]
  if (!rules.recipients.some((name) => audience.includes(name))) throw new AccessError('audience_mismatch')
  if (typeof iat !== 'number') throw new AccessError('claim_invalid')
  if (iat > rules.now() + rules.clockTolerance) throw new AccessError('token_not_yet_valid')
  if (!(iat >= asked - rules.ttl - rules.clockTolerance)) throw new AccessError('token_too_old')
  return iat
}

/** An answer that does not say whether the token is active is none. */
function checkActive(answer: unknown): JsonObject {
  if (!isJsonObject(answer) || typeof answer.active !== 'boolean') throw new Error('the answer does not say active')
  return answer
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // the error quotes the text
  }
}
