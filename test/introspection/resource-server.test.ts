import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type AuditEvent, createResourceServer, type Decision, introspected } from '@behalf/core'
import { createTestIssuer } from '@behalf/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const audience = 'https://billing.example.com'
const now = () => Math.floor(Date.now() / 1000)

let answer: () => { status: number; body: unknown }
let asked: string[]
let endpoint: Server
let address: string

beforeEach(async () => {
  asked = []
  answer = () => ({ status: 200, body: { active: false } })
  endpoint = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => (body += chunk))
    request.on('end', () => {
      asked.push(new URLSearchParams(body).get('token') ?? '')
      const { status, body: json } = answer()
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json))
    })
  })
  await new Promise<void>((resolve) => endpoint.listen(0, '127.0.0.1', resolve))
  address = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}/introspect`
})

afterEach(() => new Promise((resolve) => endpoint.close(resolve)))

const request = (token: string) => new Request(audience, { headers: { authorization: `Bearer ${token}` } })
const codeOf = (decision: Decision) => (decision.allowed ? 'allowed' : decision.error.code)

describe('a resource server that introspects', () => {
  async function createApi(mode: 'opaque' | 'always') {
    const issuer = await createTestIssuer({ listen: false })
    const events: AuditEvent[] = []
    const server = createResourceServer({
      issuer: issuer.trusted(),
      audience,
      audit: (event) => void events.push(event),
      introspection: { endpoint: address, mode, client: { id: 'billing', secret: 'a secret' } },
    })
    const active = (more: object = {}) => ({
      active: true,
      iss: issuer.issuer,
      sub: 'user-1',
      client_id: 'client-1',
      aud: audience,
      iat: now(),
      exp: now() + 60,
      token_type: 'Bearer',
      scope: 'billing:read',
      act: { sub: 'agent:support' },
      ...more,
    })
    return { issuer, server, events, active }
  }

  it('judges an opaque token by what its issuer says, once while the answer counts', async () => {
    const { server, active, events } = await createApi('opaque')
    answer = () => ({ status: 200, body: active() })
    const first = await server.authorize(request('opaque-1'), { scope: 'billing:read', delegation: 'required' })
    const second = await server.authorize(request('opaque-1'), { scope: 'billing:write' })
    expect([codeOf(first), codeOf(second)]).toEqual(['allowed', 'scope_insufficient'])
    expect(asked).toEqual(['opaque-1'])
    expect(first.allowed && first.principal.actor?.subject).toBe('agent:support')
    await server.close()
    expect(events).toHaveLength(2)
    expect(JSON.stringify(events)).not.toContain('opaque-1')
  })

  it.each([
    ['inactive', { active: false }, 'token_revoked'],
    ['for another API', { aud: 'https://other.example.com' }, 'audience_mismatch'],
    ['of another issuer', { iss: 'https://other.example.com' }, 'issuer_untrusted'],
    ['expired', { iat: now() - 200, exp: now() - 100 }, 'token_expired'],
    ['malformed chain', { act: 'agent' }, 'delegation_malformed'],
    ['bound to a key', { cnf: { jkt: 'A'.repeat(43) } }, 'binding_required'],
  ])('refuses an opaque token: %s', async (_name, change, code) => {
    const { server, active } = await createApi('opaque')
    answer = () => ({ status: 200, body: active(change) })
    expect(codeOf(await server.authorize(request('opaque-2')))).toBe(code)
    answer = () => ({ status: 200, body: active() })
    expect(codeOf(await server.authorize(request('opaque-3')))).toBe('allowed')
    await server.close()
  })

  it('does not ask about a JWT unless it asks about every token', async () => {
    const opaque = await createApi('opaque')
    const token = await opaque.issuer.token({ subject: 'user-1', audience })
    expect(codeOf(await opaque.server.authorize(request(token)))).toBe('allowed')
    expect(asked).toEqual([])
    await opaque.server.close()
  })

  it('asks about a JWT that holds by itself, and refuses it once its issuer withdraws it', async () => {
    const { server, issuer, active } = await createApi('always')
    const [good, withdrawn] = [
      await issuer.token({ subject: 'user-1', audience }),
      await issuer.token({ subject: 'user-1', audience }),
    ]
    answer = () => ({ status: 200, body: { active: true } })
    expect(codeOf(await server.authorize(request(good)))).toBe('allowed')
    answer = () => ({ status: 200, body: { active: false } })
    expect(codeOf(await server.authorize(request(withdrawn)))).toBe('token_revoked')
    answer = () => ({ status: 500, body: active() })
    const other = await issuer.token({ subject: 'user-1', audience })
    expect(codeOf(await server.authorize(request(other)))).toBe('introspection_unavailable')
    await server.close()
  })

  it('has a profile of its own for answers', () => {
    expect(introspected().name).toBe('introspected')
  })
})
