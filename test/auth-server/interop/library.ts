import type { Registered } from './scene.js'

export type Parameters = Readonly<Record<string, string>>

/** What every library says of a token answer. */
export interface Tokens {
  readonly access_token: string
  readonly token_type: string
  readonly expires_in?: number
  readonly refresh_token?: string
  readonly id_token?: string
  readonly scope?: string
}

/** An authorization request under way. */
export interface Begun {
  readonly url: string
  /** Looks over the answer and exchanges its code. */
  finish(answer: URL): Promise<Tokens>
}

/** A client library as an application uses it: what it refuses or is refused, it throws. */
export interface Library {
  /** Authorization code with PKCE; the request pushed (RFC 9126) or in the URL. */
  begin(parameters: Parameters, how: 'pushed' | 'in the URL'): Promise<Begun>
  refresh(token: string, parameters?: Parameters): Promise<Tokens>
  direct(parameters: Parameters): Promise<Tokens>
  exchange(parameters: Parameters): Promise<Tokens>
  /** Asks a person who is elsewhere, and waits for what `decide` brings about. */
  backchannel(parameters: Parameters, decide: () => Promise<unknown>): Promise<Tokens>
  introspect(token: string): Promise<Readonly<Record<string, unknown>>>
  revoke(token: string): Promise<void>
  /** Calls an API behind a proxy that passes requests for its public URL on to `origin`. */
  call(token: string, url: URL, origin: string): Promise<Response>
}

export interface LibraryOptions {
  readonly issuer: string
  readonly client: Registered
  readonly callback: string
  /** Whether tokens are to be bound to a key of the library's own (RFC 9449). */
  readonly dpop: boolean
  /** Whether answers about tokens are to be signed (RFC 9701). */
  readonly signedIntrospection?: boolean
}

/** The grant of RFC 8693. */
export const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange'

/** What a proxy in front of an API does. */
export const passOn =
  (origin: string) =>
  (url: string, init: object): Promise<Response> => {
    const { pathname, search } = new URL(url)
    return fetch(`${origin}${pathname}${search}`, init)
  }
