import { createDpopKey } from '@behalf/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { issueToken } from './fixtures.js'
import { type Admin, billing, call, clientToken, everyScope, personToken, startAdmin } from './support.js'

let admin: Admin
beforeAll(async () => {
  admin = await startAdmin()
})
afterAll(() => admin.close())

const read = (token: string) => call(admin, 'GET', '/agents', { token })

describe('tokens', () => {
  test('one that was revoked is refused at once', async () => {
    const token = await personToken(admin, ['admin:read'], { sessionId: 'ses_gone' })
    expect((await read(token)).status).toBe(200)
    const by = await personToken(admin)
    const body = { kind: 'session', value: 'ses_gone', reason: 'left the company' }
    expect((await call(admin, 'POST', '/revocations', { token: by, body })).json).toMatchObject({ ended: 1 })
    expect((await read(token)).json).toMatchObject({ status: 401, code: 'token_revoked' })
    expect((await read(by)).status).toBe(200)
  })

  test('one for another API, and one that the server has no record of, are refused', async () => {
    expect((await read(await personToken(admin, everyScope, { resource: billing }))).json).toMatchObject({
      code: 'audience_mismatch',
    })
    const token = await personToken(admin)
    await admin.context.database.query('delete from issued_tokens where resource = $1', [admin.url])
    expect((await read(token)).json).toMatchObject({ code: 'token_revoked' })
  })

  test('a key that is replaced counts no longer; one that is rotated does', async () => {
    const before = await personToken(admin)
    expect((await call(admin, 'POST', '/keys/rotate', { token: before })).status).toBe(201)
    expect((await read(before)).status).toBe(200)
    const reply = await call(admin, 'POST', '/keys/rotate-now', { token: before, body: { purpose: 'token' } })
    expect(reply.status).toBe(201)
    // the process takes up the new key a moment after the answer
    await expect.poll(async () => (await read(before)).json).toMatchObject({ status: 401, code: 'key_not_found' })
    expect((await read(await personToken(admin))).status).toBe(200)
  })

  test('one that is bound to a key needs a proof, each proof once', async () => {
    const key = await createDpopKey()
    const now = Math.floor(admin.context.now())
    const token = await personToken(admin, ['admin:read'], { claims: { auth_time: now, cnf: { jkt: key.jkt } } })
    const url = `${admin.url}/agents`
    const proof = await key.proof({ method: 'GET', url, token })
    const send = (headers: Record<string, string>) => call(admin, 'GET', '/agents', { headers })
    expect((await send({ authorization: `DPoP ${token}`, dpop: proof })).status).toBe(200)
    expect((await send({ authorization: `DPoP ${token}`, dpop: proof })).json).toMatchObject({
      error: 'invalid_dpop_proof',
    })
    expect((await send({ authorization: `Bearer ${token}` })).status).toBe(401)
  })

  test('a client gets one by itself at the token endpoint, as far as its agent may', async () => {
    const by = await personToken(admin)
    const headers = { 'if-match': '*' }
    await call(admin, 'PATCH', '/policy/roles', { token: by, headers, body: { ops: { permissions: ['admin:read'] } } })
    await call(admin, 'POST', '/agents', { token: by, body: { id: 'agent:ops', name: 'Ops', owner: 'team' } })
    await call(admin, 'PATCH', '/agents/agent:ops/authority', { token: by, body: { roles: ['ops'] } })
    const metadata = {
      token_endpoint_auth_method: 'client_secret_post',
      grant_types: ['client_credentials'],
      redirect_uris: [],
    }
    const client = { id: 'ops', name: 'Ops', agentId: 'agent:ops', metadata }
    expect((await call(admin, 'POST', '/clients', { token: by, body: client })).status).toBe(201)
    const { secret } = (await call(admin, 'POST', '/clients/ops/secrets', { token: by })).json
    const ask = async (scope: string) => {
      const sent = {
        grant_type: 'client_credentials',
        client_id: 'ops',
        client_secret: secret,
        resource: admin.url,
        scope,
      }
      const response = await fetch(`${admin.issuer}/token`, { method: 'POST', body: new URLSearchParams(sent) })
      return { status: response.status, ...JSON.parse(await response.text()) }
    }
    const granted = await ask('admin:read')
    expect(granted).toMatchObject({ status: 200, token_type: 'Bearer' })
    expect((await read(granted.access_token)).status).toBe(200)
    expect(await ask('admin:read admin:write')).toMatchObject({ status: 400, error: 'invalid_scope' })
    await call(admin, 'PATCH', '/agents/agent:ops', { token: by, body: { status: 'suspended' } })
    expect((await read(granted.access_token)).json).toMatchObject({ status: 401, code: 'token_revoked' })
  })

  test('a client by itself gives no agent power, nor wakes one', async () => {
    await call(admin, 'POST', '/agents', {
      token: await personToken(admin),
      body: { id: 'agent:quiet', name: 'Quiet', owner: 'team' },
    })
    const token = await clientToken(admin, ['admin:write'])
    const patch = (path: string, body: object) => call(admin, 'PATCH', `/agents/agent:quiet${path}`, { token, body })
    expect((await patch('', { name: 'Quieter' })).status).toBe(200)
    expect((await patch('', { roles: ['support'] })).status).toBe(400)
    expect((await patch('', { status: 'active' })).status).toBe(400)
    expect((await patch('/authority', { roles: ['support'] })).json.code).toBe('authentication_insufficient')
    expect((await patch('/authority', { status: 'active' })).json.code).toBe('authentication_insufficient')
  })

  test('the metadata says where tokens come from', async () => {
    const response = await fetch(`${admin.issuer}/.well-known/oauth-protected-resource/admin`)
    expect(await response.json()).toMatchObject({
      resource: admin.url,
      authorization_servers: [admin.issuer],
      scopes_supported: [...everyScope].sort(),
    })
  })
})

