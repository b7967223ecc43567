import { createResourceServer, type ResourceServer } from '@behalf/core'
import * as oauth from 'oauth4webapi'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type App, frameworks } from './apps.js'
import { type AuthorizationServer, audiences, createAuthorizationServer } from './authorization-server.js'

// oidc-provider binds tokens to keys of oauth4webapi, which presents them; both servers demand nonces of their own.

const audience = audiences.ES256
const nonce = { secret: 'a secret of thirty-two bytes, or more' }
let issuer: AuthorizationServer

beforeAll(async () => {
  issuer = await createAuthorizationServer()
})
afterAll(() => issuer.close())

/** A client with a key of its own, and every proof it sent to the API. */
async function createClient(algorithm: 'ES256' | 'Ed25519') {
  const client = { client_id: issuer.client.id }
  const server = { issuer: issuer.issuer, token_endpoint: `${issuer.issuer}/token` }
  const DPoP = oauth.DPoP({}, await oauth.generateKeyPair(algorithm))
  const proofs: string[] = []
  const ask = async () => {
    const secret = oauth.ClientSecretBasic(issuer.client.secret)
    const form = { resource: audience, scope: 'billing:read' }
    const options = { DPoP, [oauth.allowInsecureRequests]: true }
    const response = await oauth.clientCredentialsGrantRequest(server, client, secret, form, options)
    return oauth.processClientCredentialsResponse(server, client, response)
  }
  return {
    proofs,
    token: () => retry(ask),
    /** The API is behind a proxy: its clients know it by another address than it listens at. */
    call: ({ origin }: App, token: string) =>
      oauth.protectedResourceRequest(token, 'GET', new URL(`${audience}/invoices?page=2`), undefined, null, {
        DPoP,
        [oauth.customFetch]: (
          url: string,
          { method, headers }: { method: string; headers: Record<string, string> },
        ) => {
          proofs.push(headers.dpop ?? '')
          return fetch(url.replace(audience, origin), { method, headers })
        },
      }),
  }
}

/** Does it again when a nonce was missing, and makes sure that it was. */
async function retry<T>(request: () => Promise<T>): Promise<T> {
  const first: unknown = await request().catch((error: unknown) => error)
  expect(oauth.isDPoPNonceError(first)).toBe(true)
  return request()
}

const codeOf = async (response: Response): Promise<unknown> => ((await response.json()) as { code: unknown }).code

for (const algorithm of ['ES256', 'Ed25519'] as const) {
  for (const [framework, start] of Object.entries(frameworks)) {
    describe(`tokens of oidc-provider bound to a key of oauth4webapi, ${algorithm}, on ${framework}`, () => {
      let resourceServer: ResourceServer
      let app: App
      let client: Awaited<ReturnType<typeof createClient>>
      let token: string

      beforeAll(async () => {
        resourceServer = createResourceServer({ issuer: issuer.issuer, audience, dpop: { mode: 'required', nonce } })
        app = await start(resourceServer)
        client = await createClient(algorithm)
        const { access_token: issued, token_type: type } = await client.token()
        expect(type).toBe('dpop')
        token = issued
      })
      afterAll(async () => {
        await app.close()
        await resourceServer.close()
      })

      test('are served once the proof has the nonce of this API, and again with the next proof', async () => {
        const served = await retry(() => client.call(app, token))
        expect(served.status).toBe(200)
        expect(served.headers.get('dpop-nonce')).toBeTruthy()
        expect(await served.json()).toMatchObject({ subject: issuer.client.id, scopes: ['billing:read'] })
        expect((await client.call(app, token)).status).toBe(200)
      })

      test('are refused with a proof that was used, without one, and with one of another key', async () => {
        const present = (authorization: string, dpop?: string) =>
          fetch(`${app.origin}/invoices?page=2`, { headers: { authorization, ...(dpop && { dpop }) } })
        expect((await client.call(app, token)).status).toBe(200)
        expect(await codeOf(await present(`DPoP ${token}`, client.proofs.at(-1)))).toBe('dpop_proof_replayed')
        expect(await codeOf(await present(`DPoP ${token}`))).toBe('dpop_proof_invalid')
        expect(await codeOf(await present(`Bearer ${token}`))).toBe('binding_required')
        const thief = await createClient(algorithm)
        const refused: unknown = await retry(() => thief.call(app, token)).catch((error: unknown) => error)
        expect(refused).toBeInstanceOf(oauth.WWWAuthenticateChallengeError)
        expect(await codeOf((refused as oauth.WWWAuthenticateChallengeError).response)).toBe('binding_mismatch')
      })
    })
  }
}
