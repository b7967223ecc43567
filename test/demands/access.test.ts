import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { billing, orders, stock } from '../auth-server/exchange/policy.js'
import { createScene, type Scene } from '../auth-server/exchange/scene.js'
import { type Api, openApi } from './api.js'

// Who may do what: every token is one that the server issued, every call goes over a socket to a guard.

let scene: Scene
const apis = new Map<string, Api>()
beforeAll(async () => {
  scene = await createScene()
  const { issuer, now } = scene
  apis.set(
    billing,
    await openApi(
      { issuer, audience: billing, now },
      {
        '/bills': { scope: 'billing:read', delegation: 'required', actor: ['agent:support', 'agent:narrow'] },
        '/bills/:id': { scope: 'billing:read', delegation: 'required' },
        '/exports': { scope: 'billing:export', delegation: 'required' },
        '/nightly': { scope: 'billing:export', delegation: 'forbidden' },
        '/tool': { scope: 'billing:read', tool: 'get_bill', purpose: 'answer_billing_question' },
      },
    ),
  )
  apis.set(orders, await openApi({ issuer, audience: orders, now }, { '/orders': { scope: 'orders:read' } }))
  apis.set(stock, await openApi({ issuer, audience: stock, now }, { '/stock': { scope: 'stock:read' } }))
})
afterAll(async () => {
  for (const api of apis.values()) await api.close()
  await scene.server.close()
})

const at = (audience: string): Api => {
  const api = apis.get(audience)
  if (api === undefined) throw new Error(`no API for ${audience}`)
  return api
}
const subjectToken = (subject: string): Promise<string> => scene.personToken({ subject })

describe('who may call what', () => {
  // every person with every agent and every permission; what is listed is let through, everything else is 403 or not issued
  const people = ['alice', 'bob', 'carol']
  const agents = ['support', 'other', 'narrow', 'roleless']
  const routes: Readonly<Record<string, string>> = {
    '/bills': 'billing:read',
    '/bills/alice': 'billing:read',
    '/exports': 'billing:export',
  }
  const allowed = new Set([
    ...people.flatMap((person) => [`${person} support /bills`, `${person} narrow /bills`]),
    ...['support', 'other', 'narrow'].map((agent) => `alice ${agent} /bills/alice`),
    ...['alice', 'bob'].flatMap((person) => [`${person} support /exports`, `${person} other /exports`]),
  ])

  test('A2: each person, agent, scope and route: only what is listed is let through', async () => {
    const let_through: string[] = []
    for (const person of people) {
      const token = await subjectToken(person)
      for (const client of agents) {
        for (const scope of ['billing:read', 'billing:export']) {
          const issued = await scene.exchange({ client, fields: { subject_token: token, scope, tool: 'get_bill' } })
          if (issued.token === '') {
            expect(issued.body.error).toBe('invalid_scope')
            continue
          }
          for (const [path, needed] of Object.entries(routes)) {
            const { status } = await at(billing).call(path, issued.token)
            if (status === 200) let_through.push(`${person} ${client} ${path}`)
            else expect(status).toBe(403)
            if (needed !== scope) expect(status).toBe(403)
          }
        }
      }
    }
    expect(let_through.toSorted()).toEqual([...allowed].toSorted())
  })
})

