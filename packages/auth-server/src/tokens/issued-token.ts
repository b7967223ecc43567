import type { JWTPayload } from 'jose'

/** What a token is: a person's own (`subject`), an agent's own (`direct`), or an agent's for a person (`delegated`). */
export type TokenKind = 'subject' | 'direct' | 'delegated'

/** The record of one access token. */
export interface IssuedToken {
  readonly tokenId: string
  /** The token it was exchanged for. */
  readonly parentId: string | null
  readonly kind: TokenKind
  readonly subject: string
  readonly agentId: string | null
  readonly clientId: string
  readonly resource: string
  readonly scope: readonly string[]
  readonly transaction: string | null
  readonly sessionId: string | null
  /** The just-in-time grant it was issued under. */
  readonly grantId: string | null
  /** The protocol engine's grant behind a person's own token. */
  readonly protocolGrantId: string | null
  /** Ids of the consents it rests on. */
  readonly consents: readonly string[]
  readonly claims: JWTPayload
  readonly issuedAt: number
  readonly expiresAt: number
  readonly revokedAt: number | null
}

/** What a new token says and rests on. `jti`, `iss`, `iat`, `status` are the register's own. */
export interface NewToken extends Omit<IssuedToken, 'tokenId' | 'issuedAt' | 'revokedAt' | 'claims'> {
  /** Claims beside the registered ones: `act`, `cnf`, `tctx`, `authorization_details`, `auth_time`, `acr`, ... */
  readonly claims: JWTPayload
}

/** Filters of a search; every one given must match. */
export interface TokenFilter {
  readonly subject?: string
  readonly agentId?: string
  readonly clientId?: string
  readonly resource?: string
  readonly transaction?: string
  readonly sessionId?: string
  readonly grantId?: string
  readonly kind?: TokenKind
  /** Neither expired nor revoked; false: one of the two. */
  readonly active?: boolean
}

/** Mints access tokens and remembers each until it is gone. */
export interface Tokens {
  /** Signs and records a token, in the transaction under way. */
  issue(token: NewToken): Promise<{ readonly token: string; readonly record: IssuedToken }>
  /** Records a token that the protocol engine signs: returns the claims it must carry. */
  register(token: NewToken): Promise<IssuedToken>
  /** The record of a token of this server: signature, issuer, type and time hold, and it was not revoked. Undefined otherwise. */
  verify(token: string): Promise<IssuedToken | undefined>
  /** The record by `jti`, in force or not. */
  find(tokenId: string): Promise<IssuedToken | undefined>
  /**
   * Records, newest first.
   *
   * @param page - `after`: the last token id of the page before
   */
  search(
    filter: TokenFilter,
    page: { readonly after?: string; readonly limit: number },
  ): Promise<readonly IssuedToken[]>
}
