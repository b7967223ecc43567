import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import { type Call, type DecisionEvent, startApi } from '../support/api.js'
import { AUDIENCE, createKey, delegated, forge, ISSUER, mint, NOW } from '../support/token.js'
import { expectAllowed, expectRefusal, expectRefused } from './answer.js'
import { createSuite } from './suite.js'

const { proves } = createSuite()

function eventOf({ events }: { readonly events: readonly DecisionEvent[] }): DecisionEvent {
  const [event] = events
  if (event === undefined) throw new Error('no event')
  return event
}

const hashOf = (token: string) => createHash('sha256').update(token).digest().subarray(0, 16).toString('base64url')

proves('BEHALF-one-event', async (api) => {
  const calls: Call[] = [
    {},
    mint(),
    mint({ exp: 1 }),
    'x',
    { authorization: ['Bearer x', 'Bearer x'] },
    mint({ scope: '' }),
  ]
  for (const call of calls) {
    const { events } = await api.call(call)
    expect(events).toHaveLength(1)
    expect(events[0]).toMatchObject({
      schema: 'delegation-audit/1',
      type: 'access.decision',
      resource: { aud: AUDIENCE },
    })
  }
  expect(await api.takeEvents(0)).toEqual([])
})

proves('BEHALF-event-allow', async (api) => {
  const act = { sub: 'agent:support', sub_profile: 'ai_agent', act: { sub: 'agent:first' } }
  const token = mint(delegated({ act, scope: 'billing:read other', jti: 'token-5' }))
  const { id, time, duration_ms: duration, ...event } = eventOf(await api.call(token))
  expect(event).toEqual({
    schema: 'delegation-audit/1',
    type: 'access.decision',
    decision: 'allow',
    reason: { code: 'allowed' },
    subject: { id: 'user-1', iss: ISSUER },
    actor: { id: 'agent:support', iss: ISSUER, profile: 'ai_agent' },
    chain: [
      { id: 'agent:support', iss: ISSUER },
      { id: 'agent:first', iss: ISSUER },
    ],
    chain_depth: 2,
    chain_complete: true,
    client: { id: 'client-1' },
    mode: 'delegated',
    token: { jti: 'token-5', iss: ISSUER, sha256: hashOf(token), iat: NOW, exp: NOW + 300 },
    requested: { scope: ['billing:read'] },
    granted: { scope: ['billing:read', 'other'] },
    resource: { aud: AUDIENCE, route: '/invoices' },
    request: { method: 'GET' },
  })
  expect(id).toMatch(/^[0-9a-f-]{36}$/)
  expect(time).toBe(new Date(NOW * 1000).toISOString())
  expect(duration).toBeGreaterThanOrEqual(0)

  const direct = eventOf(await api.call({ path: '/either', token: mint() }))
  expect(direct).toMatchObject({ mode: 'direct', requested: { any_scope: ['billing:read', 'billing:admin'] } })
  expect(direct).not.toHaveProperty('actor')
})

proves('BEHALF-event-deny', async (api) => {
  const token = mint(delegated({ scope: 'other', jti: 'token-6' }))
  expect(eventOf(await api.call(token))).toMatchObject({
    decision: 'deny',
    reason: { code: 'scope_insufficient', oauth_error: 'insufficient_scope' },
    subject: { id: 'user-1', iss: ISSUER },
    actor: { id: 'agent:support', iss: ISSUER },
    chain_depth: 1,
    client: { id: 'client-1' },
    mode: 'delegated',
    token: { jti: 'token-6', iss: ISSUER, sha256: hashOf(token), iat: NOW, exp: NOW + 300 },
    requested: { scope: ['billing:read'] },
    granted: { scope: ['other'] },
    resource: { aud: AUDIENCE, route: '/invoices' },
    request: { method: 'GET' },
  })
  const expired = mint({ exp: NOW - 60, iat: NOW - 120, jti: 'token-7' })
  expect(eventOf(await api.call(expired))).toMatchObject({
    decision: 'deny',
    reason: { code: 'token_expired', oauth_error: 'invalid_token' },
    subject: { id: 'user-1', iss: ISSUER },
    client: { id: 'client-1' },
    token: { jti: 'token-7', iss: ISSUER, sha256: hashOf(expired), iat: NOW - 120, exp: NOW - 60 },
  })
  const missing = eventOf(await api.call({}))
  expect(missing.reason).toEqual({ code: 'token_missing' })
  for (const member of ['subject', 'actor', 'client', 'token', 'mode', 'granted', 'chain'])
    expect(missing).not.toHaveProperty(member)
  expect(missing).toMatchObject({ requested: { scope: ['billing:read'] }, request: { method: 'GET' } })
})

