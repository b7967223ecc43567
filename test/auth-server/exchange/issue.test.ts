import { createDpopKey } from '@behalf/testing'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { billing, ledger, orders, stock } from './policy.js'
import { accessToken, createScene, type Scene } from './scene.js'

let scene: Scene
beforeAll(async () => {
  scene = await createScene()
})
afterAll(async () => {
  await scene.server.close()
})

describe('a delegation token (RFC 8693, OAuth Actor Profile)', () => {
  test('names person, agent, API, scope, task and purpose', async () => {
    const answer = await scene.exchange({ fields: { txn: 'task-7' } })
    expect(answer.body).toEqual({
      access_token: expect.any(String),
      issued_token_type: accessToken,
      token_type: 'Bearer',
      expires_in: 120,
      scope: 'billing:read',
    })
    expect(answer.headers.get('cache-control')).toContain('no-store')
    expect(answer.header).toMatchObject({ typ: 'at+jwt', alg: 'ES256' })
    expect(answer.claims).toEqual({
      iss: scene.issuer,
      sub: 'alice',
      sub_profile: 'user',
      aud: billing,
      client_id: 'support',
      client_profile: 'ai_agent',
      iat: expect.any(Number),
      exp: Number(answer.claims.iat) + 120,
      jti: expect.stringMatching(/^[\w-]{22}$/),
      scope: 'billing:read',
      act: { iss: scene.issuer, sub: 'agent:support', sub_profile: 'ai_agent' },
      auth_time: expect.any(Number),
      acr: 'urn:behalf:acr:password',
      amr: ['pwd'],
      sid: 'session-1',
      txn: 'task-7',
      tctx: { tool: 'get_bill', purpose: 'answer_billing_question' },
      status: { status_list: { idx: expect.any(Number), uri: `${scene.issuer}/statuslists/0` } },
    })
  })

  test('is recorded with its parent, and told of in the trail', async () => {
    const parent = await scene.personToken()
    const { claims } = await scene.exchange({ fields: { subject_token: parent, txn: 'recorded' } })
    const record = await scene.server.context.tokens.find(String(claims.jti))
    expect(record).toMatchObject({
      kind: 'delegated',
      parentId: decodeJwt(parent).jti,
      agentId: 'agent:support',
      subject: 'alice',
    })
    const events = (await scene.events('delegation.issued')).filter(({ txn }) => txn === 'recorded')
    expect(events).toEqual([
      expect.objectContaining({
        decision: 'allow',
        mode: 'delegated',
        reason: { code: 'policy', policy: 'roles.support@1' },
        subject: { id: 'alice', iss: scene.issuer, profile: 'user' },
        actor: { id: 'agent:support', iss: scene.issuer, profile: 'ai_agent' },
        client: { id: 'support' },
        requested: { scope: ['billing:read'] },
        granted: { scope: ['billing:read'] },
        token: expect.objectContaining({ jti: claims.jti, parent_jti: decodeJwt(parent).jti }),
        tool: { name: 'get_bill' },
        purpose: 'answer_billing_question',
      }),
    ])
    expect(JSON.stringify(events)).not.toContain('eyJ')
  })

  test('is never the same twice', async () => {
    const both = await Promise.all([scene.exchange(), scene.exchange()])
    const [one, other] = both.map(({ claims }) => claims)
    expect(one?.jti).not.toBe(other?.jti)
    expect(one?.status).not.toEqual(other?.status)
    expect(one?.txn).not.toBe(other?.txn)
  })

  test('has the permissions of the tool where none were asked for', async () => {
    const { body } = await scene.exchange({ fields: { scope: undefined, tool: 'get_bill' } })
    expect(body.scope).toBe('billing:charges billing:read')
  })

  test('may be asked for as a JWT, by audience, and by the permission alone', async () => {
    const type = 'urn:ietf:params:oauth:token-type:jwt'
    const { body } = await scene.exchange({ fields: { requested_token_type: type, subject_token_type: type } })
    expect(body.issued_token_type).toBe(type)
    const byAudience = await scene.exchange({ fields: { resource: undefined, audience: billing } })
    expect(byAudience.claims.aud).toBe(billing)
    const both = await scene.exchange({ fields: { resource: billing, audience: billing } })
    expect(both.claims.aud).toBe(billing)
    const plain = await scene.exchange({ fields: { scope: 'billing:export' } })
    expect(plain.claims).not.toHaveProperty('tctx')
    expect(plain.claims.txn).toMatch(/^task_[\w-]{22}$/)
  })

  test('names the agent by its own fresh token as well', async () => {
    const actor = await scene.direct()
    const { claims } = await scene.exchange({ fields: { actor_token: actor.token, actor_token_type: accessToken } })
    expect(claims.act).toEqual({ iss: scene.issuer, sub: 'agent:support', sub_profile: 'ai_agent' })
  })

  test("never outlives the person's token, nor 300 s", async () => {
    const soon = await scene.personToken({ expiresAt: scene.now() + 20 })
    const short = await scene.exchange({ fields: { subject_token: soon } })
    expect(short.body.expires_in).toBeLessThanOrEqual(20)
    const usual = await scene.exchange({ fields: { resource: orders, scope: 'orders:read' } })
    expect(usual.body.expires_in).toBe(60)
  })

  test('comes without a refresh token', async () => {
    const { body } = await scene.exchange({ fields: { scope: 'billing:export offline_access' } })
    expect(body.error).toBe('invalid_scope')
    expect((await scene.exchange()).body).not.toHaveProperty('refresh_token')
  })
})

