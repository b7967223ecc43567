import { afterAll, beforeAll, expect, test } from 'vitest'
import { holdGround, type Presenter, requirePresenter } from '../../../packages/auth-server/dist/exchange/presenter.js'
import { createScene, type Scene } from './scene.js'

const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange'

let scene: Scene
let presenter: Presenter
beforeAll(async () => {
  scene = await createScene()
  presenter = await requirePresenter(scene.server.context, 'support', exchangeGrant)
})
afterAll(() => scene.server.close())

/** What becomes of a request whose ground is held after a change that came in between. */
async function holdAfter(change: (tokenId: string) => Promise<unknown>): Promise<string> {
  const { context } = scene.server
  const { record } = await context.tokens.issue({
    ...{ parentId: null, kind: 'subject', subject: 'alice', agentId: null, clientId: 'app', resource: scene.issuer },
    ...{ scope: [], transaction: null, sessionId: null, grantId: null, protocolGrantId: null, consents: [] },
    ...{ expiresAt: scene.now() + 600, claims: {} },
  })
  await change(record.tokenId)
  try {
    await holdGround(context, presenter, record.tokenId)
    return 'held'
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'failed'
  }
}

test('what a token rests on is looked at again when it is held', async () => {
  const { agents, clients, revocations, database } = scene.server.context
  const withdraw = (value: string) => revocations.withdraw({ kind: 'token', value, reason: 'test', by: 'test' })
  const lock = (until: number | null) =>
    database.query(`update agents set locked_until = $1 where id = 'agent:support'`, [until])
  expect(await holdAfter(async () => {})).toBe('held')
  expect(await holdAfter(withdraw)).toBe('subject_token_invalid')
  expect(await holdAfter(() => agents.change('agent:support', { status: 'suspended' }))).toBe('agent_inactive')
  expect(await holdAfter(() => agents.change('agent:support', { status: 'active' }))).toBe('held')
  expect(await holdAfter(() => clients.change('support', { status: 'disabled' }))).toBe('client_inactive')
  expect(await holdAfter(() => clients.change('support', { status: 'active' }))).toBe('held')
  expect(await holdAfter(() => lock(scene.now() + 60))).toBe('agent_locked')
  expect(await holdAfter(() => lock(null))).toBe('held')
  await expect(holdGround(scene.server.context, presenter, 'no such token')).rejects.toThrow('not active')
})
