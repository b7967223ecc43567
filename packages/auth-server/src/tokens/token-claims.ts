import { randomBytes } from 'node:crypto'
import type { JWTPayload } from 'jose'
import type { NewToken } from './issued-token.js'

/** An identifier that nobody guesses: 128 bits. */
export function createTokenId(): string {
  return randomBytes(16).toString('base64url')
}

/**
 * Everything a token says but its `status`: the claims of RFC 9068, those it was made with, and what it rests on.
 *
 * @param issuedAt - s
 */
export function claimsOf(token: NewToken, issuer: string, tokenId: string, issuedAt: number): JWTPayload {
  const { claims, scope, transaction, sessionId, grantId } = token
  return {
    ...claims,
    iss: issuer,
    sub: token.subject,
    aud: token.resource,
    client_id: token.clientId,
    iat: issuedAt,
    exp: token.expiresAt,
    jti: tokenId,
    ...(scope.length === 0 ? {} : { scope: scope.join(' ') }),
    ...(transaction === null ? {} : { txn: transaction }),
    ...(sessionId === null ? {} : { sid: sessionId }),
    ...(grantId === null ? {} : { grant_id: grantId }),
  }
}
