import { createResourceServer } from '@behalf/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type OpaqueServer, startOpaqueServer } from '../introspection/opaque-server.js'
import { AUDIENCE } from '../support/token.js'
import { frameworks } from './apps.js'

let issuer: OpaqueServer

beforeAll(async () => {
  issuer = await startOpaqueServer()
})
afterAll(() => issuer.close())

const ways = {
  'by a secret': () => ({ client: issuer.clients.secret }),
  'by a key': () => ({ client: issuer.clients.key }),
  'with signed answers': () => ({ client: issuer.clients.secret, signedResponses: 'required' as const }),
}

for (const [way, how] of Object.entries(ways)) {
  describe.each(Object.entries(frameworks))(
    `opaque tokens of oidc-provider, asked about ${way}, on %s`,
    (_name, start) => {
      test('are served for whom they are, until they are revoked', async () => {
        const introspection = { endpoint: issuer.endpoint, mode: 'opaque', ttl: 0, ...how() } as const
        const resourceServer = createResourceServer({
          issuer: { issuer: issuer.issuer, jwks: issuer.jwks },
          audience: AUDIENCE,
          introspection,
        })
        const app = await start(resourceServer)
        const call = (token: string, path = '/customers/cus_123/refunds') =>
          fetch(app.origin + path, { headers: { Authorization: `Bearer ${token}` } })
        try {
          const token = await issuer.token({ subject: 'cus_123', actor: 'agent:support' })
          const other = await issuer.token({ subject: 'cus_123', actor: 'agent:support' })
          const served = await call(token)
          expect(served.status).toBe(200)
          expect(await served.json()).toMatchObject({ subject: 'cus_123', actor: 'agent:support', mode: 'delegated' })
          expect((await call(token, '/customers/cus_124/refunds')).status).toBe(403)
          await issuer.revoke(token)
          const refused = await call(token)
          expect([refused.status, await refused.json()]).toMatchObject([401, { code: 'token_revoked' }])
          expect((await call(other)).status).toBe(200)
        } finally {
          await app.close()
          await resourceServer.close()
        }
      })
    },
  )
}
