import { decodeJwt, decodeProtectedHeader } from 'jose'
import * as oauth from 'oauth4webapi'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { billing, createScene, orders, type Scene } from './scene.js'

let scene: Scene

beforeAll(async () => {
  scene = await createScene()
})
afterAll(() => scene.server.close())

const record = { type: 'customer_record', actions: ['read'], identifier: 'cus_123' }

async function delegated(fields: Readonly<Record<string, string>> = {}): Promise<string> {
  return scene.exchange((await scene.personToken()).token, fields)
}

describe('introspection of a delegated token', () => {
  it.each(['support', 'billing-api', 'auditor'])('tells %s what the token says, chain and all', async (client) => {
    const token = await delegated({
      scope: 'billing:read billing:record',
      authorization_details: JSON.stringify([record]),
    })
    const claims = decodeJwt(token)
    const answer = await scene.introspect(client, token)
    expect(answer).toMatchObject({
      active: true,
      iss: scene.server.issuer,
      sub: 'alice',
      sub_profile: 'user',
      aud: billing,
      client_id: 'support',
      client_profile: 'ai_agent',
      scope: 'billing:read billing:record',
      act: { iss: scene.server.issuer, sub: 'agent:support', sub_profile: 'ai_agent' },
      authorization_details: [expect.objectContaining(record)],
      token_type: 'Bearer',
      sid: 'session-1',
    })
    for (const name of ['iat', 'exp', 'jti', 'txn', 'act', 'scope', 'acr', 'amr', 'authorization_details']) {
      expect([name, answer[name]]).toEqual([name, claims[name]])
    }
  })

  it.each(['stranger', 'orders-api', 'app', 'support-second'])('tells %s nothing', async (client) => {
    const token = await delegated()
    expect(await scene.introspect(client, token)).toEqual({ active: false })
    expect(await scene.introspect('billing-api', token)).toMatchObject({ active: true })
  })

  it('tells the API a token is for, and no other', async () => {
    const token = await delegated({ resource: orders, scope: 'orders:read' })
    expect(await scene.introspect('orders-api', token)).toMatchObject({ active: true, aud: orders })
    expect(await scene.introspect('billing-api', token)).toEqual({ active: false })
  })

  it.each(['access_token', 'refresh_token', 'something_else'])('holds with the hint %s', async (hint) => {
    const token = await delegated()
    expect(await scene.introspect('billing-api', token, { token_type_hint: hint })).toMatchObject({ active: true })
  })
})