proves('BEHALF-event-unproven', async (api) => {
  const forger = createKey('ES256', 'es256')
  const unproven = [
    mint({ sub: 'victim' }, { key: forger }),
    mint({ sub: 'victim', act: { sub: 'agent:victim' }, txn: 'victim' }, { key: createKey('ES256', 'victim-key') }),
    mint({ sub: 'victim', iss: 'https://victim.example' }),
    forge({
      header: { alg: 'none', typ: 'at+jwt', kid: 'victim' },
      claims: { iss: ISSUER, sub: 'victim' },
      signature: 'AAAA',
    }),
    'victim.victim.victim',
    mint({ sub: 'victim' }, { header: { typ: 'victim' } }),
  ]
  for (const token of unproven) {
    const outcome = await api.call(token)
    expect(outcome.response.status).toBe(401)
    const event = eventOf(outcome)
    expect(event.token).toEqual({ sha256: hashOf(token) })
    expect(JSON.stringify(event)).not.toMatch(/victim/)
    for (const member of ['subject', 'actor', 'client', 'mode', 'granted', 'chain', 'txn'])
      expect(event).not.toHaveProperty(member)
  }
})

proves('BEHALF-event-hash', async (api) => {
  for (const token of [
    mint(),
    mint({ exp: 1 }),
    mint({}, { key: createKey('ES256', 'other') }),
    'x',
    'a'.repeat(900),
  ]) {
    const event = eventOf(await api.call(token))
    expect(event.token?.sha256).toBe(hashOf(token))
    expect(event.token?.sha256).toHaveLength(22)
  }
})

proves('RFC9562-5.7-event-id', async (api) => {
  const ids = new Set<string>()
  for (let i = 0; i < 20; i++) {
    const { id } = eventOf(await api.call(i % 2 === 0 ? mint() : {}))
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(NOW * 1000)
    ids.add(id)
  }
  expect(ids.size).toBe(20)
})

const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
const span = '00f067aa0ba902b7'
proves('W3C-TRACE-CONTEXT', async (api) => {
  const recorded = async (value: string, more: readonly string[] = []) =>
    eventOf(await api.call({ token: mint(), headers: [value, ...more].map((line) => ['traceparent', line] as const) }))
      .trace
  const parsed = { trace_id: trace, span_id: span }
  expect(await recorded(`00-${trace}-${span}-01`)).toEqual(parsed)
  expect(await recorded(`00-${trace}-${span}-00`)).toEqual(parsed)
  expect(await recorded(`cc-${trace}-${span}-01-what-the-future-brings`)).toEqual(parsed)
  const malformed = [
    '',
    'x',
    `ff-${trace}-${span}-01`,
    `00-${'0'.repeat(32)}-${span}-01`,
    `00-${trace}-${'0'.repeat(16)}-01`,
    `00-${trace.toUpperCase()}-${span}-01`,
    `00-${trace.slice(1)}-${span}-01`,
    `00-${trace}-${span}`,
    `00-${trace}-${span}-1`,
    `00-${trace}-${span}-01\u00e9`,
    ` ${trace}`,
    `00-${trace}-${span}-01-${'x'.repeat(4000)}`,
    `00-${trace}-${span}-zz`,
  ]
  for (const value of malformed) expect(await recorded(value), value.slice(0, 80)).toBeUndefined()
  expect(await recorded(`00-${trace}-${span}-01`, [`00-${trace}-${span}-01`])).toBeUndefined()
})

proves('BEHALF-event-transaction', async (api) => {
  expect(eventOf(await api.call(mint({ txn: 'task-1' }))).txn).toBe('task-1')
  expect(eventOf(await api.call(mint({ txn: 'task-2', scope: '' }))).txn).toBe('task-2')
  for (const txn of [undefined, 7, null, {}, ['task-3']]) {
    const outcome = await api.call(mint({ txn }))
    expectAllowed(outcome)
    expect(eventOf(outcome)).not.toHaveProperty('txn')
  }
})

