import { afterAll, beforeAll, expect, it } from 'vitest'
import { audienceOf, createScene, type Scene } from './scene.js'

const start = 1_800_000_000
let now = start
let scene: Scene

beforeAll(async () => {
  scene = await createScene({ now: () => now })
})
afterAll(() => scene.close())

const agent = 'agent:support'
const ask = async (at: number) => (await scene.admin(`/audit/authority?at=${at}&agent=${agent}`)).json

/** Changes the agent as a person does at the admin API. */
async function change(body: object): Promise<void> {
  const { issuer } = scene.server
  const token = await scene.issue({ subject: 'ada', resource: `${issuer}/admin`, scope: ['admin:write'] })
  const response = await fetch(`${issuer}/admin/agents/${agent}/authority`, {
    method: 'PATCH',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  expect(response.status).toBe(200)
}

it('tells what an agent could do before and after each change', async () => {
  const { context } = scene.server
  now = start + 100
  await change({ roles: ['writer'] })
  now = start + 200
  await change({ roles: ['reader', 'writer'], ceiling: ['koa:read'] })
  now = start + 300
  const consent = await context.consents.grant({
    subject: 'alice',
    agentId: agent,
    permission: 'koa:write',
    resource: audienceOf('koa'),
    detailsDigest: '',
    mode: 'once',
    transaction: null,
    sessionId: null,
    expiresAt: start + 400,
  })
  now = start + 1_000

  const reads = ['express:read', 'fastify:read', 'koa:read', 'hono:read']
  expect(await ask(start - 1)).toMatchObject({ policy: null, items: [] })
  expect(await ask(start + 50)).toMatchObject({
    policy: { version: 1, createdAt: start },
    items: [{ roles: ['reader'], permissions: reads, ceiling: null, certain: true, consents: [] }],
  })
  expect((await ask(start + 150)).items).toMatchObject([
    { roles: ['writer'], permissions: ['audit:write'], certain: true },
  ])
  expect((await ask(start + 250)).items).toMatchObject([{ permissions: ['koa:read'], ceiling: ['koa:read'] }])
  expect((await ask(start + 350)).items).toMatchObject([{ consents: [{ consentId: consent.id, subject: 'alice' }] }])
  expect((await ask(start + 450)).items).toMatchObject([{ certain: true, consents: [] }])
})

it('says when it does not know', async () => {
  const { agents } = scene.server.context
  now = start + 2_000
  await agents.change(agent, { ceiling: null }) // by something that tells the trail nothing
  expect((await ask(start + 1_500)).items).toMatchObject([{ certain: false }])
  expect((await ask(start + 2_500)).items).toMatchObject([{ certain: true, ceiling: null }])
  now = start + 10_000_000
  const [item] = (await ask(start + 350)).items
  expect(item).not.toHaveProperty('consents')
})

it('goes through all agents a page at a time', async () => {
  const { json } = await scene.admin(`/audit/authority?at=${now}&limit=4`)
  const rest = await scene.admin(`/audit/authority?at=${now}&limit=4&after=${json.next}`)
  expect([json.items.length, rest.json.items.length, rest.json.next]).toEqual([4, 3, undefined])
})
