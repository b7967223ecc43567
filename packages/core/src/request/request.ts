/**
 * The part of an HTTP request that a decision needs. A web `Request` already is one; Node requests become one through
 * `fromNode` of `@behalf/core/node`.
 */
export interface ResourceRequest {
  /** HTTP method, upper case. */
  readonly method: string
  /** Absolute URL, or path and query. Tokens in it are never read. */
  readonly url: string
  /** Repeated headers must be visible: joined with a comma, as the Fetch standard does it. */
  readonly headers: { get(name: string): string | null }
  /** Template of the matched route, such as `/customers/:id`: recorded in audit events, never decided on. */
  readonly route?: string | undefined
  /** The client's certificate in DER, where the connection has one (RFC 8705). */
  readonly clientCertificate?: Uint8Array | undefined
}
