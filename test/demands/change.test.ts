import { createRevocationList } from '@behalf/core'
import * as fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { personToken as adminToken, clientToken } from '../auth-server/admin/support.js'
import { billing, everything, seed } from '../auth-server/exchange/policy.js'
import { createScene, type Scene, statusesOf, type TokenAnswer } from '../auth-server/exchange/scene.js'
import { type Api, openApi } from './api.js'

// What the people who run it change, and what becomes of tokens: the API is never touched.

let scene: Scene
let api: Api
let admin: string
beforeAll(async () => {
  scene = await createScene({
    seed: {
      ...seed,
      accounts: [
        ...(seed.accounts ?? []),
        {
          subject: 'olga',
          username: 'olga',
          name: 'Olga',
          password: 'a good password',
          permissions: ['admin:read', 'admin:write', 'admin:approve', 'admin:audit', 'admin:revoke'],
        },
      ],
    },
  })
  api = await openApi(
    { issuer: scene.issuer, audience: billing, now: scene.now },
    { '/exports': { scope: 'billing:export' }, '/window': { scope: 'billing:window' } },
  )
})
beforeEach(async () => {
  admin = await adminToken(scene.server, undefined, { subject: 'olga', clientId: 'app' })
})
afterAll(async () => {
  await api.close()
  await scene.server.close()
})

async function manage(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const isText = typeof body === 'string'
  const response = await fetch(`${scene.issuer}/admin${path}`, {
    method,
    headers: {
      Authorization: `Bearer ${admin}`,
      ...(body === undefined ? {} : { 'Content-Type': isText ? 'application/yaml' : 'application/json' }),
      ...headers,
    },
    body: isText || body === undefined ? body : JSON.stringify(body),
  })
  const text = await response.text()
  return { status: response.status, text, etag: response.headers.get('etag') ?? '' }
}

/** Adds or replaces entries of one part of the policy. */
async function changePart(name: string, entries: object) {
  const { etag } = await manage('GET', `/policy/${name}`)
  return manage('PATCH', `/policy/${name}`, entries, { 'If-Match': etag })
}

/** Scopes of the token; none where there is no token. */
const scopesOf = ({ claims: { scope } }: TokenAnswer): string[] => (typeof scope === 'string' ? scope.split(' ') : [])

const ask = (client: string, scope: string, fields: object = {}) =>
  scene.exchange({ client, fields: { scope, ...fields } })

describe('rules', () => {
  test('A5: one agent may not ask for a permission that another one gets; the trail names the rule', async () => {
    const when = { agents: ['agent:other'], permissions: ['billing:export'] }
    expect((await changePart('rules', { 'not-for-other': { effect: 'deny', when } })).status).toBe(200)

    const refused = await ask('other', 'billing:export')
    expect([refused.status, refused.body.error, refused.token]).toEqual([400, 'invalid_scope', ''])
    expect((await scene.events('escalation.denied')).at(-1)).toMatchObject({
      actor: { id: 'agent:other' },
      reason: { code: 'denied_by_rule', policy: expect.stringContaining('not-for-other') },
    })
    expect((await api.call('/exports', (await ask('escalating', 'billing:export')).token)).status).toBe(200)
  })

  test('A9: another policy file is another decision from the next token on, at the same API', async () => {
    expect((await ask('escalating', 'billing:export')).status).toBe(200)
    const { text, etag } = await manage('GET', '/policy.yaml')
    const file = parse(text)
    const rule = { id: 'closed', effect: 'deny', when: { permissions: ['billing:export'] } }
    const closed = stringify({ ...file, rules: [...file.rules, rule] })
    const written = await manage('PUT', '/policy.yaml', closed, { 'If-Match': etag })
    expect([written.status, written.status === 200 ? '' : written.text]).toEqual([200, ''])
    expect((await ask('escalating', 'billing:export')).body.error).toBe('invalid_scope')
    expect((await manage('PUT', '/policy.yaml', text, { 'If-Match': written.etag })).status).toBe(200)
    expect((await api.call('/exports', (await ask('escalating', 'billing:export')).token)).status).toBe(200)
  })

  test('A11: no way of asking returns a scope that a rule denies', async () => {
    const token = await scene.personToken()
    const scopes = fc.uniqueArray(fc.constantFrom(...everything), { minLength: 1, maxLength: 4 })
    const asked = fc.record({
      client: fc.constantFrom('support', 'other', 'narrow', 'escalating'),
      direct: fc.boolean(),
      tool: fc.constantFrom(undefined, 'get_bill'),
      scope: scopes,
    })
    let issued = 0
    await fc.assert(
      fc.asyncProperty(asked, async ({ client, direct, tool, scope }) => {
        const fields = { resource: billing, scope: scope.join(' '), tool }
        const answer = direct
          ? await scene.direct({ client, fields })
          : await scene.exchange({ client, fields: { ...fields, subject_token: token } })
        const granted = scopesOf(answer)
        expect(granted).not.toContain('billing:denied')
        expect(granted).not.toContain('billing:admin')
        if (answer.token === '') return
        issued += 1
        expect(granted.toSorted()).toEqual(scope.toSorted())
      }),
      { numRuns: 150, seed: 4 },
    )
    expect(issued).toBeGreaterThan(0)
  })
})