describe('one API is not another', () => {
  test('A3: a token for one API is refused by every other one, and cannot be passed on', async () => {
    const places: readonly (readonly [string, string, string])[] = [
      [billing, 'billing:read', '/bills'],
      [orders, 'orders:read', '/orders'],
      [stock, 'stock:read', '/stock'],
    ]
    for (const [resource, scope] of places) {
      const tool = resource === billing ? 'get_bill' : undefined
      const { token } = await scene.exchange({ fields: { resource, scope, tool } })
      expect([decodeJwt(token).aud].flat()).toEqual([resource])
      for (const [audience, , path] of places) {
        const { status, code } = await at(audience).call(path, token)
        expect([status, code]).toEqual(audience === resource ? [200, 'allowed'] : [401, 'audience_mismatch'])
      }
    }
  })

  test('A23: an API that was called calls on: the person stays, actors nest, scope and time do not grow', async () => {
    const first = await scene.exchange({ fields: { resource: orders, scope: 'orders:read' } })
    const hop = { subject_token: first.token, resource: stock, scope: 'stock:read' }
    const second = await scene.exchange({ client: 'orders-api', fields: hop })
    expect(second.claims).toMatchObject({
      sub: 'alice',
      scope: 'stock:read',
      txn: first.claims.txn,
      act: { sub: 'agent:orders-api', act: { sub: 'agent:support' } },
    })
    expect(second.claims.act).toEqual({
      iss: scene.issuer,
      sub: 'agent:orders-api',
      sub_profile: 'ai_agent',
      act: first.claims.act,
    })
    expect(Number(second.claims.exp)).toBeLessThanOrEqual(Number(first.claims.exp))
    expect(await at(stock).call('/stock', second.token)).toMatchObject({ status: 200, body: { subject: 'alice' } })
    const wider = await scene.exchange({ client: 'orders-api', fields: { ...hop, scope: 'stock:read billing:export' } })
    expect(wider.body.error).toBe('invalid_scope')
  })
})

describe('one person is not another', () => {
  test('A20: of many at the same time, each gets tokens of their own person alone, and sees theirs alone', async () => {
    const people = ['alice', 'bob', 'carol']
    const tokens = new Map(await Promise.all(people.map(async (each) => [each, await subjectToken(each)] as const)))
    const calls = Array.from({ length: 120 }, (_, i) => people[i % 3] ?? '')
    const seen = await Promise.all(
      calls.map(async (person) => {
        const { token, claims } = await scene.exchange({ fields: { subject_token: tokens.get(person) } })
        const own = await at(billing).call(`/bills/${person}`, token)
        const other = await at(billing).call(`/bills/${person === 'bob' ? 'alice' : 'bob'}`, token)
        return [claims.sub, own.status, own.body.subject, other.status, other.code]
      }),
    )
    expect(seen).toEqual(calls.map((person) => [person, 200, person, 403, 'subject_mismatch']))
  })

  test('A21: what a person lacks, no agent gets for them', async () => {
    const orderScope = { resource: orders, scope: 'orders:read' }
    const fields = { ...orderScope, subject_token: await subjectToken('carol') }
    const refused = await scene.exchange({ fields })
    expect([refused.status, refused.body.error]).toEqual([400, 'invalid_scope'])
    const [denied] = (await scene.events('escalation.denied')).slice(-1)
    expect(denied).toMatchObject({ subject: { id: 'carol' }, reason: { code: 'subject_lacks' } })
    const granted = await scene.exchange({ fields: { ...orderScope, subject_token: await subjectToken('bob') } })
    expect((await at(orders).call('/orders', granted.token)).status).toBe(200)
  })
})

describe('delegated is not direct', () => {
  test("A18: an agent's own token opens a service's route and no person's", async () => {
    const { token } = await scene.direct()
    expect(await at(billing).call('/nightly', token)).toMatchObject({ status: 200, body: { mode: 'direct' } })
    expect((await at(billing).call('/exports', token)).status).toBe(403)
    const delegated = await scene.exchange({ fields: { scope: 'billing:export' } })
    expect((await at(billing).call('/exports', delegated.token)).status).toBe(200)
    expect((await at(billing).call('/nightly', delegated.token)).status).toBe(403)
  })

  test("A33: an agent's own token becomes no one else's", async () => {
    const { token } = await scene.direct()
    const refused = await scene.exchange({ fields: { subject_token: token } })
    expect([refused.status, refused.body.error]).toEqual([400, 'invalid_request'])
    expect((await scene.exchange()).status).toBe(200)
  })
})

