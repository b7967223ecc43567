import { type TrailEvent, toJsonLines, toOcsf } from '@behalf/audit'
import { type AuditEvent, createResourceServer } from '@behalf/core'
import { createTestIssuer } from '@behalf/testing'
import { describe, expect, it } from 'vitest'
import { faultsOf } from './ocsf-schema.js'
import { decision } from './trail.js'

const allowed = decision({
  subject: { id: 'user_8f2c1d', iss: 'https://auth.example.com', profile: 'user' },
  actor: { id: 'agent:support', iss: 'https://auth.example.com', profile: 'ai_agent' },
  client: { id: 'agent-support' },
  mode: 'delegated',
  token: { sha256: 'x', jti: '01JD', iss: 'https://auth.example.com', iat: 1, exp: 61, bound: 'dpop' },
  requested: { scope: ['billing:read'] },
  granted: { scope: ['billing:read'] },
  trace: { trace_id: '4bf92f3577b34da6a3ce929d0e0e4736', span_id: '00f067aa0ba902b7' },
  txn: 'task_1',
  tool: { name: 'get_customer_billing' },
  purpose: 'answer_billing_question',
})

const issued: TrailEvent = {
  id: '01JDULID',
  time: '2026-11-21T22:30:00.123Z',
  type: 'delegation.issued',
  decision: 'allow',
  reason: { code: 'policy', policy: 'support-agents@3' },
  subject: { id: 'user_8f2c1d', profile: 'user' },
  actor: { id: 'agent:support' },
  client: { id: 'agent-support' },
  token: { jti: '01JD', iat: 1, exp: 61, parent_jti: '01JC' },
  granted: { scope: ['billing:read'] },
  resource: { aud: 'https://billing.example.com' },
  txn: 'task_1',
  observer: { service: 'auth-server', instance: 'one' },
  integrity: { chain: 'one/01', seq: 7, prev: 'sha256:a', hash: 'sha256:b' },
}

describe('an event as OCSF', () => {
  it.each<[string, TrailEvent]>([
    ['allowed call', allowed],
    [
      'refused call',
      decision({ decision: 'deny', reason: { code: 'scope_insufficient' }, request: { method: 'DELETE' } }),
    ],
    ['call of an unknown method', decision({ request: { method: 'BREW' } })],
    ['issued delegation', issued],
    [
      'refused delegation',
      { ...issued, type: 'delegation.denied', decision: 'deny', granted: undefined, token: undefined },
    ],
    ['escalation', { ...issued, type: 'escalation.denied', decision: 'deny', requested: { scope: ['billing:admin'] } }],
    ['refusal of nobody', { id: '1', time: issued.time, type: 'access.denied' }],
    ['change', { id: '1', time: issued.time, type: 'policy.changed', observer: { service: 'auth-server' } }],
    ['loss', { ...decision(), type: 'audit.dropped', ...{ dropped: 3 } }],
  ])('is valid: %s', (_, event) => {
    expect(faultsOf(toOcsf(event))).toEqual([])
  })

  it('finds what is wrong', () => {
    const { actor: _, ...rest } = toOcsf(allowed)
    expect(faultsOf({ ...rest, severity_id: 7, api: {}, user: { name: 'x' }, src_endpoint: {} })).toHaveLength(5)
    expect(faultsOf({ ...toOcsf(issued), privileges: undefined })).toEqual([
      'authorize_session: one of privileges,groups,iam_roles',
    ])
  })

  it('says who called for whom, with which token, for which task', () => {
    expect(toOcsf(allowed)).toMatchObject({
      class_uid: 6003,
      type_uid: 600302,
      status: 'Success',
      status_code: 'allowed',
      time: Date.parse(allowed.time),
      metadata: { uid: allowed.id, correlation_uid: 'task_1' },
      actor: {
        user: { uid: 'user_8f2c1d', type_id: 1 },
        app_uid: 'agent-support',
        session: { credential_uid: '01JD', expiration_time: 61_000 },
        authorizations: [{ decision: 'allow' }],
      },
      ai_agent: { uid: 'agent:support' },
      api: { operation: 'GET /customers/:id' },
      trace: { uid: '4bf92f3577b34da6a3ce929d0e0e4736' },
      unmapped: { tool: { name: 'get_customer_billing' }, purpose: 'answer_billing_question' },
    })
    expect(toOcsf(issued)).toMatchObject({
      class_uid: 3003,
      type_uid: 300301,
      privileges: ['billing:read'],
      session: { credential_uid: '01JD' },
      actor: { authorizations: [{ decision: 'allow', policy: { uid: 'support-agents', version: '3' } }] },
      metadata: { correlation_uid: 'task_1', log_name: 'one/01', sequence: 7 },
      raw_data_hash: { algorithm_id: 3, value: 'b' },
    })
  })

  it('is valid for what an API really decides', async () => {
    const issuer = await createTestIssuer({ listen: false })
    const events: AuditEvent[] = []
    const server = createResourceServer({
      issuer: issuer.trusted(),
      audience: 'billing',
      audit: (event) => events.push(event),
    })
    for (const scope of ['billing:read', 'other']) {
      const token = await issuer.token({ subject: 'user-1', audience: 'billing', scope })
      for (const authorization of [`Bearer ${token}`, 'Bearer forged', '']) {
        await server.authorize(new Request('https://billing.example.com/', { headers: { authorization } }), {
          scope: 'billing:read',
        })
      }
    }
    await server.close()
    await issuer.close()
    expect(events.map((event) => event.type === 'access.decision' && event.decision)).toEqual([
      ...['allow', 'deny', 'deny'],
      ...['deny', 'deny', 'deny'],
    ])
    expect(events.flatMap((event) => faultsOf(toOcsf(event)))).toEqual([])
  })
})

it('events are written one a line, whatever they contain', () => {
  const events = [allowed, { ...issued, purpose: 'two\nlines\u2028and "more"' }]
  const text = toJsonLines(events)
  expect(text.endsWith('\n')).toBe(true)
  expect(
    text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual(JSON.parse(JSON.stringify(events)))
  expect(toJsonLines([])).toBe('')
})
