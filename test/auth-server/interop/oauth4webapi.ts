import * as oauth from 'oauth4webapi'
import { exchangeGrant, type Library, type LibraryOptions, passOn } from './library.js'
import type { Proof } from './scene.js'

const authenticationOf = (proof: Proof): oauth.ClientAuth =>
  'secret' in proof ? oauth.ClientSecretBasic(proof.secret) : oauth.PrivateKeyJwt(proof)

/** oauth4webapi 3, as its documentation uses it. */
export async function createOauth4webapi({
  issuer,
  client: { id, proof },
  callback,
  dpop,
  signedIntrospection = false,
}: LibraryOptions): Promise<Library> {
  const insecure = { [oauth.allowInsecureRequests]: true }
  const at = new URL(issuer)
  const server = await oauth.processDiscoveryResponse(
    at,
    await oauth.discoveryRequest(at, { ...insecure, algorithm: 'oauth2' }),
  )
  const client: oauth.Client = {
    client_id: id,
    ...(signedIntrospection ? { introspection_signed_response_alg: 'ES256' } : {}),
  }
  const authentication = authenticationOf(proof)
  const bound = dpop ? { DPoP: oauth.DPoP(client, await oauth.generateKeyPair('ES256')) } : {}
  const options = { ...insecure, ...bound }

  return {
    begin: async (parameters, how) => {
      const verifier = oauth.generateRandomCodeVerifier()
      const state = oauth.generateRandomState()
      const request = {
        ...parameters,
        client_id: id,
        response_type: 'code',
        redirect_uri: callback,
        state,
        code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      }
      const url = new URL(server.authorization_endpoint ?? '')
      if (how === 'pushed') {
        const pushed = await oauth.pushedAuthorizationRequest(server, client, authentication, request, options)
        const { request_uri } = await oauth.processPushedAuthorizationResponse(server, client, pushed)
        url.search = new URLSearchParams({ client_id: id, request_uri }).toString()
      } else url.search = new URLSearchParams(request).toString()
      return {
        url: url.href,
        finish: async (answer) => {
          const values = oauth.validateAuthResponse(server, client, answer, state)
          const response = await oauth.authorizationCodeGrantRequest(
            server,
            client,
            authentication,
            values,
            callback,
            verifier,
            options,
          )
          return oauth.processAuthorizationCodeResponse(server, client, response)
        },
      }
    },
    refresh: async (token, additionalParameters = {}) => {
      const response = await oauth.refreshTokenGrantRequest(server, client, authentication, token, {
        ...options,
        additionalParameters,
      })
      return oauth.processRefreshTokenResponse(server, client, response)
    },
    direct: async (parameters) => {
      const response = await oauth.clientCredentialsGrantRequest(server, client, authentication, parameters, options)
      return oauth.processClientCredentialsResponse(server, client, response)
    },
    exchange: async (parameters) => {
      const response = await oauth.genericTokenEndpointRequest(
        server,
        client,
        authentication,
        exchangeGrant,
        parameters,
        options,
      )
      return oauth.processGenericTokenEndpointResponse(server, client, response)
    },
    backchannel: async (parameters, decide) => {
      const begun = await oauth.backchannelAuthenticationRequest(server, client, authentication, parameters, insecure)
      const { auth_req_id } = await oauth.processBackchannelAuthenticationResponse(server, client, begun)
      await decide()
      const response = await oauth.backchannelAuthenticationGrantRequest(
        server,
        client,
        authentication,
        auth_req_id,
        options,
      )
      return oauth.processBackchannelAuthenticationGrantResponse(server, client, response)
    },
    introspect: async (token) => {
      const response = await oauth.introspectionRequest(server, client, authentication, token, insecure)
      return oauth.processIntrospectionResponse(server, client, response)
    },
    revoke: async (token) => {
      const response = await oauth.revocationRequest(server, client, authentication, token, insecure)
      await oauth.processRevocationResponse(response)
    },
    call: (token, url, origin) =>
      oauth.protectedResourceRequest(token, 'GET', url, undefined, null, {
        ...options,
        [oauth.customFetch]: passOn(origin),
      }),
  }
}
