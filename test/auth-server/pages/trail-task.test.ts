import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTrailScene, type TrailScene, type Written, wordsOf } from './trail-scene.js'

const billing = 'https://billing.example.com'
const trace = (digit: string, span = '1') => ({ trace_id: digit.repeat(32), span_id: span.repeat(16) })

describe('one task, call by call', () => {
  let scene: TrailScene
  beforeAll(async () => {
    scene = await openTrailScene()
  })
  afterAll(() => scene.close())

  const agent = { client: { id: 'support-app' }, actor: { id: 'agent:support' }, resource: { aud: billing } }
  const byAgent = (type: string, members: object): Written => ({ type, sender: 'support-app', ...agent, ...members })
  const byServer = (type: string, members: object): Written => ({
    type,
    subject: { id: 'user_a' },
    ...agent,
    ...members,
  })
  const byApi = (members: object): Written => ({
    ...{
      type: 'access.decision',
      sender: 'billing-api',
      subject: { id: 'user_a' },
      ...agent,
      request: { method: 'GET' },
    },
    ...members,
  })
  const allowed = { decision: 'allow', reason: { code: 'allowed' } }
  const denied = (code: string) => ({ decision: 'deny', reason: { code } })

  /** Sections of the page of a task: their heading, what is said below it, and their events. */
  async function sections(task: string, more = '') {
    const page = await scene.page(`/trail/tasks/${encodeURIComponent(task)}${more}`)
    const found = [...page.matchAll(/<section class="(call|between)([^"]*)".*?<\/section>/gsu)].map(
      ([markup, kind, tone]) => ({
        kind: kind === 'call' ? `call${tone}` : 'between',
        heading: wordsOf(/<h2[^>]*>(.*?)<\/h2>/su.exec(markup)?.[1] ?? ''),
        below: wordsOf(/<p class="soft">(.*?)<\/p>/su.exec(markup)?.[1] ?? ''),
        steps: [...markup.matchAll(/<li.*?<\/li>/gsu)].map(([step]) => wordsOf(step).replace(/^[\d:.]+ /u, '')),
        markup,
      }),
    )
    return { page, found }
  }

  it('puts together what the agent, the auth server and the API wrote of one call', async () => {
    const task = 'task-calls'
    const first = { txn: task, trace: trace('a', '1'), tool: { name: 'get_plan', call_id: 'call_1' } }
    const second = { txn: task, trace: trace('a', '2'), tool: { name: 'get_plan', call_id: 'call_2' } }
    const bare = ({ tool: { name }, ...rest }: typeof first) => ({ ...rest, tool: { name } })
    await scene.write([
      byServer('jit.requested', { txn: task, requested: { scope: ['billing:pay'] } }),
      byAgent('tool.started', first),
      byAgent('tool.started', second),
      byServer('delegation.issued', {
        ...bare(first),
        ...{
          decision: 'allow',
          reason: { code: 'policy', policy: 'roles.support@3' },
          granted: { scope: ['billing:read'] },
        },
        ...{ token: { jti: 'token-of-first' } },
      }),
      byServer('delegation.denied', { ...bare(second), ...denied('grant_missing') }),
      byServer('jit.approved', { txn: task, decision: 'allow' }),
      byApi({ ...bare(first), ...allowed, resource: { aud: billing, route: '/plan' } }),
      byAgent('tool.finished', { ...second, ...denied('invalid_scope'), duration_ms: 12.4 }),
      byAgent('tool.finished', { ...first, ...allowed, duration_ms: 78.9 }),
    ])
    const { page, found } = await sections(task)
    expect(found.map(({ kind, heading }) => [kind, heading])).toEqual([
      ['between', ''],
      ['call allow', 'get_plan ✓ allow'],
      ['call deny', 'get_plan ✕ deny grant_missing'],
      ['between', ''],
    ])
    expect(found[1]?.below).toBe('for user_a through agent:support at https:// billing.example.com · 79 ms · call_1')
    expect(found[1]?.steps).toEqual([
      'support-app tool.started',
      'auth-server delegation.issued ✓ allow policy billing:read · by roles.support@3 · token token-of…',
      'billing-api access.decision ✓ allow allowed GET /plan',
      'support-app tool.finished ✓ allow allowed',
    ])
    expect(found[2]?.steps.map((step) => step.split(' ')[1])).toEqual([
      'tool.started',
      'delegation.denied',
      'tool.finished',
    ])
    expect(found[0]?.steps).toEqual(['auth-server jit.requested billing:pay · for user_a · through agent:support'])
    const words = wordsOf(page)
    expect(words).toContain('Task task-calls')
    expect(words).toMatch(/Events 9 Tool calls 2 ✓ allow 1 ✕ deny 1 Time \(UTC\) 2026-01-02 /u)
    expect(words).not.toContain('No end of it')
  })

  it('goes by the trace and the tool where a call has no span of its own, and by the token where there is no trace', async () => {
    const task = 'task-spans'
    const call = (id: string, name: string) => ({
      txn: task,
      trace: trace('b', id),
      tool: { name, call_id: `call_${id}` },
    })
    await scene.write([
      byAgent('tool.started', call('1', 'one')),
      byAgent('tool.started', call('2', 'two')),
      byApi({ txn: task, trace: trace('b', '9'), tool: { name: 'one' }, ...allowed }),
      byApi({ txn: task, trace: trace('b', '8'), ...denied('audience_mismatch') }),
      byServer('delegation.issued', {
        txn: task,
        tool: { name: 'three' },
        token: { jti: 'shared' },
        decision: 'allow',
      }),
      byApi({ txn: task, tool: { name: 'three' }, token: { jti: 'shared' }, ...allowed }),
      byApi({ txn: task, tool: { name: 'three' }, token: { jti: 'nobody-knows' }, ...denied('binding_required') }),
      byApi({ txn: task, trace: trace('c'), tool: { name: 'four' }, ...allowed }),
    ])
    const { found } = await sections(task)
    expect(found.map(({ kind, heading, steps }) => [kind, heading, steps.length])).toEqual([
      ['call allow', 'one ✓ allow', 2],
      ['call deny', 'two ✕ deny audience_mismatch', 2],
      ['call allow', 'three ✓ allow', 2],
      ['between', '', 1],
      ['call allow', 'four ✓ allow', 1],
    ])
    expect(wordsOf(found[0]?.markup ?? '')).toContain('No end of it is recorded.')
    expect(wordsOf(found[4]?.markup ?? '')).not.toContain('No end of it')
  })

  it('takes an event of an API for the call it is of, though the clock of the API is ahead or behind', async () => {
    const task = 'task-clocks'
    const call = { txn: task, trace: trace('d'), tool: { name: 'get_plan', call_id: 'call_1' } }
    await scene.write([
      byApi({ txn: task, trace: trace('d'), tool: { name: 'get_plan' }, ...allowed }),
      byAgent('tool.started', call),
      byAgent('tool.finished', { ...call, ...allowed }),
    ])
    expect((await sections(task)).found.map(({ steps }) => steps.length)).toEqual([3])
  })

  it('believes the API and the auth server before the agent, and no client about the call of another', async () => {
    const task = 'task-lies'
    const call = { txn: task, trace: trace('e'), tool: { name: 'refund', call_id: 'call_1' } }
    const other = { ...call, client: { id: 'other-app' }, actor: { id: 'agent:other' }, subject: { id: 'user_z' } }
    await scene.write([
      byAgent('tool.started', call),
      { ...byAgent('tool.started', other), sender: 'other-app' },
      byApi({ txn: task, trace: trace('e'), tool: { name: 'refund' }, ...denied('scope_insufficient') }),
      byAgent('tool.finished', { ...call, ...allowed }),
      { ...byAgent('tool.finished', { ...other, ...allowed }), sender: 'other-app' },
    ])
    const { found } = await sections(task)
    expect(found.map(({ heading, below, steps }) => [heading, below.split(' at ')[0], steps.length])).toEqual([
      ['refund ✕ deny scope_insufficient', 'for user_a through agent:support', 3],
      ['refund ✓ allow', 'for user_z through agent:other', 2],
    ])
  })

  it('shows each answer of an API that was asked again, and the chain of agents', async () => {
    const task = 'task-again'
    const shared = { txn: task, trace: trace('f'), tool: { name: 'get_plan' }, token: { jti: 'again' } }
    const chain = [{ id: 'agent:inner' }, { id: 'agent:support' }]
    await scene.write([
      byServer('delegation.issued', { ...shared, decision: 'allow', chain, actor: { id: 'agent:inner' } }),
      byApi({ ...shared, ...denied('dpop_nonce_required') }),
      byApi({ ...shared, ...allowed }),
      byApi({ ...shared, ...allowed }),
    ])
    const { found } = await sections(task)
    expect(found).toMatchObject([
      { kind: 'call allow', heading: 'get_plan ✕ deny dpop_nonce_required ✓ allow', steps: { length: 4 } },
    ])
    expect(found[0]?.below).toContain('for user_a through agent:inner for agent:support at')
  })

  it.each([
    [
      'the agent, where nobody else decided',
      [{ ...denied('x'), decision: 'error' }],
      'call error',
      'get_plan ! error x',
    ],
    ['nobody', [], 'call none', 'get_plan'],
  ])('takes the word of %s', async (_, ends, kind, heading) => {
    const task = `task-word-${ends.length}`
    const call = { txn: task, trace: trace('9'), tool: { name: 'get_plan', call_id: 'call_1' } }
    await scene.write([
      byAgent('tool.started', call),
      ...ends.map((end) => byAgent('tool.finished', { ...call, ...end })),
    ])
    expect((await sections(task)).found).toMatchObject([{ kind, heading }])
  })

  it('has pages when it is long: every event once, in order, and says what goes on', async () => {
    const task = 'task-long'
    const call = { txn: task, trace: trace('8'), tool: { name: 'slow', call_id: 'call_long' } }
    await scene.write([
      ...Array.from({ length: 249 }, (_, index) => byServer('jit.used', { txn: task, reason: { code: `r${index}` } })),
      byAgent('tool.started', call),
      byAgent('tool.finished', { ...call, ...allowed }),
    ])
    const first = await sections(task)
    expect(wordsOf(first.page)).toContain('Events 250 on this page')
    expect(first.found.map(({ steps }) => steps.length)).toEqual([249, 1])
    expect(wordsOf(first.page)).toContain('No end of it is on this page.')
    expect(first.found[0]?.steps.map((step) => / (r\d+) /u.exec(step)?.[1])).toEqual(
      Array.from({ length: 249 }, (_, index) => `r${index}`),
    )
    const next = /<a href="[^"?]*(\?[^"]+)">Later events<\/a>/u.exec(first.page)?.[1] ?? ''
    const second = await sections(task, next)
    expect(second.found.map(({ steps }) => steps.length)).toEqual([1])
    expect(wordsOf(second.page)).toContain('It began on the page before.')
    expect(second.page).toContain('<a href="/trail/tasks/task-long">From the beginning</a>')
    expect(second.page).not.toContain('Later events')
  })

  it.each(['?after=x', '?after=', '?limit=1', '?after=a&after=b'])(
    'a page that begins nowhere is none: %s',
    async (query) => {
      const visitor = await scene.security()
      expect((await visitor.get(`/trail/tasks/task-long${query}`)).status).toBe(400)
    },
  )

  it('is linked whatever it is called', async () => {
    for (const task of ['.', '..', 'a/b?c#d', 'a b+c', 'ticket:1~2', '%2e', 'Größe']) {
      await scene.write([byServer('jit.used', { txn: task, reason: { code: 'named' } })])
      const list = await scene.page(`/trail?transaction=${encodeURIComponent(task)}`)
      const link = /<td data-label="Task"><div><a href="([^"]+)">/u.exec(list)?.[1] ?? ''
      expect(wordsOf(await scene.page(link)), task).toContain('named')
    }
  })
})

