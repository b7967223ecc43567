import { inspect } from 'node:util'
import { type AuditEvent, ConfigurationError, createResourceServer, type Requirement } from '@behalf/core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type AuthzenOptions, authzen } from '../../packages/core/dist/policy/authzen.js'
import { AUDIENCE, delegated, ISSUER, issuerKey, type Json, jwks, mint, NOW } from '../support/token.js'
import { type DecisionPoint, type Fault, raw, sendJson, startDecisionPoint } from './decision-point.js'

const secret = 'a secret of this test alone'
const events: AuditEvent[] = []
const server = createResourceServer({
  issuer: { issuer: ISSUER, jwks: jwks(issuerKey()) },
  audience: AUDIENCE,
  now: () => NOW,
  audit: (event) => void events.push(event),
})

let point: DecisionPoint
beforeAll(async () => {
  point = await startDecisionPoint()
})
afterEach(() => {
  point.fault = undefined
})
afterAll(async () => {
  await server.close()
  await point.close()
})

const invoice = (id: unknown) => ({ type: 'invoice', id }) as { type: string; id: string }
const agent = { act: { sub: 'agent:support', iss: ISSUER, sub_profile: 'ai_agent' } }

/** The code a request is refused with, and its status; `allowed` when it is not. */
async function outcome(
  options: Partial<AuthzenOptions> | (() => Requirement),
  claims: Json = {},
): Promise<readonly [code: string, status?: number]> {
  const requirement =
    typeof options === 'function' ? options : () => ({ check: authzen({ url: point.url, ...options }) })
  const guard = server.protect<object>(requirement)
  const headers = new Headers({ authorization: `Bearer ${mint(claims)}` })
  const decision = await guard({ method: 'GET', url: '/invoices/inv-1', headers }, {})
  if (decision.allowed) return ['allowed']
  const { error, status, body } = decision
  for (const text of [body, inspect(error, { depth: 20, maxStringLength: null })]) expect(text).not.toContain(secret)
  return [error.code, status]
}

const last = () => {
  const request = point.requests.at(-1)
  if (request === undefined) throw new Error('nothing was asked')
  return request
}

describe('a decision point', () => {
  test.each<[string, Partial<AuthzenOptions>, Json, string]>([
    ['of a person, about the own record', { resource: invoice('inv-1'), action: 'delete' }, {}, 'allowed'],
    ['of a person, about another record', { resource: invoice('inv-2'), action: 'read' }, {}, 'policy_denied'],
    ['of an agent, about its user', { resource: invoice('inv-1'), action: 'read' }, delegated(agent), 'allowed'],
    ['of an agent, about another', { resource: invoice('inv-2'), action: 'read' }, delegated(agent), 'policy_denied'],
    ['of an agent, to delete', { resource: invoice('inv-1'), action: 'delete' }, delegated(agent), 'policy_denied'],
    ['of an agent of no class', { resource: invoice('inv-1'), action: 'read' }, delegated(), 'policy_denied'],
    ['about the API as a whole', {}, {}, 'allowed'],
    ['about the API as a whole, for another scope', {}, { scope: 'orders:read' }, 'policy_denied'],
    [
      'about the record of a function',
      { resource: ({ subject }) => invoice(subject === 'user-1' ? 'inv-1' : 'inv-2') },
      {},
      'allowed',
    ],
  ])('decides %s', async (_name, options, claims, expected) => {
    expect((await outcome(options, claims))[0]).toBe(expected)
  })

  test('is told who acts for whom, with what, for which task', async () => {
    await outcome({ resource: invoice('inv-1'), action: 'read' }, delegated({ ...agent, txn: 'task-1' }))
    const { method, path, headers, body } = last()
    expect({ method, path }).toEqual({ method: 'POST', path: '/access/v1/evaluation' })
    expect(headers).toMatchObject({ 'content-type': 'application/json', accept: 'application/json' })
    expect(body).toEqual({
      subject: { type: 'user', id: 'user-1', properties: { issuer: ISSUER } },
      action: { name: 'read' },
      resource: { type: 'invoice', id: 'inv-1' },
      context: {
        mode: 'delegated',
        actor: { subject: 'agent:support', issuer: ISSUER, profile: 'ai_agent' },
        client: { id: 'client-1' },
        scopes: ['billing:read'],
        transaction: 'task-1',
      },
    })
  })

  test('is told what the API adds, and never the token', async () => {
    await outcome(
      {
        action: { name: 'read', properties: { method: 'GET' } },
        resource: { ...invoice('inv-1'), properties: { currency: 'EUR' } },
        context: { time: '2026-11-21T22:30:00Z', scopes: ['of my own'] },
        headers: { Authorization: `Bearer ${secret}`, 'X-Request-ID': 'request-1' },
      },
      { sub: 'client-1' },
    )
    const { headers, body } = last()
    expect(headers).toMatchObject({ authorization: `Bearer ${secret}`, 'x-request-id': 'request-1' })
    expect(body).toEqual({
      subject: { type: 'client', id: 'client-1', properties: { issuer: ISSUER } },
      action: { name: 'read', properties: { method: 'GET' } },
      resource: { type: 'invoice', id: 'inv-1', properties: { currency: 'EUR' } },
      context: {
        mode: 'direct',
        client: { id: 'client-1' },
        scopes: ['of my own'],
        time: '2026-11-21T22:30:00Z',
      },
    })
    expect(JSON.stringify(body)).not.toContain('eyJ')
  })

  test('gets headers that are made for each request', async () => {
    const tokens = ['one', 'two']
    const check = authzen({ url: `${point.url}/`, headers: () => ({ authorization: `Bearer ${tokens.shift()}` }) })
    expect(await outcome(() => ({ check }))).toEqual(['allowed'])
    expect(await outcome(() => ({ check }))).toEqual(['allowed'])
    expect(last().headers.authorization).toBe('Bearer two')
    expect(last().path).toBe('/access/v1/evaluation')
  })

  test('may live below a path', async () => {
    point.fault = raw(404, {})
    await outcome({ url: `${point.url}/tenants/7` })
    expect(last().path).toBe('/tenants/7/access/v1/evaluation')
  })

  test('does not hear of a request that something else refuses', async () => {
    const before = point.requests.length
    const check = authzen({ url: point.url })
    expect((await outcome(() => ({ scope: 'billing:write', check })))[0]).toBe('scope_insufficient')
    expect(point.requests).toHaveLength(before)
    expect((await outcome(() => ({ scope: 'billing:read', check })))[0]).toBe('allowed')
    expect(point.requests).toHaveLength(before + 1)
  })
})