describe('what a token is for', () => {
  test('A29: a token for a tool has the scopes of that tool and no others', async () => {
    const { token, claims } = await scene.exchange({ fields: { scope: undefined, tool: 'get_bill' } })
    expect(String(claims.scope).split(' ').toSorted()).toEqual(['billing:charges', 'billing:read'])
    expect(await at(billing).call('/bills', token)).toMatchObject({
      status: 200,
      body: { scopes: expect.arrayContaining(['billing:read', 'billing:charges']) },
    })
    expect((await at(billing).call('/exports', token)).status).toBe(403)
  })

  test('B8: a token for one tool is refused at the route of another, and the trail says why', async () => {
    const rightly = await scene.exchange({ fields: { scope: 'billing:read', tool: 'get_bill' } })
    expect((await at(billing).call('/tool', rightly.token)).status).toBe(200)
    const { permissions } = (await scene.server.context.policy.current()).document
    expect(permissions['billing:export']?.tools).toBeUndefined()
    const toolless = await scene.exchange({ fields: { scope: 'billing:export' } })
    expect((await at(billing).call('/tool', toolless.token)).status).toBe(403)
    const event = at(billing).events.at(-1)
    expect(event).toMatchObject({ decision: 'deny', subject: { id: 'alice' }, actor: { id: 'agent:support' } })
    expect(event?.txn).toBe(toolless.claims.txn)
    const wrong = await scene.exchange({ fields: { scope: 'billing:read', tool: 'other_tool' } })
    expect(wrong.body.error).toBe('invalid_scope')
  })

  test('B2: a token that leaked is of no use elsewhere, later, without its key, or again', async () => {
    const leaks = await openApi(
      { issuer: scene.issuer, audience: billing, now: scene.now },
      { '/once': { scope: 'billing:read', singleUse: true }, '/many': { scope: 'billing:read' } },
    )
    try {
      const { token } = await scene.exchange()
      expect((await at(orders).call('/orders', token)).code).toBe('audience_mismatch')
      expect((await leaks.call('/once', token)).status).toBe(200)
      expect([(await leaks.call('/once', token)).status, (await leaks.call('/many', token)).status]).toEqual([401, 200])
      scene.advance(121 + 10)
      expect(await leaks.call('/many', token)).toMatchObject({ status: 401, code: 'token_expired' })
    } finally {
      await leaks.close()
    }
  })
})

test('A31: agent, person, API and scope are in every event about a token, allowed and denied', async () => {
  await scene.exchange()
  await scene.direct()
  await scene.exchange({ fields: { scope: 'billing:admin' } })
  await scene.direct({ fields: { scope: 'billing:admin' } })
  const own = await scene.exchange()
  await at(billing).call('/bills', own.token)
  await at(billing).call('/exports', own.token)

  const ofServer = (await scene.events()).filter(({ type }) =>
    /^(?:delegation|access|escalation)\.(?:issued|denied)$/u.test(String(type)),
  )
  const decisions = (events: readonly { readonly decision?: unknown }[]) =>
    new Set(events.map(({ decision }) => decision))
  expect(decisions(ofServer)).toEqual(new Set(['allow', 'deny']))
  for (const event of ofServer) {
    expect(event).toMatchObject({
      actor: { id: expect.stringMatching(/^agent:/) },
      resource: { aud: expect.stringMatching(/^https/) },
      requested: { scope: expect.any(Array) },
    })
    // who a token is about is unknown where the token itself was refused
    if (!JSON.stringify(event).includes('"code":"subject_token_')) expect(event).toHaveProperty('subject.id')
  }
  // a token for another API is refused before anything it says is looked at
  const ofApi = at(billing).events.filter(({ reason }) => reason.code !== 'audience_mismatch')
  expect(decisions(ofApi)).toEqual(new Set(['allow', 'deny']))
  for (const event of ofApi) {
    expect(event).toMatchObject({ resource: { aud: billing }, requested: { scope: expect.any(Array) } })
    expect(event.subject?.id ?? '').not.toBe('')
    expect(event.actor?.id ?? event.client?.id ?? '').not.toBe('')
  }
})
