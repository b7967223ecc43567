import * as client from 'openid-client'
import { exchangeGrant, type Library, type LibraryOptions, passOn } from './library.js'
import type { Proof } from './scene.js'

const authenticationOf = (proof: Proof): client.ClientAuth =>
  'secret' in proof ? client.ClientSecretBasic(proof.secret) : client.PrivateKeyJwt(proof)

/** openid-client 6, as its documentation uses it. */
export async function createOpenidClient({
  issuer,
  client: { id, proof },
  callback,
  dpop,
  signedIntrospection = false,
}: LibraryOptions): Promise<Library> {
  const metadata = signedIntrospection ? { introspection_signed_response_alg: 'ES256' } : {}
  const insecure = { execute: [client.allowInsecureRequests] }
  const config = await client.discovery(new URL(issuer), id, metadata, authenticationOf(proof), insecure)
  const bound = dpop ? { DPoP: client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256')) } : {}

  return {
    begin: async (parameters, how) => {
      const pkceCodeVerifier = client.randomPKCECodeVerifier()
      const expectedState = client.randomState()
      const request = {
        ...parameters,
        redirect_uri: callback,
        state: expectedState,
        code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
        code_challenge_method: 'S256',
      }
      const url =
        how === 'pushed'
          ? await client.buildAuthorizationUrlWithPAR(config, request, bound)
          : client.buildAuthorizationUrl(config, request)
      const checks = { pkceCodeVerifier, expectedState }
      return {
        url: url.href,
        finish: (answer) => client.authorizationCodeGrant(config, answer, checks, {}, bound),
      }
    },
    refresh: (token, parameters = {}) => client.refreshTokenGrant(config, token, parameters, bound),
    direct: (parameters) => client.clientCredentialsGrant(config, parameters, bound),
    exchange: (parameters) => client.genericGrantRequest(config, exchangeGrant, parameters, bound),
    backchannel: async (parameters, decide) => {
      const asked = await client.initiateBackchannelAuthentication(config, parameters)
      await decide()
      // the person has decided: there is nothing to wait for
      return client.pollBackchannelAuthenticationGrant(config, { ...asked, interval: 0.1 }, {}, bound)
    },
    introspect: (token) => client.tokenIntrospection(config, token),
    revoke: (token) => client.tokenRevocation(config, token),
    call: async (token, url, origin) => {
      const behind = await client.discovery(new URL(issuer), id, metadata, authenticationOf(proof), insecure)
      behind[client.customFetch] = passOn(origin)
      return client.fetchProtectedResource(behind, token, url, 'GET', null, undefined, bound)
    },
  }
}