const json = { 'Content-Type': 'application/json' }
const says = (body: unknown): Fault => raw(200, json, JSON.stringify(body))

const faults: Readonly<Record<string, Fault>> = {
  'no answer': () => {},
  'headers, then nothing': (response) => response.writeHead(200, json).flushHeaders(),
  'half an answer, then nothing': (response) => response.writeHead(200, json).write('{"decision":'),
  'an answer drop by drop': (response) => {
    response.writeHead(200, json)
    const timer = setInterval(() => response.write(' '), 20)
    response.once('close', () => clearInterval(timer))
  },
  'a closed connection': (response) => response.destroy(),
  'status 400': raw(400, json, '{"decision":true}'),
  'status 401': raw(401, json, '{"decision":true}'),
  'status 403': raw(403, json, '{"decision":true}'),
  'status 500': raw(500, json, '{"decision":true}'),
  'status 201': raw(201, json, '{"decision":true}'),
  'status 204': raw(204, {}),
  'a web page': raw(200, { 'Content-Type': 'text/html' }, '<!doctype html>'),
  'JSON that says it is a web page': raw(200, { 'Content-Type': 'text/html' }, '{"decision":true}'),
  'half of JSON': raw(200, json, '{"decision":true'),
  'an empty body': raw(200, json),
  'a list': says([{ decision: true }]),
  null: says(null),
  true: says(true),
  'no decision': says({}),
  'a decision as a text': says({ decision: 'true' }),
  'a decision as a number': says({ decision: 1 }),
  'a decision as null': says({ decision: null }),
  'a decision further in': says({ evaluations: [{ decision: true }] }),
  'too much': says({ decision: true, context: { padding: 'x'.repeat(70_000) } }),
}

