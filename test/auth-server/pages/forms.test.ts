import { createHash } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { billing, membersOf, openPagesScene, own, type PagesScene, secret } from './scene.js'
import { createVisitor, type Visitor } from './visitor.js'

describe('pages without a browser', () => {
  let scene: PagesScene
  let issuer: string
  beforeAll(async () => {
    scene = await openPagesScene()
    ;({ issuer } = scene.server)
  })
  afterEach(async () => {
    scene.clock.offset = 0
    await scene.empty()
  })
  afterAll(() => scene.close())

  async function visitorSignedIn(username: string): Promise<Visitor> {
    const visitor = createVisitor(issuer)
    const answer = await visitor.signIn(username)
    expect(answer.status).toBe(303)
    expect(answer.headers.get('location')).toBe('/approvals')
    return visitor
  }

  const ask = (subject: string) =>
    scene.server.context.approvals.ask({
      ...{ kind: 'consent', agentId: 'agent:support', subject },
      request: { resource: billing, scope: ['billing:pay'] },
    })

  it('say that nothing runs in them, nothing frames them and no one keeps them', async () => {
    const page = await createVisitor(issuer).get('/sign-in')
    expect(page.headers.get('content-security-policy')).toBe(
      "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    )
    expect(page.headers.get('cache-control')).toBe('no-store')
    expect(page.headers.get('referrer-policy')).toBe('same-origin')
    expect(page.headers.get('x-content-type-options')).toBe('nosniff')
    expect(await page.text()).not.toMatch(/<script|style=|\son[a-z]+=/iu)
    const style = await createVisitor(issuer).get('/pages.css')
    expect(style.headers.get('content-type')).toContain('text/css')
  })

  it('keep their cookies from scripts and other sites', async () => {
    const visitor = await visitorSignedIn('ada')
    expect(visitor.cookies.get('behalf-form')).toMatch(/; path=\/; samesite=strict; httponly$/iu)
    expect(visitor.cookies.get('_session')).toMatch(/; path=\/; samesite=lax; httponly$/iu)
  })

  const forged: readonly (readonly [
    string,
    (token: string) => readonly [Record<string, string>, Record<string, string>],
  ])[] = [
    ['has no token', () => [{}, { origin: issuer }]],
    ['has a token of its own', () => [{ form_token: 'A'.repeat(43) }, { origin: issuer }]],
    ['comes from another origin', (form_token) => [{ form_token }, { origin: 'https://evil.example' }]],
    ['hides its origin', (form_token) => [{ form_token }, { origin: 'null' }]],
    ['has no origin', (form_token) => [{ form_token }, {}]],
    ['comes from another site', (form_token) => [{ form_token }, { origin: issuer, 'sec-fetch-site': 'cross-site' }]],
    ['is no form', (form_token) => [{ form_token }, { origin: issuer, 'content-type': 'text/plain' }]],
    ['is too long', (form_token) => [{ form_token, more: 'a'.repeat(20_000) }, { origin: issuer }]],
  ]
  it.each(forged)('refuse a form that %s', async (_, forge) => {
    const visitor = await visitorSignedIn('ada')
    const { id } = await ask('user_a')
    const form_token = await visitor.token(`/approvals/${id}`)
    const [fields, headers] = forge(form_token)
    expect((await visitor.post(`/approvals/${id}`, { decision: 'approve', ...fields }, headers)).status).toBe(403)
    expect(await scene.server.context.approvals.find(id)).toMatchObject({ status: 'pending' })
    expect((await visitor.post(`/approvals/${id}`, { decision: 'approve', form_token })).status).toBe(303)
    expect(await scene.server.context.approvals.find(id)).toMatchObject({ status: 'approved' })
  })

  it('refuse a token of an earlier sign-in', async () => {
    const visitor = createVisitor(issuer)
    const early = await visitor.token('/sign-in')
    await visitor.signIn('ada')
    const { id } = await ask('user_a')
    expect((await visitor.post(`/approvals/${id}`, { decision: 'approve', form_token: early })).status).toBe(403)
  })

  it('do nothing for who is not signed in, or is someone else', async () => {
    const { id } = await ask('user_a')
    const stranger = createVisitor(issuer)
    const sent = await stranger.get(`/approvals/${id}`)
    expect(sent.headers.get('location')).toBe(`/sign-in?return=%2Fapprovals%2F${id}`)
    const form_token = await stranger.token('/sign-in')
    expect((await stranger.post(`/approvals/${id}`, { decision: 'approve', form_token })).status).toBe(401)
    const approver = await visitorSignedIn('xena')
    const own = await approver.token('/consents')
    expect((await approver.get(`/approvals/${id}`)).status).toBe(404)
    expect(
      (
        await approver.post(`/approvals/${id}`, {
          decision: 'approve',
          form_token: (await approver.token('/approvals')) || own,
        })
      ).status,
    ).toBe(404)
    expect(await scene.server.context.approvals.find(id)).toMatchObject({ status: 'pending' })
  })

  it('let no one withdraw the consent of someone else', async () => {
    const { consents } = scene.server.context
    const given = await consents.grant({
      ...{ subject: 'user_a', agentId: 'agent:support', permission: 'billing:read', resource: billing },
      ...{ detailsDigest: '', mode: 'once', transaction: null, sessionId: null, expiresAt: null },
    })
    const path = `/consents/${given.id}/withdrawal`
    const other = await visitorSignedIn('bob')
    expect((await other.post(path, { form_token: await other.token('/approvals') })).status).toBe(404)
    expect(await consents.find(given.id)).toMatchObject({ status: 'granted' })
    const own = await visitorSignedIn('ada')
    expect((await own.post(path, { form_token: await own.token('/consents') })).status).toBe(303)
    expect(await consents.find(given.id)).toMatchObject({ status: 'withdrawn' })
  })

  it('tell who decides twice', async () => {
    const visitor = await visitorSignedIn('ada')
    const { id } = await ask('user_a')
    const form_token = await visitor.token(`/approvals/${id}`)
    expect((await visitor.post(`/approvals/${id}`, { decision: 'deny', form_token })).status).toBe(303)
    expect((await visitor.post(`/approvals/${id}`, { decision: 'approve', form_token })).status).toBe(409)
    expect(await scene.server.context.approvals.find(id)).toMatchObject({ status: 'denied' })
  })

  it('take what is not clearly an approval as a denial', async () => {
    const visitor = await visitorSignedIn('ada')
    const { id } = await ask('user_a')
    await visitor.post(`/approvals/${id}`, {
      decision: 'Approve ',
      form_token: await visitor.token(`/approvals/${id}`),
    })
    expect(await scene.server.context.approvals.find(id)).toMatchObject({ status: 'denied' })
  })

  it.each(['//evil.example', 'https://evil.example', '/approvals/../../token', '/approvals\\..', '/sign-out'])(
    'lead nowhere else after sign-in: %s',
    async (onward) => {
      const visitor = createVisitor(issuer)
      const form_token = await visitor.token(`/sign-in?return=${encodeURIComponent(onward)}`)
      const answer = await visitor.post('/sign-in', {
        form_token,
        username: 'ada',
        password: 'correct horse battery',
        return: onward,
      })
      expect(answer.headers.get('location')).toBe('/approvals')
    },
  )

  it('give a new session at sign-in, and end it at sign-out', async () => {
    const visitor = await visitorSignedIn('ada')
    const first = visitor.cookies.get('_session')
    await visitor.signIn('ada')
    expect(visitor.cookies.get('_session')).not.toBe(first)
    const second = new Map(visitor.cookies)
    expect((await visitor.post('/sign-out', { form_token: await visitor.token('/approvals') })).status).toBe(200)
    expect((await visitor.get('/approvals')).status).toBe(303)
    const replayed = await fetch(`${issuer}/approvals`, {
      redirect: 'manual',
      headers: { cookie: [...second.values()].map((line) => line.split(';', 1)[0]).join('; ') },
    })
    expect(replayed.status).toBe(303)
  })

  it('end a sign-in when the account is disabled', async () => {
    const visitor = await visitorSignedIn('bob')
    expect((await visitor.get('/approvals')).status).toBe(200)
    await scene.server.context.accounts.change('user_b', { status: 'disabled' })
    expect((await visitor.get('/approvals')).status).toBe(303)
    await scene.server.context.accounts.change('user_b', { status: 'active' })
  })

  it('stop who guesses at one password, even with the right one', async () => {
    const visitor = createVisitor(issuer)
    const form_token = await visitor.token('/sign-in')
    const attempt = (username: string) => visitor.post('/sign-in', { form_token, username, password: 'wrong' })
    for (let count = 0; count < 20; count += 1) expect((await attempt('nobody')).status).toBe(401)
    const stopped = await attempt('nobody')
    expect(stopped.status).toBe(429)
    expect(Number(stopped.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await visitor.signIn('ada')).status).toBe(303)
    const { events } = await scene.server.context.audit.search({ type: 'login.failed' }, { limit: 100 })
    expect(events.length).toBeGreaterThanOrEqual(21)
    expect(JSON.stringify(events)).not.toContain('nobody')
  })

  it('show a request to the browser alone that it began in, and once', async () => {
    const { url } = await scene.begin({ scope: 'openid billing:read' })
    const visitor = createVisitor(issuer)
    const path = new URL((await visitor.get(url)).headers.get('location') ?? '', issuer).pathname
    expect((await createVisitor(issuer).get(path)).status).toBe(400)
    const form_token = await visitor.token(path)
    const answer = await visitor.post(`${path}/sign-in`, {
      form_token,
      username: 'ada',
      password: 'correct horse battery',
    })
    expect(answer.status).toBe(303)
    expect((await visitor.post(`${path}/consent`, { form_token, decision: 'allow' })).status).toBe(400)
  })

  it('let no one go on in the session of someone else', async () => {
    const visitor = await visitorSignedIn('ada')
    const { url } = await scene.begin({ scope: 'openid billing:read', parameters: { prompt: 'login' } })
    const path = new URL((await visitor.get(url)).headers.get('location') ?? '', issuer).pathname
    const form_token = await visitor.token(path)
    const credentials = { username: 'bob', password: 'correct horse battery' }
    expect((await visitor.post(`${path}/sign-in`, { form_token, ...credentials })).status).toBe(409)
    expect((await visitor.post(`${path}/sign-in`, { form_token, ...credentials, username: 'ada' })).status).toBe(303)
  })

  it('answer a wrong authorization request with a page', async () => {
    const page = await createVisitor(issuer).get('/authorize?client_id=none')
    expect(page.status).toBe(400)
    expect(await page.text()).toContain('<h1>This did not work</h1>')
  })

  async function backchannel(parameters: Record<string, string>): Promise<Response> {
    return fetch(`${issuer}/backchannel`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`support-app:${secret}`)}` },
      body: new URLSearchParams({ login_hint: 'user_a', scope: 'openid billing:pay', ...parameters }),
    })
  }

  async function request(parameters: Record<string, string>): Promise<string> {
    return String((await membersOf(await backchannel(parameters))).auth_req_id)
  }

  async function poll(auth_req_id: string): Promise<Record<string, unknown>> {
    const response = await fetch(`${issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`support-app:${secret}`)}` },
      body: new URLSearchParams({ grant_type: 'urn:openid:params:grant-type:ciba', auth_req_id }),
    })
    return membersOf(response)
  }

  it('approve what an agent without a browser asks: it polls and gets a token for one use', async () => {
    const auth_req_id = await request({ binding_message: 'Bill 7' })
    expect(await poll(auth_req_id)).toMatchObject({ error: 'authorization_pending' })
    const visitor = await visitorSignedIn('ada')
    const [item] = await scene.server.context.approvals.list({ subject: 'user_a', status: 'pending', limit: 10 })
    expect(JSON.stringify(item)).not.toContain(auth_req_id)
    const path = `/approvals/${item?.id}`
    expect(await (await visitor.get(path)).text()).toContain('<strong>Bill 7</strong>')
    await visitor.post(path, { decision: 'approve', form_token: await visitor.token(path) })
    const tokens = await poll(auth_req_id)
    expect(tokens).toMatchObject({ token_type: 'Bearer', scope: expect.stringContaining('billing:pay') })
    expect(await scene.exchange(String(tokens.access_token), 'billing:pay')).toMatchObject({ scope: 'billing:pay' })
    expect(await scene.exchange(String(tokens.access_token), 'billing:pay')).toMatchObject({
      error: 'consent_required',
    })
    expect(await poll(auth_req_id)).toMatchObject({ error: 'invalid_grant' })
  })

  it('have a person sign in again before they approve what demands a fresh sign-in: the token says when', async () => {
    const auth_req_id = await request({ scope: 'openid billing:pay billing:close' })
    const visitor = await visitorSignedIn('ada')
    const [item] = await scene.server.context.approvals.list({ subject: 'user_a', status: 'pending', limit: 10 })
    const path = `/approvals/${item?.id}`
    const approval = 'value="approve"'
    expect(await (await visitor.get(path)).text()).toContain(approval)
    scene.clock.offset += 130
    const page = await (await visitor.get(path)).text()
    expect(page).toContain(`<a href="/sign-in?return=${encodeURIComponent(path)}">Sign in again</a>`)
    expect(page).not.toContain(approval)
    const tried = await visitor.post(path, { decision: 'approve', form_token: await visitor.token(path) })
    expect([tried.status, tried.headers.get('location')]).toEqual([303, `/sign-in?return=${encodeURIComponent(path)}`])
    expect(await poll(auth_req_id)).toMatchObject({ error: 'authorization_pending' })

    await visitor.signIn('ada')
    expect(await (await visitor.get(path)).text()).toContain(approval)
    await visitor.post(path, { decision: 'approve', form_token: await visitor.token(path) })
    const { access_token } = await poll(auth_req_id)
    expect(await scene.exchange(String(access_token), 'billing:close')).toMatchObject({ scope: 'billing:close' })
    scene.clock.offset += 130
    expect(await scene.exchange(String(access_token), 'billing:close')).toMatchObject({
      error: 'insufficient_user_authentication',
      max_age: 120,
    })
  })

  it('deny it however long ago the person signed in, and approve what demands no fresh sign-in', async () => {
    const visitor = await visitorSignedIn('ada')
    const decide = async (scope: string, decision: string) => {
      const auth_req_id = await request({ scope })
      const [item] = await scene.server.context.approvals.list({ subject: 'user_a', status: 'pending', limit: 10 })
      const path = `/approvals/${item?.id}`
      await visitor.post(path, { decision, form_token: await visitor.token(path) })
      return poll(auth_req_id)
    }
    scene.clock.offset += 130
    expect(await decide('openid billing:close', 'deny')).toMatchObject({ error: 'access_denied' })
    expect(await decide('openid billing:pay', 'approve')).toMatchObject({ token_type: 'Bearer' })
  })

  it('approve by the admin API: the token still says when the person signed in', async () => {
    const { approvals, database } = scene.server.context
    await database.query(`delete from protocol_entities where model = 'Session'`)
    const auth_req_id = await request({ scope: 'openid billing:close' })
    await visitorSignedIn('ada')
    const [item] = await approvals.list({ subject: 'user_a', status: 'pending', limit: 10 })
    const [session] = await database.query<{ uid: string }>(`select uid from protocol_entities where model = 'Session'`)
    scene.clock.offset += 130
    expect(await approvals.decide(String(item?.id), 'approved', 'user_a', session?.uid ?? '')).toBe(true)
    const { access_token } = await poll(auth_req_id)
    expect(await scene.exchange(String(access_token), 'billing:close')).toMatchObject({ max_age: 120 })

    const other = await request({ scope: 'openid billing:close', binding_message: 'Once more' })
    const [next] = await approvals.list({ subject: 'user_a', status: 'pending', limit: 10 })
    expect(await approvals.decide(String(next?.id), 'approved', 'user_a', null)).toBe(true)
    const unknown = await poll(other)
    expect(await scene.exchange(String(unknown.access_token), 'billing:close')).toMatchObject({ max_age: 120 })
  })

  it('deny it: the agent is told', async () => {
    const auth_req_id = await request({})
    const visitor = await visitorSignedIn('ada')
    const [item] = await scene.server.context.approvals.list({ subject: 'user_a', status: 'pending', limit: 10 })
    const path = `/approvals/${item?.id}`
    await visitor.post(path, { decision: 'deny', form_token: await visitor.token(path) })
    expect(await poll(auth_req_id)).toMatchObject({ error: 'access_denied' })
  })

  it.each([
    ['invalid_scope', { scope: 'openid billing:never' }],
    ['invalid_scope', { scope: 'openid billing:unknown' }],
    ['invalid_scope', { scope: 'openid billing:never', login_hint: 'user_z' }],
    ['invalid_request', { login_hint: '' }],
    ['invalid_binding_message', { binding_message: 'two\nlines' }],
    ['invalid_binding_message', { binding_message: 'a'.repeat(101) }],
    ['invalid_request', { user_code: '1234' }],
  ])('refuse what no one could approve: %s', async (error, parameters) => {
    const response = await backchannel(parameters)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error })
    expect(await scene.server.context.approvals.list({ status: 'pending', limit: 10 })).toEqual([])
  })

  const waiting = () => scene.server.context.approvals.list({ status: 'pending', limit: 100 })

  it('do not let one agent flood a person: what is too much is asked of nobody', async () => {
    for (let count = 0; count < 21; count += 1)
      expect((await backchannel({ binding_message: `${count}` })).status).toBe(200)
    expect(await waiting()).toHaveLength(20)
    expect((await backchannel({ login_hint: 'user_b', scope: 'openid billing:read' })).status).toBe(200)
    expect(await waiting()).toHaveLength(21)
  })

  it.each(['user_a', 'ada', 'ADA'])('ask who is meant by sub or by username: %s', async (login_hint) => {
    expect(await poll(await request({ login_hint }))).toMatchObject({ error: 'authorization_pending' })
    expect(await waiting()).toMatchObject([{ subject: 'user_a', request: { scope: ['billing:pay'] } }])
  })

  it('ask where a rule gives for some people what no role gives, and tell nobody for whom', async () => {
    const { policy } = scene.server.context
    const { document } = await policy.current()
    const never = { scope: 'openid billing:never' }
    const ask = async (login_hint: string) => (await backchannel({ ...never, login_hint })).status
    const when = { subjects: ['user_a'], permissions: ['billing:never'] }
    await policy.replace({ ...document, rules: [{ id: 'some', effect: 'allow', when }] }, { by: 'test' })
    try {
      expect([await ask('user_a'), await ask('user_b'), await ask('user_z')]).toEqual([200, 200, 200])
      expect(await waiting()).toEqual([]) // she does not hold it herself
      await scene.server.context.accounts.change('user_a', { permissions: [...own, 'billing:never'] })
      expect(await ask('user_a')).toBe(200)
      expect(await waiting()).toMatchObject([{ subject: 'user_a' }])
    } finally {
      await policy.replace(document, { by: 'test' })
      await scene.server.context.accounts.change('user_a', { permissions: own })
    }
    expect([await ask('user_a'), await ask('user_z')]).toEqual([400, 400])
  })

  it('ask nobody for an agent that is suspended', async () => {
    const { agents } = scene.server.context
    await agents.change('agent:support', { status: 'suspended' })
    try {
      for (const login_hint of ['user_a', 'user_z']) {
        expect(await (await backchannel({ login_hint })).json()).toMatchObject({ error: 'unauthorized_client' })
      }
    } finally {
      await agents.change('agent:support', { status: 'active' })
    }
    expect((await backchannel({})).status).toBe(200)
  })

  describe('do not tell an agent who is known here', () => {
    const { disabled, lacking, unknown } = { disabled: 'user_d', lacking: 'user_b', unknown: 'user_z' }

    /** All that an agent sees, but for the value that is never the same. */
    async function answers(login_hint: string): Promise<unknown> {
      const response = await backchannel({ login_hint })
      const { auth_req_id, ...rest } = await membersOf(response)
      const names = [...response.headers.keys()].filter((name) => name !== 'x-request-id')
      return [response.status, names, rest, String(auth_req_id).length, await poll(String(auth_req_id))]
    }

    it.each([
      ['person_unknown', unknown],
      ['person_unknown', disabled],
      ['person_unknown', 'no such name'],
      ['person_lacks', lacking],
      ['person_lacks', 'bob'],
    ])('%s: %s', async (code, login_hint) => {
      const { accounts, audit } = scene.server.context
      if (login_hint === disabled && (await accounts.find(disabled)) === undefined) {
        const one = { subject: disabled, username: disabled, name: disabled, password: 'a good password' }
        await accounts.create({ ...one, permissions: ['billing:pay'] })
        await accounts.change(disabled, { status: 'disabled' })
      }
      const known = await answers('user_a')
      expect(known).toMatchObject([200, expect.any(Array), { expires_in: 600 }, 43, { error: 'authorization_pending' }])
      expect(await waiting()).toHaveLength(1)
      expect(await answers(login_hint)).toEqual(known)
      expect(await waiting()).toHaveLength(1)
      const { events } = await audit.search({ type: 'delegation.denied' }, { limit: 100 })
      const login_hint_sha256 = createHash('sha256').update(login_hint).digest('base64url')
      expect(events).toContainEqual(
        expect.objectContaining({
          reason: { code },
          actor: expect.objectContaining({ id: 'agent:support' }),
          client: { id: 'support-app' },
          detail: { login_hint_sha256 },
        }),
      )
    })
  })
})
