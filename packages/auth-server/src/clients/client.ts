import type { JWK } from 'jose'
import type { Agent } from '../agents/agent.js'

/** How a client proves itself. `none` is for applications in a browser or on a phone: they never get delegation tokens. */
export type ClientAuthentication = 'private_key_jwt' | 'client_secret_basic' | 'client_secret_post' | 'none'

/** What a client is allowed, in the names of RFC 7591. */
export interface ClientMetadata {
  readonly token_endpoint_auth_method: ClientAuthentication
  readonly grant_types: readonly string[]
  readonly redirect_uris: readonly string[]
  /** Public keys of `private_key_jwt`. Keys are always registered here, never fetched. */
  readonly jwks?: { readonly keys: readonly JWK[] }
  /** Every token must be bound to a DPoP key. */
  readonly dpop_bound_access_tokens?: boolean
  /** Demands pushed authorization requests (RFC 9126). */
  readonly require_pushed_authorization_requests?: boolean
  /** Wants introspection answers signed (RFC 9701). */
  readonly introspection_signed_response_alg?: 'ES256' | 'EdDSA'
}

/** An OAuth client: an agent's own, or an application that people sign in to. */
export interface Client {
  readonly id: string
  readonly name: string
  /** The agent it belongs to; null for an application. */
  readonly agentId: string | null
  readonly metadata: ClientMetadata
  readonly status: 'active' | 'disabled'
  readonly version: number
  readonly createdAt: number
  readonly updatedAt: number
}

/** A secret of a client, without the secret. */
export interface ClientSecret {
  readonly id: string
  readonly createdAt: number
  readonly expiresAt: number
}

/** The clients of the server. */
export interface Clients {
  find(id: string): Promise<Client | undefined>
  /** A client and the agent it belongs to; undefined where it belongs to none. */
  findWithAgent(id: string): Promise<{ readonly client: Client; readonly agent: Agent | undefined } | undefined>
  /** In order of id, those after `after`. */
  list(page: { readonly after?: string; readonly limit: number; readonly agentId?: string }): Promise<readonly Client[]>
  /** @throws InvalidInputError, ConflictError when the id is taken or the agent retired, NotFoundError for an unknown agent */
  create(client: Pick<Client, 'id' | 'name' | 'agentId' | 'metadata'>): Promise<Client>
  /**
   * One that becomes disabled gets nothing more, and what it was given is withdrawn.
   *
   * @param version - of the client that was looked at: another one since is a conflict
   * @param by - who asks, for what is withdrawn. Default `server`
   * @throws NotFoundError, InvalidInputError, StaleVersionError
   */
  change(
    id: string,
    change: Partial<Pick<Client, 'name' | 'metadata' | 'status'>>,
    version?: number,
    by?: string,
  ): Promise<Client>
  /**
   * Makes a new secret: it is shown once and kept as a hash. At most two are live.
   *
   * @param lifetime - s
   * @param chosen - a secret of the operator's own, 32 characters at least. Default: 32 random bytes in base64url
   * @throws ConflictError when two are live or the client has another way to prove itself
   */
  addSecret(clientId: string, lifetime: number, chosen?: string): Promise<ClientSecret & { readonly secret: string }>
  /** The live ones, the oldest first. */
  secrets(clientId: string): Promise<readonly ClientSecret[]>
  /** @throws NotFoundError when the client has no such secret */
  removeSecret(clientId: string, secretId: string): Promise<void>
  /** Whether it is one of the client's live secrets; constant time. */
  isSecret(clientId: string, secret: string): Promise<boolean>
  /** Has {@link Clients.isSecret} answer at once for this secret, where comparing takes long: before a transaction begins. */
  compareAhead(clientId: string, secret: string): Promise<void>
}
