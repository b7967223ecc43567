import type { IssuedToken } from '../tokens/issued-token.js'
import type { Detail } from './details.js'
import type { Findings } from './findings.js'
import type { GrantAnswer } from './grant-handler.js'

/** A token that was issued. */
export interface Issued {
  readonly token: string
  readonly record: IssuedToken
  readonly details: readonly Detail[]
  /** Thumbprint of the key it is bound to. */
  readonly key: string | undefined
}

/** What the client gets (RFC 6749 section 5.1, RFC 8693 section 2.2.1, RFC 9396 section 7): always with the scope that was granted. */
export function answerOf({ token, record, details, key }: Issued): GrantAnswer {
  return {
    access_token: token,
    token_type: key === undefined ? 'Bearer' : 'DPoP',
    expires_in: record.expiresAt - record.issuedAt,
    scope: record.scope.join(' '),
    ...(details.length === 0 ? {} : { authorization_details: details }),
  }
}

/** What the trail keeps of it. */
export function findingsOf({ record, details, key }: Issued): Findings {
  const { tokenId, issuedAt, expiresAt, parentId, grantId, scope, transaction } = record
  return {
    granted: { scope, ...(details.length === 0 ? {} : { details }) },
    token: {
      jti: tokenId,
      iat: issuedAt,
      exp: expiresAt,
      ...(key === undefined ? {} : { bound: 'dpop' }),
      ...(parentId === null ? {} : { parent_jti: parentId }),
      ...(grantId === null ? {} : { grant_id: grantId }),
    },
    ...(transaction === null ? {} : { txn: transaction }),
  }
}