describe('what others wrote, in a page', () => {
  let scene: TrailScene
  beforeAll(async () => {
    scene = await openTrailScene()
  })
  afterAll(() => scene.close())

  /** Everything that is not seen, or turns or covers what is: nowhere in a page. */
  const unseen = /[\p{Cf}\p{Zl}\p{Zp}\p{Co}\u00A0\u115F\u3164]|\uFE0F|[^\P{Cc}\n]|\p{M}{4}/u
  const evil = {
    markup: `"><img src=x onerror=alert(1)><script>alert(1)</script>'&amp;</bdi></td>`,
    turned: 'invoice\u202Egnp.exe\u2066\u2069\u200F',
    hidden: 'ad\u200Bmin\u00AD\u2060\uFEFF\u{E0041}',
    control: 'a\u0001b\u001B[31mc\r\nd\u0085e\u009Bf\u007F',
    blank: 'x\u00A0y\u3164z\u115Fq\uFE0F\u2028',
    heap: `a${'\u0300'.repeat(40)}`,
    foreign: 'אבג 123 ثلاثة',
  }

  it.each(Object.entries(evil))('neither breaks out nor hides: %s', async (name, text) => {
    const task = `evil-${name}`
    const [event] = await scene.write([
      {
        ...{
          type: `t${text}`,
          sender: 'billing-api',
          decision: text,
          reason: { code: text, policy: text },
          subject: { id: text },
        },
        ...{
          actor: { id: text },
          chain: [{ id: text }, { id: text }],
          client: { id: text },
          resource: { aud: text, route: text },
        },
        ...{ request: { method: text }, granted: { scope: [text, text, text, text, text] }, token: { jti: text } },
        ...{
          tool: { name: text, call_id: text },
          trace: { trace_id: text, span_id: text },
          txn: task,
          [`m${text}`]: text,
        },
        observer: { client: 'billing-api', service: text, instance: text },
      },
    ])
    const paths = [
      `/trail?transaction=${task}`,
      `/trail/tasks/${task}`,
      `/trail/events/${event?.id}?client=billing-api`,
    ]
    for (const path of paths) {
      const page = await scene.page(path)
      expect(page, path).not.toMatch(unseen)
      expect(page, path).not.toMatch(/<(?:img|script)|\son[a-z]+="|<\/bdi><\/td><\/bdi>/iu)
      const code =
        name === 'markup'
          ? /&lt;img src=x/u
          : name === 'foreign'
            ? /<bdi>אבג/u
            : /&lt;U\+[\dA-F]{4,6}&gt;|\\u[\da-f]{4}/u
      expect(page, path).toMatch(code)
    }
  })

  it('is the event all the same: what is not seen is an escape, and nothing is left out', async () => {
    const detail = evil
    const [event] = await scene.write([
      { type: 'jit.used', sender: 'billing-api', detail, more: [1.5, true, null, 'x'] },
    ])
    const page = await scene.page(`/trail/events/${event?.id}?client=billing-api`)
    const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', amp: '&', '#39': "'" }
    const json = (/<pre[^>]*>(.*)<\/pre>/su.exec(page)?.[1] ?? '')
      .replaceAll(/<[^>]*>/gu, '')
      .replaceAll(/&([\w#]+);/gu, (_, entity: string) => entities[entity] ?? '')
    expect(JSON.parse(json)).toMatchObject({ detail, more: [1.5, true, null, 'x'] })
  })

  it('does not pass for another decision, or for the word of the server', async () => {
    await scene.write([
      { type: 'access.decision', sender: 'evil-api', decision: 'allow deny', txn: 'disguise' },
      { type: 'access.decision', sender: 'evil-api', decision: 'constructor', txn: 'disguise' },
      {
        ...{ type: 'delegation.issued', sender: 'evil-api', decision: 'allow', txn: 'disguise' },
        observer: { client: 'evil-api', service: 'auth-server' },
      },
      { type: 'delegation.issued', decision: 'allow', txn: 'disguise' },
    ])
    const page = await scene.page('/trail?transaction=disguise')
    expect([...page.matchAll(/<tr class="([^"]*)"/gu)].map(([, tone]) => tone)).toEqual([
      'allow',
      'allow',
      'none',
      'none',
    ])
    const writers = [...page.matchAll(/<div class="under">(.*?)<\/div>/gu)].map(([, writer]) => writer)
    expect(writers).toEqual([
      ...['<b>auth-server</b>', '<bdi>evil-api (auth-server)</bdi>', '<bdi>evil-api</bdi>', '<bdi>evil-api</bdi>'],
    ])
  })

  it('may be of any form at all', async () => {
    const [event] = await scene.write([
      {
        ...{
          type: 'jit.used',
          sender: 'billing-api',
          decision: { a: 1 },
          reason: 'text',
          subject: null,
          actor: ['x'],
          chain: 'x',
        },
        ...{
          granted: { scope: { a: 1 } },
          requested: { scope: [1, 'named'] },
          resource: 7,
          txn: 'forms',
          duration_ms: 'long',
        },
        ...{ tool: { name: '' }, trace: {}, token: { jti: 5 }, request: [] },
      },
    ])
    for (const path of [
      '/trail?transaction=forms',
      '/trail/tasks/forms',
      `/trail/events/${event?.id}?client=billing-api`,
    ]) {
      expect(wordsOf(await scene.page(path)), path).toContain('jit.used')
    }
  })

  it('may be altered in the database: it is shown as it is there', async () => {
    const { database } = scene.server.context
    const [event] = await scene.write([{ type: 'jit.used', sender: 'billing-api', txn: 'altered' }])
    await database.transaction(async () => {
      await database.query('set local session_replication_role = replica')
      const text = JSON.stringify({ time: 'noon\u202E', ['__proto__']: { 5: 'five' }, observer: { client: 'x' } })
      await database.query('update audit_events set event = $1 where id = $2', [text, `${event?.id}/billing-api`])
    })
    for (const path of [
      '/trail?transaction=altered',
      '/trail/tasks/altered',
      `/trail/events/${event?.id}?client=billing-api`,
    ]) {
      expect(await scene.page(path), path).toContain('noon&lt;U+202E&gt;')
    }
    expect(await scene.page(`/trail/events/${event?.id}?client=billing-api`)).toContain('__proto__')
  })

  it('holds no token, whoever wrote one', async () => {
    const { access_token } = await scene.token()
    expect(access_token.split('.')).toHaveLength(3)
    const { audit } = scene.server.context
    await audit.record({
      ...{ type: 'jit.used', txn: 'leak', reason: { code: access_token }, subject: { id: access_token } },
      detail: { access_token, note: `see ${access_token}`, [access_token]: 1 },
    })
    const { events } = await audit.search({ transaction: 'leak' }, { limit: 1 })
    for (const path of ['/trail?transaction=leak', '/trail/tasks/leak', `/trail/events/${String(events[0]?.id)}`]) {
      const page = await scene.page(path)
      expect(page, path).toContain('&lt;token&gt;')
      for (const part of access_token.split('.')) expect(page, path).not.toContain(part)
    }
    const visitor = await scene.security()
    const asked = await visitor.get(`/trail?subject=${access_token}`)
    expect([asked.status, asked.headers.get('location')]).toEqual([303, '/trail?subject=%3Ctoken%3E'])
  })
})