proves('BEHALF-event-route', async (api) => {
  for (const id of ['user-1', 'user-2', 'a%0Ab', '%22%7D']) {
    const event = eventOf(await api.call({ path: `/customers/${id}?secret=value`, token: mint() }))
    expect(event.resource).toEqual({ aud: AUDIENCE, route: '/customers/:id' })
    expect(JSON.stringify(event)).not.toMatch(/secret/)
  }
})

const hostile = [
  'a\nb',
  'a\r\n{"decision":"allow"}',
  '\u001b[2J',
  '\0',
  '\u2028\u2029',
  '\u202egpj.exe',
  '\ufeff',
  '\u0085',
  '"}],{',
  '\\',
  '\ud800',
  'x'.repeat(3000),
  '\u{1f511}'.repeat(500),
  '\u0001'.repeat(500),
  '{jndi:ldap://evil.example/a}',
  '%n%s',
  '\u200b'.repeat(300),
]
proves('BEHALF-event-line', async (api) => {
  for (const text of hostile) {
    const act = (depth: number): object => ({
      sub: text.slice(0, 255),
      iss: text,
      ...(depth > 1 && { act: act(depth - 1) }),
    })
    const changes = {
      sub: text,
      client_id: text,
      jti: text,
      txn: text,
      sub_profile: text,
      scope: `billing:read ${text} ${'s '.repeat(200)}`,
    }
    const calls: Call[] = [
      mint(changes),
      mint({ ...changes, scope: text }),
      mint({ ...changes, act: act(1) }),
      mint({ ...changes, act: act(4) }),
      mint({ ...changes, exp: 1 }),
      mint({ ...changes, act: text }),
      {
        token: mint(),
        method: 'POST',
        body: '',
        headers: [['traceparent', Buffer.from(text.replace(/\p{Cc}/gu, ''))]],
      },
    ]
    for (const call of calls) {
      const line = JSON.stringify(eventOf(await api.call(call)))
      expect(Buffer.byteLength(line)).toBeLessThanOrEqual(4096)
      expect(line).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]|\\[nrtbfu]/u)
      expect(JSON.parse(line)).toBeTypeOf('object')
    }
  }
})

proves('BEHALF-event-no-secret', async (api) => {
  // the harness searches every call of every suite; here a leak is planted to show that it finds one
  const token = mint()
  expectAllowed(await api.call(token))
  const leaky = await startApi(api.target, {
    options: (_clock, collect) => ({
      audit: (event) => collect({ ...event, schema: token as 'delegation-audit/1' }),
    }),
  })
  try {
    await expect(leaky.call(token)).rejects.toThrow(/leaked/)
    expectRefusal((await leaky.call({})).response, 'token_missing')
  } finally {
    await leaky.close()
  }
})

const raise = (value: unknown): never => {
  throw value
}
const sinks: Record<string, () => void | Promise<void>> = {
  throws: () => {
    throw new Error('the sink is broken')
  },
  rejects: () => Promise.reject(new Error('the sink is broken')),
  hangs: () => new Promise(() => {}),
  'throws nothing': () => raise(undefined),
}
proves('BEHALF-sink-fails', async ({ target }) => {
  for (const record of Object.values(sinks)) {
    const api = await startApi(target, { options: { audit: { sink: { record }, timeout: 50 } } })
    try {
      for (let i = 0; i < 3; i++) {
        const allowed = await api.call({ token: mint(), events: 0 })
        expect(allowed.response.status).toBe(200)
        expectRefusal((await api.call({ events: 0 })).response, 'token_missing')
      }
    } finally {
      await api.close().catch(() => {})
    }
  }
})

proves('BEHALF-audit-required', async ({ target }) => {
  for (const record of Object.values(sinks)) {
    const sink = { record }
    const api = await startApi(target, { options: { audit: { sink, required: true, timeout: 50 } } })
    try {
      expectRefusal((await api.call({ token: mint(), events: 0 })).response, 'audit_unavailable')
      expectRefusal((await api.call({ events: 0 })).response, 'audit_unavailable')
    } finally {
      await api.close().catch(() => {})
    }
  }
  const api = await startApi(target, {
    options: (_clock, collect) => ({
      audit: { sink: { record: async (event) => collect(event) }, required: true },
    }),
  })
  try {
    expectAllowed(await api.call(mint()))
    expectRefused(await api.call({}), 'token_missing')
  } finally {
    await api.close()
  }
})
