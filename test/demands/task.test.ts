import type { ResourceServerOptions } from '@behalf/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
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

describe.each<readonly [string, () => Promise<Partial<ResourceServerOptions>>, number]>([
  [
    'introspection',
    async () => {
      const { secret } = await scene.server.context.clients.addSecret('billing-api', 86_400)
      const endpoint = `${scene.issuer}/token/introspection`
      return { introspection: { endpoint, mode: 'always', client: { id: 'billing-api', secret }, ttl: 0 } }
    },
    0,
  ],
  ['the status list', async () => ({ statusList: { hosts: [new URL(scene.issuer).host] } }), 20],
])('an API that goes by %s', (_name, options, later) => {
  test('A43: what is withdrawn between two tools of a task counts for the next one, at the API and for a new token', async () => {
    const { issuer, now } = scene
    const api = await openApi(
      { issuer, audience: billing, now, ...(await options()) },
      { '/bill': { scope: 'billing:read' } },
    )
    try {
      const person = await scene.personToken({ sessionId: `session-${later}` })
      const other = (await scene.exchange()).token
      const next = () => scene.exchange({ fields: { subject_token: person, txn: `task-${later}` } })
      const { token } = await next()
      for (const each of [token, other]) expect((await api.call('/bill', each)).status).toBe(200)
      const withdrawal = { kind: 'session', value: `session-${later}`, reason: 'signed out', by: 'test' } as const
      expect(await scene.server.context.revocations.withdraw(withdrawal)).toBe(2)
      scene.advance(later)
      expect(await api.call('/bill', token)).toMatchObject({ status: 401, code: 'token_revoked' })
      expect((await next()).body.error).toBe('invalid_request')
      expect((await api.call('/bill', other)).status).toBe(200)
    } finally {
      await api.close()
    }
  })
})
