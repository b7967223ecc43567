import * as oauth from 'oauth4webapi'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { billing } from './policy.js'
import { accessToken, createScene, type Scene } from './scene.js'

let scene: Scene
let as: oauth.AuthorizationServer
let secret: string
const client: oauth.Client = { client_id: 'other' }
const insecure = { [oauth.allowInsecureRequests]: true } // the test server is on a loopback address

beforeAll(async () => {
  scene = await createScene()
  const issuer = new URL(scene.issuer)
  as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure))
  secret = (await scene.server.context.clients.addSecret('other', 3600)).secret
})
afterAll(async () => {
  await scene.server.close()
})

const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange'

async function exchange(scope: string, options: object = {}): Promise<oauth.TokenEndpointResponse> {
  const parameters = new URLSearchParams({
    subject_token: await scene.personToken(),
    subject_token_type: accessToken,
    resource: billing,
    scope,
  })
  const auth = oauth.ClientSecretBasic(secret)
  const response = await oauth.genericTokenEndpointRequest(as, client, auth, exchangeGrant, parameters, {
    ...insecure,
    ...options,
  })
  return oauth.processGenericTokenEndpointResponse(as, client, response)
}

test('oauth4webapi exchanges a token, unmodified', async () => {
  const answer = await exchange('billing:export')
  expect(answer).toMatchObject({ token_type: 'bearer', scope: 'billing:export', issued_token_type: accessToken })
  const request = new Request(billing, { headers: { Authorization: `Bearer ${answer.access_token}` } })
  const claims = await oauth.validateJwtAccessToken(as, request, billing, insecure)
  expect(claims).toMatchObject({ sub: 'alice', client_id: 'other', act: { sub: 'agent:other' } })
})

test('oauth4webapi binds a token to its key', async () => {
  const DPoP = oauth.DPoP(client, await oauth.generateKeyPair('ES256'))
  expect((await exchange('billing:export', { DPoP })).token_type).toBe('dpop')
})

test('oauth4webapi understands a refusal', async () => {
  await expect(exchange('billing:admin')).rejects.toMatchObject({ error: 'invalid_scope', status: 400 })
})

test('oauth4webapi gets an agent its own token', async () => {
  const parameters = new URLSearchParams({ resource: billing, scope: 'billing:export' })
  const auth = oauth.ClientSecretBasic(secret)
  const response = await oauth.clientCredentialsGrantRequest(as, client, auth, parameters, insecure)
  const answer = await oauth.processClientCredentialsResponse(as, client, response)
  expect(answer).toMatchObject({ token_type: 'bearer', scope: 'billing:export', expires_in: 300 })
})
