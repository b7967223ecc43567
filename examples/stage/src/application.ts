import * as oauth from 'oauth4webapi'
import type { Person } from './person.js'
import { callback } from './world.js'

/** An application that people sign in to: authorization code with PKCE (RFC 7636). */
export interface Application {
  readonly clientId: string
  /**
   * Somebody's token, for a resource with a scope: they sign in when there is none, or it is about to end.
   *
   * @param maxAge - seconds since they last typed their password: they do it again where that is longer ago
   */
  tokenOf(person: Person, resource: string, scope: string, maxAge?: number): Promise<string>
}

interface Held {
  readonly token: string
  /** Milliseconds since the epoch. */
  readonly until: number
}

/** Milliseconds before its end that a token is replaced. */
const early = 60_000

/** @param proof - how the application proves that it is itself */
export function createApplication(issuer: string, clientId: string, proof: oauth.ClientAuth): Application {
  const client = { client_id: clientId }
  // oxlint-disable-next-line typescript/no-deprecated -- marked so to stand out: the auth server of the demo is on loopback
  const options = { [oauth.allowInsecureRequests]: true }
  const held = new Map<string, Promise<Held>>()

  async function signIn(person: Person, resource: string, scope: string, maxAge?: number): Promise<Held> {
    const at = new URL(issuer)
    const found = await oauth.discoveryRequest(at, { ...options, algorithm: 'oauth2' })
    const server = await oauth.processDiscoveryResponse(at, found)
    const verifier = oauth.generateRandomCodeVerifier()
    const state = oauth.generateRandomState()
    const url = new URL(server.authorization_endpoint ?? '')
    url.search = new URLSearchParams({
      response_type: 'code',
      client_id: clientId,
      redirect_uri: callback,
      resource,
      scope: maxAge === undefined ? scope : `openid ${scope}`, // max_age belongs to OpenID Connect
      state,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      ...(maxAge === undefined ? {} : { max_age: `${maxAge}` }),
    }).toString()

    const answer = oauth.validateAuthResponse(server, client, await person.signIn(url), state)
    const response = await oauth.authorizationCodeGrantRequest(
      server,
      client,
      proof,
      answer,
      callback,
      verifier,
      options,
    )
    const { access_token, expires_in = 0 } = await oauth.processAuthorizationCodeResponse(server, client, response)
    return { token: access_token, until: Date.now() + expires_in * 1000 - early }
  }

  return {
    clientId,
    async tokenOf(person, resource, scope, maxAge) {
      const key = JSON.stringify([person.subject, resource, scope])
      const known = await held.get(key)
      if (maxAge === undefined && known && Date.now() < known.until) return known.token
      const fresh = signIn(person, resource, scope, maxAge)
      held.set(key, fresh)
      return (await fresh).token
    },
  }
}
