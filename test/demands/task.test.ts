import { afterAll, beforeAll, expect, test } from 'vitest'
import { clientToken } from '../auth-server/admin/support.js'
import { billing, orders, stock } from '../auth-server/exchange/policy.js'
import { createScene, type Scene } from '../auth-server/exchange/scene.js'
import { type Api, openApi } from './api.js'

// One task of three tools, each at an API of its own, and what is on record of it.

let scene: Scene
let apis: readonly Api[]
beforeAll(async () => {
  scene = await createScene()
  const { issuer, now } = scene
  apis = await Promise.all([
    openApi({ issuer, audience: billing, now }, { '/bill': { scope: 'billing:read' } }),
    openApi({ issuer, audience: orders, now }, { '/orders': { scope: 'orders:read' } }),
    openApi({ issuer, audience: stock, now }, { '/stock': { scope: 'billing:read' } }),
  ])
})
afterAll(async () => {
  for (const api of apis) await api.close()
  await scene.server.close()
})

interface TaskRecord {
  readonly events: readonly Readonly<Record<string, unknown>>[]
  readonly tokens: readonly { readonly tokenId: string }[]
}

async function recordOf(task: string): Promise<TaskRecord> {
  const token = await clientToken(scene.server, ['admin:audit'])
  const response = await fetch(`${scene.issuer}/admin/audit/tasks/${task}`, {
    headers: { Authorization: `Bearer ${token}` },
  })
  expect(response.status).toBe(200)
  // the schema of the answer is tested with the admin API
  return (await response.json()) as TaskRecord
}

test('A7: a task of three tools is told in order, by the server and by each API, under one name', async () => {
  const txn = 'task-of-three-tools'
  const [billingApi, ordersApi, stockApi] = apis
  const calls = [
    { api: billingApi, path: '/bill', resource: billing, scope: 'billing:read', tool: 'get_bill', status: 200 },
    { api: ordersApi, path: '/orders', resource: orders, scope: 'orders:read', tool: undefined, status: 200 },
    { api: stockApi, path: '/stock', resource: stock, scope: 'stock:read', tool: undefined, status: 403 },
  ]
  const person = await scene.personToken()
  const jtis: unknown[] = []
  for (const { api, path, resource, scope, tool, status } of calls) {
    const { token, claims } = await scene.exchange({ fields: { subject_token: person, resource, scope, tool, txn } })
    jtis.push(claims.jti)
    expect((await api?.call(path, token))?.status).toBe(status)
  }
  expect((await scene.exchange({ fields: { scope: 'billing:admin', txn } })).status).toBe(400)
  await scene.exchange({ fields: { txn: 'another-task' } })

  const { events, tokens } = await recordOf(txn)
  expect(events.map(({ type, token, granted, actor, subject }) => [type, token, granted, actor, subject])).toEqual([
    ...calls.map(({ scope }, i) => [
      'delegation.issued',
      expect.objectContaining({ jti: jtis[i] }),
      expect.objectContaining({ scope: [scope] }),
      expect.objectContaining({ id: 'agent:support' }),
      expect.objectContaining({ id: 'alice' }),
    ]),
    [
      'escalation.denied',
      undefined,
      undefined,
      expect.objectContaining({ id: 'agent:support' }),
      expect.objectContaining({ id: 'alice' }),
    ],
  ])
  expect(tokens.map(({ tokenId }) => tokenId).toSorted()).toEqual(jtis.map(String).toSorted())

  const decisions = apis.flatMap((api) => api.events)
  expect(
    decisions.map(({ decision, txn, actor, subject, token, granted }) => [
      [decision, txn, actor?.id, subject?.id, token?.jti, granted?.scope],
    ]),
  ).toEqual(
    calls.map(({ scope, status }, i) => [
      [status === 200 ? 'allow' : 'deny', txn, 'agent:support', 'alice', jtis[i], [scope]],
    ]),
  )
})

test('B6: every token of a task is another one, for one API, with its scope, and ends within minutes', async () => {
  const person = await scene.personToken()
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => scene.exchange({ fields: { subject_token: person, txn: 'many-calls' } })),
  )
  expect(new Set(answers.map(({ claims }) => claims.jti)).size).toBe(20)
  for (const { claims } of answers) {
    expect(claims).toMatchObject({ aud: billing, txn: 'many-calls', act: { sub: 'agent:support' } })
    expect(Number(claims.exp) - Number(claims.iat)).toBeLessThanOrEqual(300)
  }
})
