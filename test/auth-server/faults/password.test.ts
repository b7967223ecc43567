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
  let open: number[] = []

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
    open = []
    await server.context.database.transaction(() => server.context.accounts.authenticate('ada', password))
    expect(open).toEqual([1])
  })
})
