import type { JWK } from 'jose'
import type { IntrospectionClient } from './introspection-options.js'

/** What a request to the issuer carries so that the issuer knows the client. */
export interface Authentication {
  readonly headers: Readonly<Record<string, string>>
  /** More members of the form. */
  readonly form: Readonly<Record<string, string>>
}

/** Seconds an assertion lives: it is used at once. */
const assertionLifetime = 60

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/**
 * Makes the authentication of one request, a new one each time: `client_secret_basic` (RFC 6749 section 2.3.1) or
 * `private_key_jwt` (RFC 7523 section 2.2), with the issuer as the one audience so that no other server can use it.
 *
 * @param issuer the issuer whose client this is
 * @param now seconds since the epoch
 */
export function createAuthentication(
  client: IntrospectionClient,
  issuer: string,
  now: () => number,
): () => Authentication | Promise<Authentication> {
  if ('secret' in client && client.secret !== undefined) {
    const credentials = btoa(`${formEncode(client.id)}:${formEncode(client.secret)}`)
    const authentication = { headers: { authorization: `Basic ${credentials}` }, form: {} }
    return () => authentication
  }
  const { id, privateKey, algorithm, keyId, audience = issuer } = client as SigningClient
  const { alg, kid } = privateKey as JWK
  const header = { alg: algorithm ?? String(alg), kid: keyId ?? kid }
  return async () => {
    const { SignJWT } = await import('jose') // on first use: most servers never sign anything
    const issuedAt = Math.floor(now())
    const assertion = await new SignJWT()
      .setProtectedHeader(header)
      .setIssuer(id)
      .setSubject(id)
      .setAudience(audience)
      .setJti(crypto.randomUUID())
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + assertionLifetime)
      .sign(privateKey as JWK)
    return { headers: {}, form: { client_assertion_type: assertionType, client_assertion: assertion } }
  }
}

type SigningClient = Extract<IntrospectionClient, { privateKey: unknown }>

/** The encoding of `application/x-www-form-urlencoded`, which leaves nothing but ASCII. */
function formEncode(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1)
}