describe('introspection of other tokens', () => {
  it('tells of a direct one that it has no actor', async () => {
    const answer = await scene.introspect('billing-api', await scene.direct())
    expect(answer).toMatchObject({ active: true, sub: 'support', client_id: 'support', scope: 'billing:read' })
    expect(answer).not.toHaveProperty('act')
  })

  it("tells of a person's own one to its application", async () => {
    const { token } = await scene.personToken()
    expect(await scene.introspect('app', token)).toMatchObject({ active: true, sub: 'alice', aud: scene.server.issuer })
    expect(await scene.introspect('support', token)).toEqual({ active: false })
  })

  it('tells of a bound one what key it is bound to', async () => {
    const { token } = await scene.server.context.tokens.issue({
      parentId: null,
      kind: 'direct',
      subject: 'support',
      agentId: 'agent:support',
      clientId: 'support',
      resource: billing,
      scope: ['billing:read'],
      transaction: null,
      sessionId: null,
      grantId: null,
      protocolGrantId: null,
      consents: [],
      expiresAt: Math.floor(Date.now() / 1000) + 60,
      claims: { cnf: { jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I' } },
    })
    expect(await scene.introspect('billing-api', token)).toMatchObject({
      active: true,
      token_type: 'DPoP',
      cnf: { jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I' },
    })
  })

  it.each<[string, (token: string) => string]>([
    ['has another signature', (token) => `${token.slice(0, -6)}AAAAAA`],
    ['has no signature', (token) => `${token.split('.').slice(0, 2).join('.')}.`],
    ['is only its id', (token) => decodeJwt(token).jti ?? ''],
    ['is no token', () => 'nobody-issued-this'],
    ['is of nobody', () => 'e30.e30.e30'],
  ])('tells nothing of one that %s', async (_what, change) => {
    const token = await scene.direct()
    expect(await scene.introspect('billing-api', change(token))).toEqual({ active: false })
    expect(await scene.introspect('billing-api', token)).toMatchObject({ active: true })
  })

  it('tells nothing of one that was revoked', async () => {
    const token = await scene.direct()
    expect(await scene.introspect('billing-api', token)).toMatchObject({ active: true })
    await scene.revoke('support', token)
    expect(await scene.introspect('billing-api', token)).toEqual({ active: false })
  })
})

describe('a signed answer', () => {
  it('is what the plain one says, for the client that asked (RFC 9701)', async () => {
    const token = await delegated()
    const answer = await scene.introspect('billing-signed', token)
    expect(answer).toMatchObject({ active: true, sub: 'alice', act: { sub: 'agent:support' } })
    expect(answer).toEqual(await scene.introspect('billing-api', token))
  })

  it('has the type of one and the key of the server', async () => {
    const response = await oauth.introspectionRequest(
      scene.as,
      { client_id: 'billing-signed' },
      oauth.ClientSecretBasic('the secret of billing-signed, which is long enough'),
      await delegated(),
      { [oauth.allowInsecureRequests]: true, requestJwtResponse: true },
    )
    const signed = await response.text()
    expect(response.headers.get('content-type')).toContain('application/token-introspection+jwt')
    expect(decodeProtectedHeader(signed)).toMatchObject({ typ: 'token-introspection+jwt', alg: 'ES256' })
    expect(decodeJwt(signed)).toMatchObject({ iss: scene.server.issuer, aud: 'billing-signed' })
  })

  it('says no more about a token that is not active', async () => {
    expect(
      await scene.introspect('billing-signed', await delegated({ resource: orders, scope: 'orders:read' })),
    ).toEqual({
      active: false,
    })
  })
})

describe('who asks', () => {
  const ask = (headers: Record<string, string>, body: URLSearchParams | string): Promise<Response> =>
    fetch(scene.as.introspection_endpoint ?? '', { method: 'POST', headers, body })
  const basic = (id: string, secret = `the secret of ${id}, which is long enough`): Record<string, string> => ({
    Authorization: `Basic ${btoa(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`)}`,
  })

  it('is a client that proved itself', async () => {
    const body = new URLSearchParams({ token: await scene.direct() })
    expect((await ask(basic('billing-api', 'wrong'), body)).status).toBe(401)
    expect((await ask({}, body)).status).toBe(400)
    const answer = await ask(basic('billing-api'), body)
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store'])
    expect(await answer.json()).toMatchObject({ active: true })
  })

  it('sends one token, as a form, not too large', async () => {
    const token = await scene.direct()
    const twice = new URLSearchParams([
      ['token', token],
      ['token', token],
    ])
    expect((await ask(basic('billing-api'), twice)).status).toBe(400)
    expect((await ask(basic('billing-api'), new URLSearchParams())).status).toBe(400)
    const json = { ...basic('billing-api'), 'Content-Type': 'application/json' }
    expect((await ask(json, JSON.stringify({ token }))).status).toBe(400)
    const large = new URLSearchParams({ token, filler: 'x'.repeat(60_000) })
    expect((await ask(basic('billing-api'), large)).status).toBe(413)
  })

  it('is recorded, with what came of it', async () => {
    const token = await delegated()
    const { jti } = decodeJwt(token)
    await scene.introspect('billing-api', token)
    await scene.introspect('stranger', token)
    const { events } = await scene.server.context.audit.search(
      { tokenId: jti, type: 'token.introspected' },
      { limit: 10 },
    )
    expect(events).toMatchObject([
      { decision: 'allow', reason: { code: 'own_api' }, client: { id: 'billing-api' }, subject: { id: 'alice' } },
      { decision: 'deny', reason: { code: 'not_concerned' }, client: { id: 'stranger' } },
    ])
    await scene.introspect('orders-api', 'e30.e30.e30')
    const inactive = await scene.server.context.audit.search({ type: 'token.introspected' }, { limit: 500 })
    expect(inactive.events.at(-1)).toMatchObject({
      decision: 'deny',
      reason: { code: 'token_inactive' },
      client: { id: 'orders-api' },
    })
  })
})
