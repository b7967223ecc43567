import { createResourceServer, type ResourceServer } from '@behalf/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type App, frameworks } from './apps.js'
import {
  type Algorithm,
  type AuthorizationServer,
  audiences,
  createAuthorizationServer,
} from './authorization-server.js'

const bearer = (token: string): RequestInit => ({ headers: { Authorization: `Bearer ${token}` } })
let issuer: AuthorizationServer

beforeAll(async () => {
  issuer = await createAuthorizationServer('/tenant')
})
afterAll(() => issuer.close())

for (const algorithm of Object.keys(audiences) as Algorithm[]) {
  for (const [framework, start] of Object.entries(frameworks)) {
    describe(`tokens of oidc-provider, ${algorithm}, on ${framework}`, () => {
      let resourceServer: ResourceServer
      let app: App

      beforeAll(async () => {
        resourceServer = createResourceServer({ issuer: issuer.issuer, audience: audiences[algorithm] })
        app = await start(resourceServer)
      })
      afterAll(async () => {
        await app.close()
        await resourceServer.close()
      })

      test('a direct token names the client alone', async () => {
        const response = await fetch(`${app.origin}/invoices`, bearer(await issuer.direct(algorithm)))
        expect(response.status).toBe(200)
        expect(await response.json()).toEqual({
          subject: 'agent-support',
          mode: 'direct',
          scopes: ['billing:read'],
          client: 'agent-support',
        })
      })

      test('a delegated token names the user and the agent', async () => {
        const token = await issuer.delegated(algorithm, 'cus_123', 'agent:support')
        for (const path of ['/invoices', '/customers/cus_123/refunds']) {
          const response = await fetch(app.origin + path, bearer(token))
          expect(response.status).toBe(200)
          expect(await response.json()).toEqual({
            subject: 'cus_123',
            actor: 'agent:support',
            mode: 'delegated',
            scopes: ['billing:read'],
            client: 'agent-support',
          })
        }
      })

      test('what the route demands is demanded of them', async () => {
        const direct = await issuer.direct(algorithm)
        const delegated = await issuer.delegated(algorithm, 'cus_123', 'agent:support', 'refunds:write')
        const rogue = await issuer.delegated(algorithm, 'cus_123', 'agent:rogue')
        const refused: [string, string, number, string][] = [
          [direct, '/customers/agent-support/refunds', 403, 'actor_unauthorized'],
          [rogue, '/customers/cus_123/refunds', 403, 'actor_unauthorized'],
          [delegated, '/customers/cus_124/refunds', 403, 'subject_mismatch'],
          [delegated, '/invoices', 403, 'scope_insufficient'],
        ]
        for (const [token, path, status, code] of refused) {
          const response = await fetch(app.origin + path, bearer(token))
          expect(response.status).toBe(status)
          expect(await response.json()).toMatchObject({ code })
        }
      })

      test('tokens for another API of the same server are refused', async () => {
        const other = algorithm === 'ES256' ? 'RS256' : 'ES256'
        const response = await fetch(`${app.origin}/invoices`, bearer(await issuer.direct(other)))
        expect(response.status).toBe(401)
        expect(await response.json()).toMatchObject({ code: 'audience_mismatch' })
      })
    })
  }
}