describe('authorization_details (RFC 9396)', () => {
  const record = (identifier: string, more: object = {}) => ({ type: 'customer_record', identifier, ...more })
  const ask = (details: unknown, subject_token?: string) =>
    scene.exchange({
      fields: {
        scope: 'billing:record',
        ...(details === undefined ? {} : { authorization_details: JSON.stringify(details) }),
        ...(subject_token === undefined ? {} : { subject_token }),
      },
    })

  test('say which record, in the token and in the answer', async () => {
    const answer = await ask([record('cus_1', { actions: ['read'], locations: [billing] })])
    const details = [record('cus_1', { actions: ['read'], locations: [billing] })]
    expect(answer.body.authorization_details).toEqual(details)
    expect(answer.claims.authorization_details).toEqual(details)
  })

  test('are a part of those of the subject token, which count where none are asked for', async () => {
    const held = [record('cus_1', { actions: ['read', 'write'] }), { type: 'customer_record', identifier: 'cus_2' }]
    const parent = await scene.personToken({ claims: { authorization_details: held } })
    expect((await ask([record('cus_1', { actions: ['read'] })], parent)).claims.authorization_details).toEqual([
      record('cus_1', { actions: ['read'] }),
    ])
    expect((await ask(undefined, parent)).claims.authorization_details).toEqual(held)
  })

  const limited = [record('cus_1', { actions: ['read'], color: 'red' })]
  test.each<[string, unknown, (readonly unknown[])?]>([
    ['none where the permission needs one', undefined],
    ['an unknown type', [{ type: 'whatever' }]],
    ['another API as location', [record('cus_1', { locations: [orders] })]],
    ['no list', record('cus_1')],
    ['an empty list', []],
    ['no type', [{ identifier: 'cus_1' }]],
    ['a number as identifier', [{ type: 'customer_record', identifier: 7 }]],
    ['another record', [record('cus_2', { actions: ['read'], color: 'red' })], limited],
    ['one more action', [record('cus_1', { actions: ['read', 'write'], color: 'red' })], limited],
    ['no action, which is every one', [record('cus_1', { color: 'red' })], limited],
    ['a member less', [record('cus_1', { actions: ['read'] })], limited],
    ['a member more', [record('cus_1', { actions: ['read'], color: 'red', size: 1 })], limited],
    ['no record', [{ type: 'customer_record', actions: ['read'], color: 'red' }], limited],
  ])('%s is refused', async (_name, details, held) => {
    const parent = held && (await scene.personToken({ claims: { authorization_details: held } }))
    expect((await ask(details, parent)).body).toMatchObject({ error: 'invalid_authorization_details' })
    expect((await ask(held ?? [record('cus_1')], parent)).status).toBe(200)
  })

  test('hold at the next hop, whatever that asks for', async () => {
    const first = await scene.exchange({
      fields: {
        scope: 'billing:record billing:read',
        tool: 'get_bill',
        authorization_details: JSON.stringify([record('cus_1', { locations: [billing] })]),
      },
    })
    const next = await scene.exchange({ client: 'billing-api', fields: { subject_token: first.token } })
    expect(next.claims.authorization_details).toEqual([record('cus_1', { locations: [billing] })])
  })
})

describe('several hops', () => {
  test('nest the actors exactly, and keep person, task and session', async () => {
    const first = await scene.exchange({ fields: { resource: orders, scope: 'orders:read', txn: 'hops' } })
    const second = await scene.exchange({
      client: 'orders-api',
      fields: { subject_token: first.token, resource: stock, scope: 'stock:read' },
    })
    const third = await scene.exchange({
      client: 'stock-api',
      fields: { subject_token: second.token, resource: billing, scope: 'billing:export' },
    })
    const link = (name: string) => ({ iss: scene.issuer, sub: `agent:${name}`, sub_profile: 'ai_agent' })
    expect(second.claims.act).toEqual({ ...link('orders-api'), act: link('support') })
    expect(third.claims.act).toEqual({ ...link('stock-api'), act: second.claims.act })
    expect(third.claims).toMatchObject({ sub: 'alice', txn: 'hops', sid: 'session-1', client_id: 'stock-api' })
    expect(Number(second.claims.exp)).toBeLessThanOrEqual(Number(first.claims.exp))
    expect(Number(third.claims.exp)).toBeLessThanOrEqual(Number(second.claims.exp))
    const record = await scene.server.context.tokens.find(String(third.claims.jti))
    expect(record?.parentId).toBe(second.claims.jti)
    const [event] = (await scene.events('delegation.issued')).filter(({ client }) =>
      JSON.stringify(client).includes('stock-api'),
    )
    expect(event?.chain).toHaveLength(3)
  })

  test('keep the chain as it is where the agent exchanges its own token', async () => {
    const first = await scene.exchange({ fields: { scope: 'billing:export billing:read', tool: 'get_bill' } })
    const again = await scene.exchange({ fields: { subject_token: first.token } })
    expect(again.claims.act).toEqual(first.claims.act)
    expect(again.body.scope).toBe('billing:read')
  })
})

