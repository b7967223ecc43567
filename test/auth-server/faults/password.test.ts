import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeWith } from '../../support/services.js'
import { createVisitor } from '../pages/visitor.js'
import { createPostgresDatabase, encryptionKey, hasPostgres } from '../support/ground.js'
import { type RunningAuthServer, startAuthServer } from '../support/server.js'
import { createProxy, type DatabaseProxy } from './proxy.js'
import { shop, signIn } from './sign-in.js'

const password = 'a good password'

describeWith('PostgreSQL on 127.0.0.1:5432', hasPostgres, 'a password', () => {
  let database: Awaited<ReturnType<typeof createPostgresDatabase>>
  let proxy: DatabaseProxy
  let server: RunningAuthServer
  /** Transactions that were open when an account was looked up for its password. */
  const open: number[] = []
  /** The same for the secrets of a client. */
  const openForSecret: number[] = []

  beforeAll(async () => {
    database = await createPostgresDatabase()
    proxy = await createProxy(database.url)
    const ada = { subject: 'user_a', username: 'ada', name: 'Ada', password, permissions: [] }
    const seed = { accounts: [ada], clients: [shop] }
    server = await startAuthServer({ database: proxy.url, encryptionKey: encryptionKey(), seed })
    let begun = 0
    proxy.fate = (statement) => {
      if (/^begin/iu.test(statement)) begun += 1
      if (/^(?:commit|rollback$)/iu.test(statement)) begun -= 1
      if (/from accounts where username/u.test(statement)) open.push(begun)
      if (/from client_secrets/u.test(statement)) openForSecret.push(begun)
      return 'pass'
    }
  })
  afterAll(async () => {
    await server.close()
    await proxy.close()
    await database.drop()
  })

  test('is compared before a transaction begins, at the pages and in the middle of an authorization request', async () => {
    const visitor = createVisitor(server.issuer)
    expect((await visitor.signIn('ada', 'wrong')).status).toBe(401)
    expect((await visitor.signIn('ada', password)).status).toBe(303)
    expect(await signIn(server.issuer, 'ada', password, 'openid')).toMatchObject({ code: expect.any(String) })
    expect(open).toEqual([0, 0, 0])
    open.length = 0
    await server.context.database.transaction(() => server.context.accounts.authenticate('ada', password))
    expect(open).toEqual([1])
  })

  test.each(['Basic', 'form'])(
    'that an operator chose for a client is compared before a transaction begins, once the client is known (%s)',
    async (how) => {
      const ask = async (secret: string) => {
        const credentials: Record<string, string> = how === 'Basic' ? {} : { client_id: shop.id, client_secret: secret }
        const headers = new Headers()
        if (how === 'Basic') headers.set('Authorization', `Basic ${btoa(`${shop.id}:${encodeURIComponent(secret)}`)}`)
        const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: 'none', ...credentials })
        const response = await fetch(`${server.issuer}/token`, { method: 'POST', headers, body })
        return [response.status, ((await response.json()) as { readonly error: string }).error]
      }
      if (how === 'form') {
        const { metadata } = shop
        await server.context.clients.change(shop.id, {
          metadata: { ...metadata, token_endpoint_auth_method: 'client_secret_post' },
        })
      }
      expect(await ask(shop.secret)).toEqual([400, 'invalid_grant'])
      openForSecret.length = 0
      expect(await ask('a wrong one, as long as secrets are')).toEqual([401, 'invalid_client'])
      expect(openForSecret).toEqual([0, 1])
      expect(await ask(shop.secret)).toEqual([400, 'invalid_grant'])
    },
  )
})
