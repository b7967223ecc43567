import type { Account } from '../accounts/account.js'
import type { Context } from '../context.js'
import type { IssuedToken } from '../tokens/issued-token.js'
import { accessTokenType, jwtType } from './names.js'
import type { Parameters } from './parameters.js'
import { Refusal } from './refusal.js'

/** The person whose token is exchanged. */
export interface SubjectToken {
  readonly token: IssuedToken
  readonly account: Account
}

/**
 * The token that is exchanged: of this server, in force, of a person.
 *
 * @throws Refusal `invalid_request` (RFC 8693 section 2.2.2)
 */
export async function requireSubjectToken(
  { tokens, accounts }: Pick<Context, 'tokens' | 'accounts'>,
  parameters: Parameters,
): Promise<SubjectToken> {
  const text = parameters.text('subject_token')
  const type = parameters.text('subject_token_type')
  if (text === undefined || type === undefined) {
    throw new Refusal('invalid_request', 'subject_token_missing', 'subject_token and subject_token_type are required')
  }
  if (!isTokenType(type)) {
    throw new Refusal('invalid_request', 'subject_token_type', 'subject_token_type must be access_token or jwt')
  }
  const token = await tokens.verify(text)
  if (token === undefined) throw refused('subject_token_invalid', 'subject_token is not in force')
  if (token.kind === 'direct') throw refused('subject_token_direct', 'subject_token is of an agent, not of a person')
  const account = await accounts.find(token.subject)
  if (account?.status !== 'active') throw refused('subject_inactive', 'the person behind subject_token is not active')
  return { token, account }
}

/** Whether a type is one of an access token, which is a JWT here. */
export function isTokenType(type: string): boolean {
  return type === accessTokenType || type === jwtType
}

function refused(code: string, message: string): Refusal {
  return new Refusal('invalid_request', code, message)
}