describe('roles', () => {
  test('A4: a role that is given or taken counts from the next token on', async () => {
    const roles = async (names: readonly string[]) =>
      expect((await manage('PATCH', '/agents/agent:other/authority', { roles: names })).status).toBe(200)
    await roles([])
    expect((await ask('other', 'billing:charges', { tool: 'get_bill' })).body.error).toBe('invalid_scope')
    await roles(['support'])
    const earlier = await ask('other', 'billing:charges', { tool: 'get_bill' })
    expect(earlier.status).toBe(200)
    await roles([])
    expect((await ask('other', 'billing:charges', { tool: 'get_bill' })).body.error).toBe('invalid_scope')
    expect(Number(earlier.claims.exp) - Number(earlier.claims.iat)).toBeLessThanOrEqual(300)
    await roles(['support'])
  })

  test('A14: a changed role is in the trail, with what was before, what is after, and who did it', async () => {
    expect((await manage('PATCH', '/agents/agent:other/authority', { roles: ['api'] })).status).toBe(200)
    expect((await scene.events('role.changed')).at(-1)).toMatchObject({
      actor: { id: 'agent:other' },
      change: { by: expect.stringContaining('olga'), before: ['support'], after: ['api'] },
    })
    expect((await ask('other', 'billing:charges', { tool: 'get_bill' })).body.error).toBe('invalid_scope')
    expect((await manage('PATCH', '/agents/agent:other/authority', { roles: ['support'] })).status).toBe(200)
    expect((await ask('other', 'billing:charges', { tool: 'get_bill' })).status).toBe(200)
  })

  test('A42: a permission of a tool that no role has is refused; a role of an unknown permission is not taken', async () => {
    expect((await ask('roleless', 'billing:read', { tool: 'get_bill' })).body.error).toBe('invalid_scope')
    expect((await ask('support', 'billing:read', { tool: 'get_bill' })).status).toBe(200)
    const wrong = await changePart('roles', { dreamer: { permissions: ['billing:imagined'] } })
    expect([wrong.status >= 400 && wrong.status < 500, wrong.text]).toEqual([
      true,
      expect.stringContaining('billing:imagined'),
    ])
  })

  test('B15: an agent that is suspended gets nothing more, at once', async () => {
    expect((await ask('escalating', 'billing:read', { tool: 'get_bill' })).status).toBe(200)
    expect((await manage('PATCH', '/agents/agent:escalating', { status: 'suspended' })).status).toBe(200)
    expect((await ask('escalating', 'billing:read', { tool: 'get_bill' })).body.error).toBe('unauthorized_client')
    expect((await manage('PATCH', '/agents/agent:escalating/authority', { status: 'active' })).status).toBe(200)
    expect((await ask('escalating', 'billing:read', { tool: 'get_bill' })).status).toBe(200)
  })
})