describe('a key of the client (DPoP, RFC 9449)', () => {
  test('binds the token', async () => {
    const key = await createDpopKey()
    const answer = await scene.exchange({ proof: await scene.proof(key) })
    expect(answer.body.token_type).toBe('DPoP')
    expect(answer.claims.cnf).toEqual({ jkt: key.jkt })
    const own = await scene.direct({ proof: await scene.proof(key) })
    expect([own.body.token_type, own.claims.cnf]).toEqual(['DPoP', { jkt: key.jkt }])
  })

  test('may be demanded by the API or by the client', async () => {
    const key = await createDpopKey()
    const fields = { resource: ledger, scope: 'ledger:write' }
    expect((await scene.exchange({ fields })).body.error).toBe('invalid_dpop_proof')
    expect((await scene.direct({ fields })).body.error).toBe('invalid_dpop_proof')
    expect((await scene.exchange({ fields, proof: await scene.proof(key) })).claims.cnf).toEqual({ jkt: key.jkt })
    expect((await scene.exchange({ client: 'support-bound' })).body.error).toBe('invalid_dpop_proof')
    const bound = await scene.exchange({ client: 'support-bound', proof: await scene.proof(key) })
    expect(bound.claims.cnf).toEqual({ jkt: key.jkt })
  })

  test('may be another one for whoever was passed the token', async () => {
    const [theirs, mine] = [await createDpopKey(), await createDpopKey()]
    const parent = await scene.personToken({ claims: { cnf: { jkt: theirs.jkt } } })
    const answer = await scene.exchange({ fields: { subject_token: parent }, proof: await scene.proof(mine) })
    expect(answer.claims.cnf).toEqual({ jkt: mine.jkt })
  })
})

describe('direct access (client credentials)', () => {
  test("is the client's own, with no actor", async () => {
    const { body, claims } = await scene.direct()
    expect(body).toEqual({
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: 300,
      scope: 'billing:export',
    })
    expect(claims).toMatchObject({ sub: 'support', client_id: 'support', sub_profile: 'ai_agent', aud: billing })
    expect(claims).not.toHaveProperty('act')
    const [event] = (await scene.events('access.issued')).filter(({ token }) =>
      JSON.stringify(token).includes(String(claims.jti)),
    )
    expect(event).toMatchObject({ decision: 'allow', mode: 'direct', actor: { id: 'agent:support' } })
  })

  test.each<[string, Parameters<Scene['direct']>[0], string]>([
    ['a client without an agent', { client: 'no-agent' }, 'unauthorized_client'],
    ['a public client', { client: 'public' }, 'unauthorized_client'],
    ['a public client that may', { client: 'forced-public' }, 'unauthorized_client'],
    ['no resource', { fields: { resource: undefined } }, 'invalid_target'],
    ['two resources', { fields: { resource: [billing, orders] } }, 'invalid_target'],
    ['an unknown resource', { fields: { resource: 'https://evil.example' } }, 'invalid_target'],
    ['no scope', { fields: { scope: undefined } }, 'invalid_scope'],
    ['what no role gives', { fields: { scope: 'billing:admin' } }, 'invalid_scope'],
    ['what a rule denies', { fields: { scope: 'billing:denied' } }, 'invalid_scope'],
    ['a part of it denied', { fields: { scope: 'billing:export billing:denied' } }, 'invalid_scope'],
    ['what is above the ceiling', { client: 'narrow' }, 'invalid_scope'],
    ['the permission of another API', { fields: { scope: 'orders:read' } }, 'invalid_scope'],
    ['a malformed task', { fields: { txn: 'a b' } }, 'invalid_request'],
    ['a grant that is not open', { fields: { scope: 'billing:window' } }, 'invalid_scope'],
    ['no details where they are needed', { fields: { scope: 'billing:record' } }, 'invalid_authorization_details'],
  ])('is refused for %s', async (_name, request, error) => {
    const answer = await scene.direct(request)
    expect([answer.status, answer.body.error]).toEqual([400, error])
    expect(answer.token).toBe('')
    expect((await scene.direct()).status).toBe(200)
  })
})
