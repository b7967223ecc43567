import { AccessError } from '../errors.js'
import type { ResourceRequest } from './request.js'

/** An authentication scheme that carries an access token (RFC 6750, RFC 9449). */
export type Scheme = 'bearer' | 'dpop'

/** What a caller presents: one access token under one authentication scheme. */
export interface Credentials {
  readonly scheme: Scheme
  readonly token: string
  /** The `DPoP` header, null when there is none. */
  readonly proof: string | null
}

const token68 = /^[A-Za-z0-9\-._~+/]+=*$/
const schemeName = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}$/

/**
 * Extracts the one credential of a request from its `Authorization` header (RFC 6750 section 2.1, RFC 9449 section 7.1).
 * Query and body are never looked at.
 *
 * A repeated header arrives joined with a comma, which no token68 contains: that is how repetition is seen on every
 * framework alike.
 *
 * @param maxTokenSize bytes
 * @param schemes the schemes this API takes; any other one counts as no credential
 * @param evidence learns of the scheme as soon as it is known, for the challenge of a refusal
 * @throws AccessError `token_missing`, `credentials_malformed`, `credentials_multiple`, `token_malformed` (too large)
 */
export function extractCredentials(
  request: ResourceRequest,
  maxTokenSize: number,
  schemes: readonly Scheme[],
  evidence: { scheme?: Scheme },
): Credentials {
  const proof = request.headers.get('dpop')
  if (proof?.includes(',')) throw new AccessError('credentials_multiple')
  const value = request.headers.get('authorization')
  if (value === null) throw new AccessError('token_missing')
  if (value.includes(',')) throw new AccessError('credentials_multiple')

  const space = value.indexOf(' ')
  const name = space === -1 ? value : value.slice(0, space)
  const scheme = schemes.find((known) => known === name.toLowerCase())
  if (scheme === undefined) throw new AccessError(schemeName.test(name) ? 'token_missing' : 'credentials_malformed')
  evidence.scheme = scheme

  let start = name.length
  while (value.charCodeAt(start) === 0x20) start++
  if (value.length - start > maxTokenSize) throw new AccessError('token_malformed')
  if (start === value.length) throw new AccessError('credentials_malformed')
  return { scheme, token: value.slice(start), proof }
}

/**
 * Whether a credential has the characters RFC 6750 section 2.1 allows. It is asked only about a token that is no JWS:
 * the grammar of a compact JWS is narrower, so a good token needs no second look.
 */
export function isToken68(token: string): boolean {
  return token68.test(token)
}
