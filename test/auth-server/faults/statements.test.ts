import { createDpopKey } from '@behalf/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeWith } from '../../support/services.js'
import { billing } from '../exchange/policy.js'
import { createScene, type Scene } from '../exchange/scene.js'
import { createPostgresDatabase, encryptionKey, hasPostgres } from '../support/ground.js'
import { createProxy, type DatabaseProxy } from './proxy.js'

describeWith('PostgreSQL on 127.0.0.1:5432', hasPostgres, 'statements of a request', () => {
  let database: Awaited<ReturnType<typeof createPostgresDatabase>>
  let proxy: DatabaseProxy
  let scene: Scene

  beforeAll(async () => {
    database = await createPostgresDatabase()
    proxy = await createProxy(database.url)
    scene = await createScene({ database: proxy.url, encryptionKey: encryptionKey() })
  })
  afterAll(async () => {
    await scene.server.close()
    await proxy.close()
    await database.drop()
  })

  /** What a request runs. Of some, for now and then something else goes on beside it: the fewest. */
  async function statementsOf(work: () => Promise<unknown>): Promise<readonly string[]> {
    await work() // what is made once
    const runs: (readonly string[])[] = []
    for (let count = 0; count < 5; count += 1) {
      const statements: string[] = []
      proxy.fate = (statement) => {
        if (!statement.includes('event_outbox')) statements.push(statement)
        return 'pass'
      }
      await work()
      proxy.fate = () => 'pass'
      runs.push(statements)
    }
    return runs.reduce((fewest, run) => (run.length < fewest.length ? run : fewest))
  }

  test('an exchange takes as few as it needs', async () => {
    const subject_token = await scene.personToken()
    const key = await createDpopKey()
    const client = await scene.sdk()
    const call = { resource: billing, scope: 'billing:export', subjectToken: subject_token, singleUse: true }
    const bound = async () => scene.exchange({ proof: await scene.proof(key), fields: { subject_token } })
    expect(await statementsOf(() => scene.exchange({ fields: { subject_token } }))).toHaveLength(12)
    expect(await statementsOf(bound)).toHaveLength(13)
    expect(await statementsOf(() => client.getDelegationToken(call))).toHaveLength(13)
    expect(await statementsOf(() => scene.direct())).toHaveLength(10)
  })

  test('only what takes something once has a savepoint', async () => {
    const exchange = (scope: string) => statementsOf(() => scene.exchange({ fields: { scope } }))
    expect((await exchange('billing:export')).filter((text) => text.includes('savepoint'))).toEqual([])
    const taking = await exchange('billing:auto')
    expect(taking.filter((text) => /^(?:savepoint|release savepoint)/u.test(text))).toHaveLength(2)
  })
})
