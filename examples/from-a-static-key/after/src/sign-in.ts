import { once } from 'node:events'
import { createServer } from 'node:http'
import * as oidc from 'openid-client'
import { key } from './client.js'

const { AUTH = 'http://127.0.0.1:4000', CALLBACK = 'http://127.0.0.1:4002/callback' } = process.env

const { privateKey, keyId } = await key()
const proof = oidc.PrivateKeyJwt({ key: privateKey, kid: keyId })
const config = await oidc.discovery(new URL(AUTH), 'support-app', undefined, proof, {
  execute: [oidc.allowInsecureRequests], // the server is on loopback
})
const pkceCodeVerifier = oidc.randomPKCECodeVerifier()
const expectedState = oidc.randomState()
const url = oidc.buildAuthorizationUrl(config, {
  redirect_uri: CALLBACK,
  resource: AUTH, // a token that exists to be exchanged
  scope: 'billing:read', // what the agent may ask for in this person's name
  code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
  code_challenge_method: 'S256',
  state: expectedState,
})
console.error(`Open ${url}`)

const { hostname, port } = new URL(CALLBACK)
const server = createServer().listen(Number(port), hostname)
const [req, res] = await once(server, 'request')
res.writeHead(200, { connection: 'close' }).end('You are signed in: back to the terminal.')
server.close()

const answer = new URL(req.url, CALLBACK)
const { access_token } = await oidc.authorizationCodeGrant(config, answer, { pkceCodeVerifier, expectedState })
console.log(access_token)