describe('grants for a while', () => {
  const request = {
    agentId: 'agent:support',
    subject: 'alice',
    resource: billing,
    scope: ['billing:window'],
    justification: 'ticket 7',
    duration: 30,
    maxUses: null,
    transaction: null,
  }

  test('A15: refused before it is approved, let through inside the window, refused a second after its end', async () => {
    const { grants } = scene.server.context
    const grant = await grants.request(request)
    expect((await ask('support', 'billing:window')).token).toBe('')
    await grants.decide(grant.id, 'approved', 'olga')
    const window = await grants.find(grant.id)
    const inside = await ask('support', 'billing:window')
    expect(Number(inside.claims.exp)).toBeLessThanOrEqual(Number(window?.expiresAt))
    expect((await api.call('/window', inside.token)).status).toBe(200)
    scene.advance(31)
    expect((await ask('support', 'billing:window')).token).toBe('')
    scene.advance(5) // what clocks may differ by
    expect((await api.call('/window', inside.token)).status).toBe(401)
  })

  test('A32: no grant is used for more, by another agent, or more often than it says', async () => {
    const { grants } = scene.server.context
    const { id } = await grants.request({ ...request, maxUses: 1 })
    await grants.decide(id, 'approved', 'olga')
    expect((await ask('other', 'billing:window')).token).toBe('')
    expect((await ask('support', 'billing:window billing:admin')).body.error).toBe('invalid_scope')
    const answers = await Promise.all([1, 2, 3].map(() => ask('support', 'billing:window')))
    expect(statusesOf(answers)).toEqual([200, 400, 400])
  })

  test('A32: an agent that loses its role while it asks gets all of what it asked for, or nothing', async () => {
    const answers = await Promise.all([
      ...[1, 2, 3].map(() => ask('other', 'billing:read billing:charges', { tool: 'get_bill' })),
      manage('PATCH', '/agents/agent:other/authority', { roles: [] }).then(() => undefined),
      ...[1, 2, 3].map(() => ask('other', 'billing:read billing:charges', { tool: 'get_bill' })),
    ])
    for (const answer of answers.filter((each) => each !== undefined)) {
      if (answer.token === '') expect(answer.body.error).toBe('invalid_scope')
      else expect(scopesOf(answer)).toHaveLength(2)
    }
    expect((await ask('other', 'billing:read', { tool: 'get_bill' })).body.error).toBe('invalid_scope')
    await manage('PATCH', '/agents/agent:other/authority', { roles: ['support'] })
    expect((await ask('other', 'billing:read', { tool: 'get_bill' })).status).toBe(200)
  })
})

test('A30: when a task is done, what it got ends at the API, before its time', async () => {
  const revocations = createRevocationList({ now: scene.now })
  const listening = await openApi(
    {
      issuer: scene.issuer,
      audience: billing,
      now: scene.now,
      revocation: revocations,
      securityEvents: { revocations },
    },
    { '/exports': { scope: 'billing:export' } },
  )
  try {
    const entry = { name: 'Billing', clients: ['billing-api'], securityEvents: `${listening.origin}/events` }
    expect((await changePart('resources', { [billing]: entry })).status).toBe(200)
    const [done, other] = [await ask('support', 'billing:export'), await ask('support', 'billing:export')]
    for (const { token } of [done, other]) expect((await listening.call('/exports', token)).status).toBe(200)
    const revocation = { kind: 'transaction', value: String(done.claims.txn), reason: 'the task is done' }
    expect((await manage('POST', '/revocations', revocation)).status).toBe(201)
    const since = performance.now()
    while ((await listening.call('/exports', done.token)).status === 200 && performance.now() - since < 5000);
    expect((await listening.call('/exports', done.token)).code).toBe('token_revoked')
    expect((await listening.call('/exports', other.token)).status).toBe(200)
  } finally {
    await listening.close()
  }
})

test('A39: a permission that nobody knows is refused, and nothing is issued; or people are asked', async () => {
  const token = await scene.personToken({ scope: [...everything, 'billing:magic'] })
  const magic = await ask('support', 'billing:magic', { subject_token: token })
  expect([magic.status, magic.body.error, magic.token]).toEqual([400, 'invalid_scope', ''])
  expect((await ask('support', 'billing:export', { subject_token: token })).status).toBe(200)
})

test('A8: the trail is asked through the same server, by who may', async () => {
  expect((await manage('GET', '/audit/events?limit=1')).status).toBe(200)
  admin = await clientToken(scene.server, ['admin:read'])
  expect((await manage('GET', '/audit/events?limit=1')).status).toBe(403)
})
