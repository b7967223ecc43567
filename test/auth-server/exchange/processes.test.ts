import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type AuthServer, createAuthServer } from '@behalf/auth-server'
import { createDpopKey } from '@behalf/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeWith } from '../../support/services.js'
import { createPostgresDatabase, encryptionKey, hasPostgres } from '../support/ground.js'
import { billing, orders } from './policy.js'
import { createScene, type Scene, statusesOf, type TokenAnswer, type TokenRequest } from './scene.js'

describeWith('PostgreSQL on 127.0.0.1:5432', hasPostgres, 'two servers on one PostgreSQL', () => {
  let database: Awaited<ReturnType<typeof createPostgresDatabase>>
  let scene: Scene
  let second: AuthServer
  let http: Server
  let other: string
  beforeAll(async () => {
    database = await createPostgresDatabase()
    const shared = { database: database.url, encryptionKey: encryptionKey() }
    scene = await createScene(shared)
    second = await createAuthServer({ issuer: scene.issuer, now: scene.now, escalation: { limit: 1000 }, ...shared })
    http = createServer(second.handler).listen(0, '127.0.0.1')
    await once(http, 'listening')
    // what the listening server answers is an AddressInfo, for it listens on a port
    other = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  })
  afterAll(async () => {
    http.closeAllConnections()
    http.close()
    await second.close()
    await scene.server.close()
    await database.drop()
  })

  /** The same request, to both at the same time. */
  const many = (request: TokenRequest, count = 6): Promise<readonly TokenAnswer[]> =>
    Promise.all(Array.from({ length: count }, (_, n) => scene.exchange({ ...request, ...(n % 2 && { at: other }) })))

  test('either exchanges the token of the other', async () => {
    const first = await scene.exchange({ at: other, fields: { resource: orders, scope: 'orders:read' } })
    expect(first.status).toBe(200)
    const again = await scene.exchange({
      fields: { subject_token: first.token, resource: orders, scope: 'orders:read' },
    })
    expect(again.status).toBe(200)
  })

  test('a proof counts once', async () => {
    const key = await createDpopKey()
    expect(statusesOf(await many({ proof: await scene.proof(key) }))).toEqual([200, 400, 400, 400, 400, 400])
  })

  test('the last use of a grant serves one', async () => {
    const { grants } = scene.server.context
    const { id } = await grants.request({
      ...{ agentId: 'agent:support', subject: 'alice', resource: billing, scope: ['billing:window'] },
      ...{ justification: 'a test', duration: 300, maxUses: 2, transaction: null },
    })
    await grants.decide(id, 'approved', 'root')
    expect(statusesOf(await many({ fields: { scope: 'billing:window' } }))).toEqual([200, 200, 400, 400, 400, 400])
    expect((await grants.find(id))?.uses).toBe(2)
  })

  test('a consent for one time serves one', async () => {
    const pending = await scene.exchange({ fields: { scope: 'billing:refund' } })
    await second.context.approvals.decide(String(pending.body.approval_id), 'approved', 'alice', null)
    expect(statusesOf(await many({ fields: { scope: 'billing:refund' } }))).toEqual([200, 400, 400, 400, 400, 400])
  })

  test('an exchange waits for a suspension under way, and for the end of a session', async () => {
    const { agents, database: store, revocations } = scene.server.context
    const sessionId = 'session-that-ends'
    const subject_token = await scene.personToken({ sessionId })
    const another = await scene.personToken()
    const [own, theirs] = await store
      .transaction(async () => {
        await agents.change('agent:suspended', { status: 'suspended' })
        await revocations.withdraw({ kind: 'session', value: sessionId, reason: 'test', by: 'test' })
        const under = [
          scene.exchange({ client: 'suspended', fields: { subject_token: another } }),
          scene.exchange({ fields: { subject_token } }),
        ]
        // long enough to get to the row that is locked; were nothing locked, both would be granted meanwhile
        await new Promise((resolve) => setTimeout(resolve, 500))
        return under
      })
      .then((under) => Promise.all(under))
    expect([own?.body.error, theirs?.body.error]).toEqual(['unauthorized_client', 'invalid_request'])
    await agents.change('agent:suspended', { status: 'active' })
    expect((await scene.exchange({ client: 'suspended' })).status).toBe(200)
  })

  test('no token escapes the suspension of its agent', async () => {
    const { agents, tokens } = scene.server.context
    const client = 'suspended'
    for (let round = 0; round < 5; round++) {
      const answers = many({ client })
      await scene.exchange({ client })
      await agents.change('agent:suspended', { status: 'suspended' })
      expect((await answers).every(({ status }) => status === 200 || status === 400)).toBe(true)
      expect(await tokens.search({ agentId: 'agent:suspended', active: true }, { limit: 100 })).toEqual([])
      await agents.change('agent:suspended', { status: 'active' })
    }
    expect((await scene.exchange({ client })).status).toBe(200)
  })

  test('no token escapes the end of the session it comes from', async () => {
    const { revocations, tokens } = second.context
    for (let round = 0; round < 5; round++) {
      const sessionId = `session-of-round-${round}`
      const subject_token = await scene.personToken({ sessionId })
      const answers = many({ fields: { subject_token } })
      await scene.exchange({ fields: { subject_token } })
      await revocations.withdraw({ kind: 'session', value: sessionId, reason: 'test', by: 'test' })
      expect((await answers).every(({ status }) => status === 200 || status === 400)).toBe(true)
      expect(await tokens.search({ sessionId, active: true }, { limit: 100 })).toEqual([])
    }
  })

  test("refusals at the same time do not stand in one another's way", async () => {
    const answers = await many({ fields: { scope: 'billing:admin' } }, 12)
    expect(answers.every(({ body }) => body.error === 'invalid_scope')).toBe(true)
    const mixed = await Promise.all([many({}), many({ fields: { scope: 'billing:admin' } }), many({})])
    expect(mixed.flat().filter(({ status }) => status >= 500)).toEqual([])
  })
})
