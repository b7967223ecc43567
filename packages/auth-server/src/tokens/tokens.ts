import type { Context } from '../context.js'
import { first, json } from '../database/database.js'
import type { IssuedToken, NewToken, TokenFilter, Tokens } from './issued-token.js'
import { createClaimsReader } from './own-signature.js'
import { statusListSize } from './status-list-size.js'
import { claimsOf, createTokenId } from './token-claims.js'
import { type TokenRow, toIssuedToken, tokenColumns } from './token-row.js'

/** The access tokens of the server, in its database: each has a row from the moment it is signed. */
export function createTokens(context: Pick<Context, 'settings' | 'database' | 'keys' | 'now'>): Tokens {
  const { settings, database, keys, now } = context
  const readClaims = createClaimsReader(context)

  async function register(token: NewToken): Promise<IssuedToken> {
    const tokenId = createTokenId()
    const issuedAt = Math.floor(now())
    const claims = claimsOf(token, settings.issuer, tokenId, issuedAt)
    const [row] = await database.query<TokenRow>(
      `with next as (select nextval('status_indexes') - 1 as number)
       insert into issued_tokens (token_id, parent_id, kind, subject, agent_id, client_id, resource, scope, transaction,
         session_id, grant_id, protocol_grant_id, consents, claims, status_list, status_index, issued_at, expires_at)
       select $1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9, $10, $11, $12, $13::jsonb,
         $14::jsonb || jsonb_build_object('status', jsonb_build_object('status_list', jsonb_build_object(
           'idx', number % $15::bigint, 'uri', $16::text || (number / $15::bigint)))),
         (number / $15::bigint)::integer, (number % $15::bigint)::integer, $17, $18
       from next returning ${tokenColumns}`,
      [
        tokenId,
        token.parentId,
        token.kind,
        token.subject,
        token.agentId,
        token.clientId,
        token.resource,
        json(token.scope),
        token.transaction,
        token.sessionId,
        token.grantId,
        token.protocolGrantId,
        json(token.consents),
        json(claims),
        statusListSize,
        `${settings.issuer}/statuslists/`,
        issuedAt,
        token.expiresAt,
      ],
    )
    if (row === undefined) throw new Error('the token was not recorded')
    return toIssuedToken(row)
  }

  async function issue(token: NewToken): Promise<{ readonly token: string; readonly record: IssuedToken }> {
    const record = await register(token)
    return { token: await keys.sign('token', { typ: 'at+jwt' }, record.claims), record }
  }

  async function find(tokenId: string): Promise<IssuedToken | undefined> {
    const row = first(
      await database.query<TokenRow>(`select ${tokenColumns} from issued_tokens where token_id = $1`, [tokenId]),
    )
    return row && toIssuedToken(row)
  }

  async function verify(token: string): Promise<IssuedToken | undefined> {
    const claims = await readClaims(token)
    const record = claims && (await find(claims.jti))
    return record === undefined || record.revokedAt !== null ? undefined : { ...record, claims: claims ?? {} }
  }

  async function search(
    filter: TokenFilter,
    page: { readonly after?: string; readonly limit: number },
  ): Promise<readonly IssuedToken[]> {
    const rows = await database.query<TokenRow>(
      `select ${tokenColumns} from issued_tokens
       where ($1::text is null or subject = $1) and ($2::text is null or agent_id = $2)
         and ($3::text is null or client_id = $3) and ($4::text is null or resource = $4)
         and ($5::text is null or transaction = $5) and ($6::text is null or session_id = $6)
         and ($7::text is null or grant_id = $7) and ($8::text is null or kind = $8)
         and ($9::boolean is null or $9 = (revoked_at is null and expires_at > $10))
         and ($11::text is null or (issued_at, token_id) < (
           select before.issued_at, before.token_id from issued_tokens before where before.token_id = $11))
       order by issued_at desc, token_id desc limit $12`,
      [
        filter.subject ?? null,
        filter.agentId ?? null,
        filter.clientId ?? null,
        filter.resource ?? null,
        filter.transaction ?? null,
        filter.sessionId ?? null,
        filter.grantId ?? null,
        filter.kind ?? null,
        filter.active ?? null,
        now(),
        page.after ?? null,
        page.limit,
      ],
    )
    return rows.map(toIssuedToken)
  }

  return { issue, register, verify, find, search }
}
