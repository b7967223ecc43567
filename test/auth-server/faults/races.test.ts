import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type AuthServer, createAuthServer } from '@behalf/auth-server'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeWith } from '../../support/services.js'
import { ask, billing, createAgent, password, type TestAgent } from '../program/agent.js'
import { createPostgresDatabase, encryptionKey, hasPostgres } from '../support/ground.js'
import { type RunningAuthServer, startAuthServer } from '../support/server.js'
import { nothingHalf, unmatched } from './ledger.js'
import { askAsShop, codeFields, shop, signIn } from './sign-in.js'

const sideBySide = 6

// Proofs, uses of a grant and consents for one time race in exchange/processes.test.ts.
describeWith('PostgreSQL on 127.0.0.1:5432', hasPostgres, 'two servers that are shown the same thing at once', () => {
  let database: Awaited<ReturnType<typeof createPostgresDatabase>>
  let first: RunningAuthServer
  let second: AuthServer
  let http: Server
  let agent: TestAgent
  let places: readonly string[]

  beforeAll(async () => {
    database = await createPostgresDatabase()
    agent = await createAgent()
    const shared = { database: database.url, encryptionKey: encryptionKey(), rateLimits: { token: 10_000 } }
    first = await startAuthServer({
      ...shared,
      seed: { ...agent.seed, clients: [...(agent.seed.clients ?? []), shop] },
    })
    second = await createAuthServer({ ...shared, issuer: first.issuer })
    http = createServer(second.handler).listen(0, '127.0.0.1')
    await once(http, 'listening')
    // what listens on a port has an AddressInfo
    places = [first.issuer, `http://127.0.0.1:${(http.address() as AddressInfo).port}`]
  })
  afterAll(async () => {
    http.closeAllConnections()
    http.close()
    await second.close()
    await first.close()
    await database.drop()
  })

  /** Shows the same to both in turn, all at the same time. */
  const race = <T>(show: (place: string) => Promise<T>): Promise<readonly T[]> =>
    Promise.all(Array.from({ length: sideBySide }, (_, index) => show(places[index % places.length] ?? '')))

  const statuses = (answers: readonly { readonly status: number }[]): readonly number[] =>
    answers.map(({ status }) => status).toSorted((a, b) => a - b)

  const losers = (status: number): readonly number[] => Array.from({ length: sideBySide - 1 }, () => status)

  test('an authorization code serves one', async () => {
    for (let round = 0; round < 3; round++) {
      const code = await signIn(first.issuer, 'ada', password, 'openid offline_access billing:read')
      const answers = await race((place) => askAsShop(place, codeFields(code)))
      expect(statuses(answers)).toEqual([200, ...losers(400)])
      expect(answers.filter(({ status }) => status === 400).map(({ body }) => body.error)).toEqual(
        losers(400).map(() => 'invalid_grant'),
      )
      const issued = answers.find(({ status }) => status === 200)?.body.access_token
      expect(await second.context.tokens.verify(issued ?? '')).toBeUndefined()
    }
  })

  test('a refresh token serves one, and whoever comes too late, however little, ends its family', async () => {
    for (let round = 0; round < 5; round++) {
      const code = await signIn(first.issuer, 'ada', password, 'openid offline_access billing:read')
      const { body } = await askAsShop(first.issuer, codeFields(code))
      const refresh = (place: string, refresh_token: string) =>
        askAsShop(place, { grant_type: 'refresh_token', refresh_token })
      const rotated = await refresh(places[1] ?? '', body.refresh_token ?? '')
      expect(rotated.status).toBe(200)
      const answers = await race((place) => refresh(place, rotated.body.refresh_token ?? ''))
      expect(statuses(answers)).toEqual([200, ...losers(400)])
      const newest = answers.find(({ status }) => status === 200)?.body ?? {}
      expect((await refresh(first.issuer, newest.refresh_token ?? '')).body.error).toBe('invalid_grant')
      expect(await second.context.tokens.verify(newest.access_token ?? '')).toBeUndefined()
    }
  })

  test('a client assertion serves one', async () => {
    for (let round = 0; round < 5; round++) {
      const client_assertion = await agent.assertion(first.issuer)
      const answers = await race((place) =>
        ask(place, {
          ...{ grant_type: 'client_credentials', resource: billing, scope: 'billing:export', client_id: 'support-app' },
          client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
          client_assertion,
        }),
      )
      expect(statuses(answers)).toEqual([200, ...losers(401)])
    }
  })

  test('and nothing is half there', async () => {
    expect(await unmatched(first.context.database)).toEqual(nothingHalf)
    expect((await second.context.audit.verify()).intact).toBe(true)
  })
})