describe('nobody decides for themselves what is not theirs', () => {
  const post = (token: string, path: string) => call(admin, 'POST', path, { token })

  test('an agent neither changes itself nor decides on what it asked for', async () => {
    const own = { agentId: 'agent:support', clientId: 'support-client' }
    const token = await personToken(admin, everyScope, own)
    const body = { roles: ['support'] }
    expect((await call(admin, 'PATCH', '/agents/agent:support/authority', { token, body })).json).toMatchObject({
      code: 'own_agent',
    })
    const secret = await call(admin, 'POST', '/clients/support-client/secrets', { token })
    expect(secret.json).toMatchObject({ status: 403, code: 'own_agent' })
    const { id } = await admin.context.approvals.ask({
      kind: 'permission',
      agentId: 'agent:support',
      subject: null,
      request: { resource: billing, scope: ['billing:all'] },
    })
    expect((await post(token, `/approvals/${id}/approve`)).json).toMatchObject({ code: 'own_agent' })
    const reply = await post(await personToken(admin), `/approvals/${id}/approve`)
    expect(reply.json).toMatchObject({ status: 'approved', decidedBy: 'usr_admin' })
    expect((await post(await personToken(admin), `/approvals/${id}/deny`)).json).toMatchObject({ code: 'conflict' })
  })

  test('nobody consents for somebody else', async () => {
    const { id } = await admin.context.approvals.ask({
      kind: 'consent',
      agentId: 'agent:support',
      subject: 'usr_ben',
      request: { resource: billing, scope: ['billing:refund'] },
    })
    expect((await post(await personToken(admin), `/approvals/${id}/approve`)).json).toMatchObject({
      code: 'not_own_item',
    })
    expect((await post(await clientToken(admin), `/approvals/${id}/approve`)).status).toBe(403)
    const ben = await personToken(admin, ['admin:approve'], { subject: 'usr_ben' })
    expect((await post(ben, `/approvals/${id}/approve`)).json).toMatchObject({ status: 'approved' })
  })

  test('a grant that is approved is decided in the inbox too', async () => {
    const token = await personToken(admin)
    const wanted = { agentId: 'agent:support', resource: billing, scope: ['billing:refund'], justification: 'a refund' }
    const grant = await call(admin, 'POST', '/grants', { token, body: wanted })
    expect((await post(token, `/grants/${grant.json.id}/approve`)).json).toMatchObject({ status: 'approved' })
    const { items } = (await call(admin, 'GET', '/approvals?agentId=agent:support', { token })).json
    const item = items.find(({ request }: { request: { grantId?: string } }) => request.grantId === grant.json.id)
    expect(item).toMatchObject({ kind: 'grant', status: 'approved', decidedBy: 'usr_admin' })
    expect((await post(token, `/grants/${grant.json.id}/deny`)).json).toMatchObject({ status: 409 })
    expect((await post(token, `/grants/${grant.json.id}/revoke`)).json).toMatchObject({ status: 'revoked' })
  })
})

