import { createResourceServer, type ResourceServer } from '@behalf/core'
import { decodeProtectedHeader } from 'jose'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeWith } from '../../support/services.js'
import { createPostgresDatabase, encryptionKey, hasPostgres } from '../support/ground.js'
import { type RunningAuthServer, startAuthServer } from '../support/server.js'

const api = 'https://billing.example.com'
const secret = 'a secret that an operator chose itself'
const callers = 4

describeWith(
  'PostgreSQL on 127.0.0.1:5432',
  hasPostgres,
  'rotation under load, by two processes on one database',
  () => {
    let base: Awaited<ReturnType<typeof createPostgresDatabase>>
    let servers: RunningAuthServer[] = []

    beforeAll(async () => {
      base = await createPostgresDatabase()
      const options = {
        database: base.url,
        encryptionKey: encryptionKey(),
        keys: { rotateEvery: 7_776_000, leadTime: 3 },
        rateLimits: { token: 1_000_000 },
      }
      const first = await startAuthServer({
        ...options,
        seed: {
          policy: {
            schema: 'behalf-policy/1',
            resources: { [api]: { name: 'Billing' } },
            permissions: {
              'billing:read': { resource: api, words: 'Read billing details', risk: 'low', consent: 'none' },
            },
            roles: { support: { permissions: ['billing:read'] } },
            rules: [],
          },
          agents: [{ id: 'agent:support', name: 'Support', owner: 'ops@example.com', roles: ['support'] }],
          clients: [
            {
              id: 'agent-support',
              name: 'Support',
              agent: 'agent:support',
              metadata: {
                token_endpoint_auth_method: 'client_secret_basic',
                grant_types: ['client_credentials'],
                redirect_uris: [],
              },
              secret,
            },
          ],
        },
      })
      servers = [first, await startAuthServer(options)]
    })
    afterAll(async () => {
      await Promise.all(servers.map((server) => server.close()))
      await base.drop()
    })

    async function obtain(server: RunningAuthServer): Promise<string> {
      const answer = await fetch(`${server.issuer}/token`, {
        method: 'POST',
        headers: {
          authorization: `Basic ${Buffer.from(`agent-support:${encodeURIComponent(secret)}`).toString('base64')}`,
          'content-type': 'application/x-www-form-urlencoded',
        },
        body: new URLSearchParams({ grant_type: 'client_credentials', resource: api, scope: 'billing:read' }),
      })
      const body: unknown = await answer.json()
      expect(body).toMatchObject({ access_token: expect.any(String) })
      return (body as { access_token: string }).access_token // as was just looked at
    }

    /** Callers that ask for tokens and use them until `isEnough`, and the keys their tokens were signed with. */
    async function load(apis: readonly ResourceServer[], isEnough: (kids: ReadonlySet<string>) => boolean) {
      const kids = new Set<string>()
      const counts = { tokens: 0 }
      const call = async (index: number): Promise<void> => {
        for (let i = index; !isEnough(kids); i += 1) {
          const [server, resourceServer] = [servers[i % 2], apis[i % 2]]
          if (server === undefined || resourceServer === undefined) throw new Error('two of each')
          const token = await obtain(server)
          await resourceServer.verify(token)
          kids.add(decodeProtectedHeader(token).kid ?? '')
          counts.tokens += 1
        }
      }
      await Promise.all(Array.from({ length: callers }, (_, index) => call(index)))
      return { kids, ...counts }
    }

    it('refuses nothing, at the token endpoint or at an API', async () => {
      const apis = servers.map(({ issuer }) => createResourceServer({ issuer, audience: api }))
      const until = Date.now() + 45_000
      let rotated: Promise<unknown> | undefined
      const { kids, tokens } = await load(apis, (seen) => {
        rotated ??= servers[1]?.context.keys.rotate('token')
        return seen.size > 1 || Date.now() > until
      })
      await rotated
      expect(kids.size).toBe(2)
      expect(tokens).toBeGreaterThan(callers)
      // and the keys that are published are the same at both
      const sets = await Promise.all(servers.map(async ({ issuer }) => (await fetch(`${issuer}/jwks`)).json()))
      const names = sets.map((set) => (set as { keys: { kid: string }[] }).keys.map(({ kid }) => kid).toSorted())
      expect(names[0]).toEqual([...kids].toSorted())
      expect(names[1]).toEqual(names[0])
    })

    it('leaves a leaked key in seconds at both, in what they sign and what they publish', async () => {
      const leaked = decodeProtectedHeader(await obtain(servers[0] as RunningAuthServer)).kid
      await servers[1]?.context.keys.rotate('token', true, 'alice')
      const until = Date.now() + 20_000
      for (const server of servers) {
        for (;;) {
          const set: unknown = await (await fetch(`${server.issuer}/jwks`)).json()
          const names = (set as { keys: { kid: string }[] }).keys.map(({ kid }) => kid)
          const signing = decodeProtectedHeader(await obtain(server)).kid
          if (!names.includes(`${leaked}`) && signing !== leaked) break
          expect(Date.now(), 'the leaked key is still in use').toBeLessThan(until)
        }
        const token = await obtain(server)
        await createResourceServer({ issuer: server.issuer, audience: api }).verify(token)
      }
    })
  },
)
