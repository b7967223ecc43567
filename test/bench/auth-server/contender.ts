/** What a server under test is told. */
export interface Setup {
  readonly kind: 'behalf' | 'oidc-provider'
  readonly what: 'exchange' | 'client credentials'
  /** Of Behalf: where its state is. Default: PostgreSQL, a database of its own. */
  readonly embedded?: boolean
  /** Of Behalf: what is in the database before. */
  readonly agents?: number
  readonly events?: number
  /** Of oidc-provider: what its tokens are. */
  readonly format?: 'opaque' | 'jwt'
}

/** One request for a token, over and over. */
export interface TokenRequest {
  readonly method: 'POST'
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** What a server under test answers once it listens. */
export interface Ready {
  readonly port: number
  readonly requests: readonly TokenRequest[]
}

export const resource = 'https://billing.example.com'
export const scope = 'billing:read'

/** A request of a client that proves itself with a secret. */
export function tokenRequest(client: string, secret: string, fields: Readonly<Record<string, string>>): TokenRequest {
  return {
    method: 'POST',
    path: '/token',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `Basic ${Buffer.from(`${client}:${secret}`).toString('base64')}`,
    },
    body: new URLSearchParams(fields).toString(),
  }
}