describe('the trail', () => {
  const events = async (query: string) =>
    (await call(admin, 'GET', `/audit/events?limit=200&${query}`, { token: await personToken(admin) })).json.items

  test('a change says what was before, what is after, and who made it', async () => {
    const token = await personToken(admin)
    await call(admin, 'POST', '/agents', { token, body: { id: 'agent:told', name: 'Before', owner: 'team' } })
    await call(admin, 'PATCH', '/agents/agent:told', { token, body: { name: 'After' } })
    await call(admin, 'PATCH', '/agents/agent:told/authority', { token, body: { roles: ['support'] } })
    const told = await events('actor=agent:told')
    expect(told.map(({ type }: { type: string }) => type)).toEqual([
      'agent.registered',
      'agent.changed',
      'agent.changed',
      'role.changed',
    ])
    expect(told[1]).toMatchObject({
      client: { id: 'console' },
      change: { by: 'usr_admin', before: { name: 'Before' }, after: { name: 'After' } },
    })
    expect(told[3].change).toMatchObject({ before: [], after: ['support'] })
  })

  test('a known caller that is refused is in it; an unknown one is not', async () => {
    const count = async () => (await events('type=access.denied')).length
    const before = await count()
    await call(admin, 'GET', '/agents')
    await call(admin, 'GET', '/agents', { token: 'not.a.token' })
    expect(await count()).toBe(before)
    const token = await personToken(admin, ['admin:audit'])
    expect((await call(admin, 'GET', '/agents', { token })).status).toBe(403)
    const denied = await events('type=access.denied')
    expect(denied.length).toBe(before + 1)
    expect(denied.at(-1)).toMatchObject({
      decision: 'deny',
      reason: { code: 'scope_insufficient' },
      subject: { id: 'usr_admin' },
      requested: { scope: ['admin:read'] },
    })
    expect(JSON.stringify(denied)).not.toContain(token.split('.')[2])
  })

  test('passwords and secrets are nowhere in it', async () => {
    const token = await personToken(admin)
    const body = { subject: 'usr_new', username: 'new', name: 'New', password: 'a-long-password-1' }
    const made = await call(admin, 'POST', '/accounts', { token, body })
    expect(made.text).not.toContain('password')
    const headers = { 'if-match': '*' }
    const put = { token, headers, body: { password: 'a-long-password-2' } }
    expect((await call(admin, 'PUT', '/accounts/usr_new/password', put)).status).toBe(200)
    const { secret } = (await call(admin, 'POST', '/clients/console/secrets', { token })).json
    const rows = await admin.context.database.query<{ event: string }>('select event from audit_events')
    const all = rows.map(({ event }) => event).join('\n')
    for (const word of ['a-long-password', secret]) expect(all).not.toContain(word)
    expect(all).toContain('client.key_rotated')
    expect((await call(admin, 'GET', '/audit/verification', { token })).json).toMatchObject({ intact: true })
  })

  test('a token that is revoked names who did it', async () => {
    const id = await issueToken(admin)
    const reply = await call(admin, 'POST', `/tokens/${id}/revoke`, {
      token: await personToken(admin),
      body: { reason: 'leaked' },
    })
    expect(reply.json.revokedAt).toEqual(expect.any(Number))
    const [event] = await events(`tokenId=${id}`)
    expect(event).toMatchObject({ type: 'token.revoked', change: { by: 'usr_admin' }, detail: { reason: 'leaked' } })
  })
})
