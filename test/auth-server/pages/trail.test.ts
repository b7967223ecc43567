import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { password } from './scene.js'
import { openTrailScene, promised, rowsOf, type TrailScene, wordsOf } from './trail-scene.js'
import { createVisitor } from './visitor.js'

const billing = 'https://billing.example.com'
const pages = ['/trail', '/trail/tasks/task-1', '/trail/events/none', '/trail/verification']

describe('the trail, for people', () => {
  let scene: TrailScene
  beforeAll(async () => {
    scene = await openTrailScene()
  })
  afterAll(() => scene.close())

  const decision = (members: object = {}) => ({
    ...{ type: 'access.decision', sender: 'billing-api', decision: 'deny', reason: { code: 'subject_mismatch' } },
    ...{ subject: { id: 'user_a' }, actor: { id: 'agent:support' }, client: { id: 'support-app' } },
    ...{
      resource: { aud: billing, route: '/plan/:id' },
      request: { method: 'GET' },
      granted: { scope: ['billing:read'] },
    },
    ...{ token: { jti: 'token-0123456789' }, tool: { name: 'get_plan', call_id: 'call_7' }, txn: 'task-1' },
    ...{ trace: { trace_id: '1'.repeat(32), span_id: '2'.repeat(16) } },
    ...members,
  })

  describe('who may see it', () => {
    it.each(pages)('whoever is not signed in is asked to, and comes back: %s', async (path) => {
      const stranger = createVisitor(scene.issuer)
      const sent = await stranger.get(path)
      expect([sent.status, sent.headers.get('location')]).toEqual([303, `/sign-in?return=${encodeURIComponent(path)}`])
    })

    it.each([
      ['/trail?decision=deny&from=2026-01-02T03%3A04', '/trail?decision=deny&from=2026-01-02T03%3A04'],
      ['/trail/events/a%2Fb?client=x', '/trail/events/a%2Fb?client=x'],
      ['/trail/tasks/ticket%3A1', '/trail/tasks/ticket%3A1'],
      ['/trail/tasks/a/b', '/approvals'],
      ['/trail@evil.example', '/approvals'],
      ['/trail?"><b', '/approvals'],
    ])('a filtered view is a link, also for who has to sign in first: %s', async (asked, onward) => {
      const stranger = createVisitor(scene.issuer)
      const form = `/sign-in?return=${encodeURIComponent(asked)}`
      const shown = await (await stranger.get(form)).text()
      const value = (name: string) => new RegExp(`name="${name}" value="([^"]+)"`, 'u').exec(shown)?.[1] ?? ''
      const fields = { form_token: value('form_token'), return: value('return').replaceAll('&amp;', '&') }
      const answer = await stranger.post('/sign-in', { ...fields, username: 'sec', password })
      expect([answer.status, answer.headers.get('location')]).toEqual([303, onward])
    })

    it('an address that is longer than any of these pages is not gone back to', async () => {
      const stranger = createVisitor(scene.issuer)
      const asked = `/trail?reason=${'a'.repeat(4_000)}`
      const form_token = await stranger.token('/sign-in')
      const answer = await stranger.post('/sign-in', { form_token, return: asked, username: 'sec', password })
      expect([answer.status, answer.headers.get('location')]).toEqual([303, '/approvals'])
    })

    it('a customer is refused as in the inbox, sees nothing, and is on record', async () => {
      const [event] = await scene.write([decision({ txn: 'task-1' })])
      const ada = await scene.visitor('ada')
      const item = await ada.get('/approvals/none')
      expect(item.status).toBe(404)
      for (const path of [...pages, `/trail/events/${event?.id}?client=billing-api`]) {
        const refused = await ada.get(path)
        expect([path, refused.status]).toEqual([path, 404])
        const text = await refused.text()
        expect(wordsOf(text)).toContain('It is not there, or it is not yours to see.')
        expect(text).not.toMatch(/subject_mismatch|agent:support/u)
      }
      const { events } = await scene.server.context.audit.search(
        { type: 'access.denied', subject: 'user_a' },
        { limit: 9 },
      )
      expect(events).toHaveLength(5)
      expect(events[0]).toMatchObject({
        ...{ decision: 'deny', reason: { code: 'scope_insufficient' }, requested: { scope: ['admin:audit'] } },
        ...{ resource: { aud: `${scene.issuer}/admin` }, detail: { method: 'GET', route: '/trail' } },
      })
      expect(await scene.page(`/trail/events/${event?.id}?client=billing-api`)).toContain('subject_mismatch')
      expect(rowsOf(await scene.page('/trail?type=access.denied'))[4]).toMatch(
        /✕ deny scope_insufficient for user_a admin:audit http:\/\/.*\/admin GET \/trail$/u,
      )
    })

    it('the link to it is there for those who may', async () => {
      const link = '<a href="/trail">Audit trail</a>'
      expect(await (await (await scene.visitor('ada')).get('/approvals')).text()).not.toContain(link)
      expect(await scene.page('/approvals')).toContain(link)
      expect(await scene.page('/trail')).toContain(link)
    })

    it('reading it is recorded no more than by the admin API: not at all', async () => {
      await scene.page('/trail')
      const count = async () => (await scene.server.context.audit.search({}, { limit: 1000 })).events.length
      const before = await count()
      await scene.page('/trail')
      await scene.page('/trail/verification')
      expect(await count()).toBe(before)
    })

    it('a permission that is taken away counts at once', async () => {
      const { accounts } = scene.server.context
      const one = { subject: 'staff_tmp', username: 'tmp', name: 'For a while', password, permissions: ['admin:audit'] }
      await accounts.create(one)
      const visitor = await scene.visitor('tmp')
      expect((await visitor.get('/trail')).status).toBe(200)
      await accounts.change('staff_tmp', { permissions: [] })
      expect((await visitor.get('/trail')).status).toBe(404)
    })

    it('no one keeps a page, and nothing runs in it', async () => {
      const visitor = await scene.visitor('sec')
      for (const path of ['/trail', '/trail/tasks/task-1', '/trail/verification']) {
        const { headers, status } = await visitor.get(path)
        expect(status).toBe(200)
        expect(headers.get('cache-control')).toBe('no-store')
        expect(headers.get('content-security-policy')).toContain("default-src 'none'; style-src 'self';")
        expect(await scene.page(path)).not.toMatch(/<script|style=|\son[a-z]+=/iu)
      }
    })
  })

  describe('a search', () => {
    const found = async (query: string) => rowsOf(await scene.page(`/trail?${query}`))
    const own = { subject: { id: 'user_s' }, txn: 'task-s' }

    beforeAll(async () => {
      await scene.write([
        decision({
          ...own,
          actor: { id: 'agent:one' },
          client: { id: 'app_one' },
          tool: { name: 't', call_id: 'call_s' },
        }),
        decision({ ...own, decision: 'allow', reason: { code: 'allowed' }, token: { jti: 'token-s' } }),
        decision({
          ...own,
          resource: { aud: 'urn:search' },
          trace: { trace_id: 'a'.repeat(32), span_id: '2'.repeat(16) },
        }),
        { type: 'consent.used', decision: 'allow', ...own },
        { type: 'consent.withdrawn', reason: { code: 'because' }, ...own },
        { type: 'escalation.denied', decision: 'deny', reason: { code: 'above_ceiling' }, ...own },
        decision({ ...own, decision: 'error', reason: { code: 'keys_unavailable' } }),
      ])
    })

    it('shows the newest first: when, by whom it was written, what, why, for whom, through whom, where', async () => {
      const rows = await found('transaction=task-s')
      expect(rows).toHaveLength(7)
      expect(rows.map((row) => /(?:access|consent|escalation)\.\w+/u.exec(row)?.[0])).toEqual([
        ...['access.decision', 'escalation.denied', 'consent.withdrawn', 'consent.used'],
        ...['access.decision', 'access.decision', 'access.decision'],
      ])
      expect(rows[6]).toMatch(/^2026-01-02 \d\d:\d\d:\d\d\.678 access\.decision billing-api ✕ deny subject_mismatch /u)
      expect(rows[6]).toMatch(
        /for user_s by agent:one t billing:read https:\/\/ billing\.example\.com GET \/plan\/:id task-s token token-01…$/u,
      )
      expect(rows[1]).toContain('escalation.denied auth-server ✕ deny above_ceiling')
      expect(rows[0]).toContain('! error keys_unavailable')
    })

    it.each([
      ['transaction=task-s', 7],
      ['subject=user_s', 7],
      ['subject=user_s&actor=agent%3Aone', 1],
      ['client=app_one', 1],
      ['resource=urn%3Asearch', 1],
      ['subject=user_s&decision=allow', 2],
      ['subject=user_s&decision=error', 1],
      ['subject=user_s&reason=because', 1],
      ['subject=user_s&type=consent.used', 1],
      ['subject=user_s&type=consent.*', 2],
      ['subject=user_s&type=tool.*', 0],
      ['toolCall=call_s', 1],
      ['tokenId=token-s', 1],
      [`trace=${'a'.repeat(32)}`, 1],
      ['subject=user_s&from=2026-01-02T03%3A04&to=2026-01-03T00%3A00%3A00', 7],
      ['subject=user_s&from=2026-01-03T00%3A00', 0],
      ['subject=user_s&to=2026-01-02T03%3A04', 0],
      ['subject=nobody', 0],
    ])('%s finds %i', async (query, count) => {
      expect(await found(query)).toHaveLength(count)
    })

    it.each([
      ...[
        'decision=maybe',
        'type=nothing',
        'type=none.*',
        'type=a.b%20or%201',
        'from=yesterday',
        'to=2026-02-30T00:00',
      ],
      ...['from=1767323045', 'from=2026-01-02T24:00', 'from=2026-01-02T03:04Z', 'person=user_a', 'after=x', 'after=MQ'],
      ...[
        'subject=a&subject=b',
        `subject=${'a'.repeat(501)}`,
        `after=${btoa("1.' or 1=1 --")}`,
        '__proto__=x',
        'limit=1',
      ],
    ])('%s is no search', async (query) => {
      const visitor = await scene.security()
      const answer = await visitor.get(`/trail?${query}`)
      expect(answer.status).toBe(400)
      expect(wordsOf(await answer.text())).toContain('This is no search')
    })

    it('nor is what is longer than any name', async () => {
      const tooLong = `subject=${'a'.repeat(501)}`
      const visitor = await scene.security()
      expect((await visitor.get(`/trail?${tooLong}`)).status).toBe(400)
      expect((await visitor.get(`/trail?${tooLong.slice(0, -1)}`)).status).toBe(200)
    })

    it.each([
      ['what the form leaves empty', 'transaction=&subject=+user_s+&decision=&from=&to=', '/trail?subject=user_s'],
      ['everything empty', 'transaction=', '/trail'],
      ['a token in a field', 'tokenId=eyJhbGciOiJFUzI1NiJ9.eyJhIjoxfQ.c2ln', '/trail?tokenId=%3Ctoken%3E'],
      ['what is not seen', 'subject=a%E2%80%AEb', '/trail?subject=a%3CU%2B202E%3Eb'],
    ])('the address says no more than it must: %s', async (_, query, address) => {
      const visitor = await scene.security()
      const answer = await visitor.get(`/trail?${query}`)
      expect([answer.status, answer.headers.get('location')]).toEqual([303, address])
      expect((await visitor.get(address)).status).toBe(200)
    })

    it('that fails is a fault of ours', async () => {
      const { audit } = scene.server.context
      const spied = vi.spyOn(audit, 'search').mockRejectedValueOnce(new Error('the connection broke'))
      const visitor = await scene.security()
      expect((await visitor.get('/trail')).status).toBe(503)
      expect((await visitor.get('/trail')).status).toBe(200)
      spied.mockRestore()
    })

    it('is kept in the form, and has links for what is looked for often', async () => {
      const page = await scene.page('/trail?subject=user_s&decision=deny&from=2026-01-02T03%3A04&reason=above_ceiling')
      expect(page).toMatch(/id="subject"[^>]* value="user_s"/u)
      expect(page).toContain('<option selected>deny</option>')
      expect(page).toMatch(/id="from"[^>]* value="2026-01-02T03:04"/u)
      expect(page).toContain('<details open>')
      expect(await scene.page('/trail?subject=user_s')).toContain('<details>')
      const presets = [...page.matchAll(/<a href="(\/trail[^"]*)">(Refusals of the last day|Escalations|Consents)</gu)]
      expect(presets).toHaveLength(3)
      for (const [, address = '', words] of presets) {
        const shown = await scene.page(address.replaceAll('&amp;', '&'))
        expect(shown).toMatch(new RegExp(`aria-current="page">${words}<`, 'u'))
        expect(shown).not.toContain('aria-current="page">Everything<')
      }
      expect(await found('type=escalation.denied')).toHaveLength(1)
      const day = Date.parse(`${decodeURIComponent(presets[0]?.[1]?.split('from=')[1] ?? '')}Z`)
      expect(presets[0]?.[1]).toContain('/trail?decision=deny&amp;from=')
      expect((Date.now() - day) / 86_400_000).toBeCloseTo(1, 1)
    })

    it('has a hundred rows a page, and every event once', async () => {
      await scene.write(
        Array.from({ length: 230 }, (_, index) => decision({ txn: 'task-long', reason: { code: `r${index}` } })),
      )
      const seen: string[] = []
      let address: string | undefined = '/trail?transaction=task-long'
      const sizes: number[] = []
      while (address !== undefined) {
        const page = await scene.page(address)
        const rows = rowsOf(page)
        sizes.push(rows.length)
        seen.push(...rows.map((row) => / (r\d+) /u.exec(row)?.[1] ?? ''))
        expect(page.includes('>Newest</a>')).toBe(sizes.length > 1)
        address = /<a href="([^"]+)">Older<\/a>/u.exec(page)?.[1]?.replaceAll('&amp;', '&')
      }
      expect(sizes).toEqual([100, 100, 30])
      expect(seen).toEqual(Array.from({ length: 230 }, (_, index) => `r${229 - index}`))
    })

    it('finds a name that was too long to be kept by what was kept of it', async () => {
      const { audit } = scene.server.context
      await audit.record({ type: 'role.changed', subject: { id: `user_${'0'.repeat(200)}` } })
      const { events } = await audit.search({ type: 'role.changed' }, { limit: 1, order: 'newest' })
      const [kept = ''] = /user_0+…[\w:-]+/u.exec(JSON.stringify(events)) ?? []
      expect(kept).toMatch(/^user_0+…sha256:/u)
      expect(await found(`subject=${encodeURIComponent(kept)}`)).toHaveLength(1)
      expect(await found(`subject=user_${'0'.repeat(200)}`)).toHaveLength(1)
      expect(await found(`subject=user_${'0'.repeat(201)}`)).toHaveLength(0)
    })
  })

  describe('one event', () => {
    it('is shown whole, in the order it was kept', async () => {
      const [event] = await scene.write([decision({ txn: 'task-e', detail: { zeta: [1, { deep: null }], alpha: [] } })])
      const page = await scene.page(`/trail/events/${event?.id}?client=billing-api`)
      const json = wordsOf(/<pre[^>]*>(.*)<\/pre>/su.exec(page)?.[1] ?? '').replaceAll('&quot;', '"')
      const kept = await scene.server.context.audit.find(event?.id ?? '', 'billing-api')
      expect(JSON.parse(json)).toEqual(kept)
      expect(Object.keys(JSON.parse(json))).toEqual(Object.keys(kept ?? {}))
      expect(page).toContain(`<a href="/trail?subject=user_a">person</a>`)
      expect(page).toContain(`<a href="/trail/tasks/task-e"><bdi>task-e</bdi></a>`)
      expect(kept).toMatchObject({
        integrity: { chain: expect.any(String), seq: expect.any(Number), hash: expect.any(String) },
      })
    })

    it('is of the client that sent it: two of them may use one id', async () => {
      const [one] = await scene.write([decision({ reason: { code: 'of_billing' } })])
      await scene.write([decision({ sender: 'orders-api', id: one?.id, reason: { code: 'of_orders' } })])
      expect(await scene.page(`/trail/events/${one?.id}?client=billing-api`)).toContain('of_billing')
      expect(await scene.page(`/trail/events/${one?.id}?client=orders-api`)).toContain('of_orders')
      const visitor = await scene.security()
      expect((await visitor.get(`/trail/events/${one?.id}`)).status).toBe(404)
      for (const query of ['client=a&client=b', 'after=x', 'client=billing-api&more=1']) {
        expect((await visitor.get(`/trail/events/${one?.id}?${query}`)).status).toBe(400)
      }
    })

    it.each(['/trail/events/none', '/trail/events/%E0%A4%A', '/trail/tasks/none', '/trail/tasks/%27%20or%201'])(
      'that is not there is not found: %s',
      async (path) => {
        expect((await (await scene.security()).get(path)).status).toBe(404)
      },
    )

    it('of the server says what else is known of it, and of nothing where there is nothing', async () => {
      const { audit } = scene.server.context
      const { events } = await audit.search({ type: 'audit.chain_started' }, { limit: 1 })
      const page = await scene.page(`/trail/events/${String(events[0]?.id)}`)
      expect(wordsOf(page)).toContain('Written by auth-server')
      expect(page).not.toContain('All of the same')
    })
  })

  describe('verification', () => {
    const verify = async () => {
      const visitor = await scene.security()
      const form_token = await visitor.token('/trail')
      return { visitor, send: () => visitor.post('/trail/verification', { form_token }) }
    }

    it('reads every chain and says so', async () => {
      const { send } = await verify()
      const { chains } = await scene.server.context.audit.verify()
      const events = chains.reduce((sum, chain) => sum + chain.events, 0)
      const answer = await send()
      expect(answer.status).toBe(200)
      const words = wordsOf(await answer.text())
      expect(words).toMatch(/All ([\d,]+) events in (\d+) chains are as they were written/u)
      const [, told = ''] = /All ([\d,]+) events/u.exec(words) ?? []
      expect(Number(told.replaceAll(',', ''))).toBeGreaterThanOrEqual(events)
      expect(words).toMatch(/Read 20\d\d-\d\d-\d\d \d\d:\d\d UTC ?, in \d+\.\d\d seconds\./u)
      expect(wordsOf(await scene.page('/trail/verification'))).toContain('are as they were written')
    })

    it('names the record that is altered, missing, not in its place, cut off or not signed', async () => {
      const { audit } = scene.server.context
      const fault = (what: 'altered' | 'missing' | 'reordered' | 'truncated' | 'forged_checkpoint', seq: number) => ({
        ...{ chain: `api:${what}<b>`, events: seq, checkpoints: 1, fault: { seq, what } },
      })
      const chains = [
        { chain: 'whole', events: 1200, checkpoints: 2 },
        ...[fault('altered', 2), fault('missing', 3), fault('reordered', 4), fault('truncated', 5)],
        fault('forged_checkpoint', 6),
      ]
      const spied = vi.spyOn(audit, 'verify').mockResolvedValue({ intact: false, chains })
      const words = wordsOf(await (await (await verify()).send()).text())
      spied.mockRestore()
      expect(words).toContain('5 chains of 6 are not as written')
      expect(words).toContain('Record 2 of the chain api:altered&lt;b&gt; is altered.')
      expect(words).toContain('Record 3 of the chain api:missing&lt;b&gt; is missing.')
      expect(words).toContain('Record 4 of the chain api:reordered&lt;b&gt; is not in its place.')
      expect(words).toContain('Record 5 of the chain api:truncated&lt;b&gt; is missing, and all that came after it.')
      expect(words).toContain(
        'Record 6 of the chain api:forged_checkpoint&lt;b&gt; has a checkpoint that this server did not sign.',
      )
      expect(words).not.toContain('are as they were written')
    })

    it('finds a byte that was changed in the database', async () => {
      const { database } = scene.server.context
      const [event] = await scene.write([decision({ sender: 'changed-api', reason: { code: 'changed_later' } })])
      const change = (from: string, to: string) =>
        database.transaction(async () => {
          await database.query('set local session_replication_role = replica')
          await database.query('update audit_events set event = replace(event, $1, $2) where id = $3', [
            ...[from, to, `${event?.id}/changed-api`],
          ])
        })
      await change('changed_later', 'changed_Later')
      expect(wordsOf(await (await (await verify()).send()).text())).toMatch(
        /1 chain of \d+ is not as written Record 2 of the chain api:changed-api\/test\/\w+ is altered\./u,
      )
      await change('changed_Later', 'changed_later')
      expect(wordsOf(await (await (await verify()).send()).text())).toContain('are as they were written')
    })

    it('is done once at a time, holds up nobody meanwhile, and can be done again afterwards', async () => {
      const { audit } = scene.server.context
      const [begun, released] = [promised(), promised()]
      const original = audit.verify
      const spied = vi.spyOn(audit, 'verify').mockImplementation(async () => {
        begun.fulfil()
        await released.promise
        return original()
      })
      const { send } = await verify()
      const other = await verify()
      const first = send()
      await begun.promise
      const refused = await other.send()
      expect(refused.status).toBe(409)
      expect(wordsOf(await refused.text())).toContain('It is being read since')
      expect(await scene.page('/trail/verification')).not.toContain('<button class="small" type="submit">Verify')
      expect((await (await scene.visitor('ada')).get('/approvals')).status).toBe(200)
      released.fulfil()
      expect((await first).status).toBe(200)
      expect((await other.send()).status).toBe(200)
      expect(spied).toHaveBeenCalledTimes(2)
      spied.mockRestore()
    })

    it('that fails is a fault of ours, and does not keep others from it', async () => {
      const { send } = await verify()
      const spied = vi
        .spyOn(scene.server.context.audit, 'verify')
        .mockRejectedValueOnce(new Error('the connection broke'))
      expect((await send()).status).toBe(503)
      expect((await send()).status).toBe(200)
      spied.mockRestore()
    })

    it('is begun by a form of these pages alone, sent by someone who may', async () => {
      const spied = vi.spyOn(scene.server.context.audit, 'verify')
      const { visitor, send } = await verify()
      const form_token = await visitor.token('/trail')
      const path = '/trail/verification'
      expect((await visitor.post(path, {})).status).toBe(403)
      expect((await visitor.post(path, { form_token }, { origin: 'https://evil.example' })).status).toBe(403)
      const ada = await scene.visitor('ada')
      expect((await ada.post(path, { form_token: await ada.token('/approvals') })).status).toBe(404)
      expect((await createVisitor(scene.issuer).post(path, { form_token })).status).toBe(401)
      expect(spied).not.toHaveBeenCalled()
      expect((await send()).status).toBe(200)
      expect(spied).toHaveBeenCalledTimes(1)
      spied.mockRestore()
    })
  })
})