describe('a fault of the decision point is an outage: nothing is allowed, nobody is blamed', () => {
  test.each(Object.entries(faults))('%s', async (_name, fault) => {
    point.fault = fault
    const started = performance.now()
    expect(await outcome({ timeout: 200, headers: { authorization: `Bearer ${secret}` } })).toEqual([
      'policy_unavailable',
      503,
    ])
    expect(performance.now() - started).toBeLessThan(700)
    point.fault = undefined
    expect(await outcome({ timeout: 2_000 })).toEqual(['allowed'])
  })

  test.each([301, 302, 303, 307, 308])('status %d leads nowhere', async (status) => {
    const elsewhere = await startDecisionPoint()
    elsewhere.fault = says({ decision: true })
    try {
      point.fault = raw(status, { Location: `${elsewhere.url}/access/v1/evaluation` })
      expect(await outcome({})).toEqual(['policy_unavailable', 503])
      expect(elsewhere.requests).toEqual([])
    } finally {
      await elsewhere.close()
    }
  })

  test('nobody at the address', async () => {
    const gone = await startDecisionPoint()
    await gone.close()
    expect(await outcome({ url: gone.url })).toEqual(['policy_unavailable', 503])
  })

  test('a plain no is the caller, and nothing of its reason gets out', async () => {
    point.fault = (response) => sendJson(response, { decision: false, context: { reason: secret } })
    expect(await outcome({})).toEqual(['policy_denied', 403])
  })
})

describe('what this API does wrong', () => {
  test.each<[string, () => Requirement]>([
    ['a record without an identifier', () => ({ check: authzen({ url: point.url, resource: invoice(undefined) }) })],
    [
      'a function that finds no record',
      () => ({ check: authzen({ url: point.url, resource: () => invoice(undefined) }) }),
    ],
    [
      'a function that throws',
      () => ({
        check: authzen({
          url: point.url,
          resource: () => {
            throw new Error('no such record')
          },
        }),
      }),
    ],
    [
      'headers that would be two',
      () => ({ check: authzen({ url: point.url, headers: () => ({ authorization: `${secret}\nx: y` }) }) }),
    ],
    ['headers that are a text', () => ({ check: authzen({ url: point.url, headers: () => secret as never }) })],
  ])('%s: the request is refused, nothing is asked', async (_name, requirement) => {
    const before = point.requests.length
    expect(await outcome(requirement)).toEqual(['internal_error', 500])
    expect(point.requests).toHaveLength(before)
  })

  test('a token for several APIs, where the API is to be the resource', async () => {
    const aud = [AUDIENCE, 'https://orders.example.com']
    expect(await outcome({}, { aud })).toEqual(['internal_error', 500])
    expect(await outcome({}, { aud: [AUDIENCE] })).toEqual(['allowed'])
    expect(last().body.resource).toEqual({ type: 'api', id: AUDIENCE })
    expect(await outcome({ resource: { type: 'api', id: AUDIENCE } }, { aud })).toEqual(['allowed'])
  })

  const good = { url: 'https://pdp.example.com' }
  test.each<[string, unknown]>([
    ['authzen', null],
    ['authzen', 'https://pdp.example.com'],
    ['authzen.url', {}],
    ['authzen.url', { url: 'http://pdp.example.com' }],
    ['authzen.url', { url: 'https://user:password@pdp.example.com' }],
    ['authzen.url', { url: 'https://pdp.example.com?tenant=1' }],
    ['authzen.url', { url: 'https://pdp.example.com#x' }],
    ['authzen.url', { url: 7 }],
    ['authzen.timeout', { ...good, timeout: 0 }],
    ['authzen.timeout', { ...good, timeout: Number.POSITIVE_INFINITY }],
    ['authzen.headers', { ...good, headers: 'authorization' }],
    ['authzen.headers', { ...good, headers: { 'bad name': 'x' } }],
    ['authzen.headers', { ...good, headers: { authorization: `${secret}\nx: y` } }],
    ['authzen.action', { ...good, action: '' }],
    ['authzen.action', { ...good, action: { properties: {} } }],
    ['authzen.resource', { ...good, resource: 'invoice' }],
    ['authzen.resource', { ...good, resource: { type: 'invoice' } }],
    ['authzen.resource', { ...good, resource: { type: 'invoice', id: 7 } }],
    ['authzen.context', { ...good, context: [] }],
    ['authzen.cache', { ...good, cache: true }],
  ])('%s is looked over at once: %j', (option, options) => {
    const make = () => authzen(options as AuthzenOptions)
    expect(make).toThrow(ConfigurationError)
    expect(make).toThrow(expect.objectContaining({ option }) as Error)
    expect(make).not.toThrow(secret)
    expect(() => authzen(good)).not.toThrow()
  })
})

test('nothing secret is in any audit event', () => {
  expect(events.length).toBeGreaterThan(0)
  expect(JSON.stringify(events)).not.toContain(secret)
})
