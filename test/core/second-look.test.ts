import { type AuditEvent, ConfigurationError, createResourceServer, createRevocationList, rfc9068 } from '@behalf/core'
import { createTestIssuer } from '@behalf/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'

const audience = 'https://billing.example.com'
const issuer = await createTestIssuer({ listen: false })
const tokenOf = (subject: string, more = {}) => issuer.token({ subject, audience, actor: 'agent:support', ...more })
const requestWith = (token: string) => new Request(audience, { headers: { authorization: `Bearer ${token}` } })

const rejections: unknown[] = []
const listen = (reason: unknown) => rejections.push(reason)
process.on('unhandledRejection', listen)
afterEach(async () => {
  await new Promise((resolve) => setTimeout(resolve, 10))
  expect(rejections).toEqual([])
})

describe('a request that is looked at again', () => {
  it('is another request when its credential was exchanged', async () => {
    const server = createResourceServer({ issuer: issuer.trusted(), audience })
    const request = requestWith(await tokenOf('user-a'))
    expect((await server.authorize(request)).allowed).toBe(true)
    request.headers.set('authorization', `Bearer ${await tokenOf('user-b')}`)
    const second = await server.authorize(request)
    expect(second.allowed && second.principal.subject).toBe('user-b')
    request.headers.delete('authorization')
    expect((await server.authorize(request)).allowed).toBe(false)
  })

  it('is refused once its token has expired, or was withdrawn', async () => {
    let now = Math.floor(Date.now() / 1000)
    const revocation = createRevocationList({ now: () => now })
    const server = createResourceServer({ issuer: issuer.trusted(), audience, revocation, now: () => now })
    const [first, second] = [requestWith(await tokenOf('user-a')), requestWith(await tokenOf('user-b'))]
    expect((await server.authorize(first)).allowed).toBe(true)
    expect((await server.authorize(second)).allowed).toBe(true)
    revocation.revoke({ issuer: issuer.issuer, subject: 'user-a' })
    expect(await server.authorize(first)).toMatchObject({ allowed: false, error: { code: 'token_revoked' } })
    expect((await server.authorize(second)).allowed).toBe(true)
    now += 3600
    expect(await server.authorize(second)).toMatchObject({ allowed: false, error: { code: 'token_expired' } })
  })
})

describe('code of the application that answers in its own way', () => {
  it('may warn asynchronously, and fail at it', async () => {
    const onWarning = vi.fn(async () => {
      throw new Error('nobody answers the pager')
    })
    const server = createResourceServer({ issuer: 'http://127.0.0.1:9', audience, onWarning })
    await expect(server.ready()).rejects.toMatchObject({ code: 'keys_unavailable' })
    expect(onWarning).toHaveBeenCalled()
  })

  it('may not judge an actor or details asynchronously', async () => {
    const server = createResourceServer({ issuer: issuer.trusted(), audience })
    const failing = async () => {
      throw new Error('too late')
    }
    const request = requestWith(await tokenOf('user-a'))
    for (const requirement of [{ actor: failing }, { authorizationDetails: failing }]) {
      expect(await server.authorize(request, requirement as never)).toMatchObject({ error: { code: 'internal_error' } })
    }
    expect((await server.authorize(request, { actor: () => true })).allowed).toBe(true)
  })

  it('may answer anything from an audit callback', async () => {
    const events: AuditEvent[] = []
    const server = createResourceServer({ issuer: issuer.trusted(), audience, audit: (event) => events.push(event) })
    await server.authorize(requestWith(await tokenOf('user-a')))
    await server.close()
    expect(events).toHaveLength(1)
  })

  it('may parse claims that are nested too deeply for it, at the cost of the token', async () => {
    const nested = JSON.parse(`${'['.repeat(3000)}${']'.repeat(3000)}`) as unknown
    const validate = (value: unknown) => ({ value })
    const claims = { '~standard': { version: 1, vendor: 'test', validate } } as const
    const server = createResourceServer({ issuer: issuer.trusted(), audience, claims })
    const decision = await server.authorize(requestWith(await tokenOf('user-a', { claims: { nested } })))
    expect(decision.allowed || decision.error.code).not.toBe('internal_error')
  })
})

describe('settings that would be without effect', () => {
  const sink = { record() {} }

  it('are refused beside a plain sink', () => {
    const create = (audit: object) => () => createResourceServer({ issuer: issuer.trusted(), audience, audit } as never)
    expect(create({ ...sink, required: true })).toThrow(ConfigurationError)
    expect(create({ sink, required: true })).not.toThrow()
  })

  it('are refused in half a profile', () => {
    const create = (profile: object) => () =>
      createResourceServer({ issuer: { ...issuer.trusted(), profile } as never, audience })
    expect(create({ name: 'half', types: ['at+jwt'] })).toThrow(ConfigurationError)
    expect(create(rfc9068())).not.toThrow()
  })
})

describe('the trail', () => {
  const eventOf = async (subject: string) => {
    const events: AuditEvent[] = []
    const server = createResourceServer({
      issuer: issuer.trusted(),
      audience,
      audit: (event) => void events.push(event),
    })
    await server.authorize(requestWith(await tokenOf(subject)))
    await server.close()
    return events[0]?.type === 'access.decision' ? events[0] : undefined
  }

  it('never shows one subject as another', async () => {
    expect((await eventOf('agent:sup\u200Bport'))?.subject?.id).toBe('agent:sup<U+200B>port')
    expect((await eventOf('CN=Jürgen Müller,UID=1001'))?.subject?.id).toBe('CN=Jürgen Müller,UID=1001')
    expect((await eventOf('x'.repeat(200)))?.subject?.id).toMatch(/^x+…$/)
  })
})
