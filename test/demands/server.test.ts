import { randomUUID } from 'node:crypto'
import { createDpopKey } from '@behalf/testing'
import { decodeJwt, exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clientToken } from '../auth-server/admin/support.js'
import { billing, seed } from '../auth-server/exchange/policy.js'
import { createScene, type Scene } from '../auth-server/exchange/scene.js'
import { dump } from '../auth-server/support/ground.js'
import { leaks } from '../support/secrets.js'
import { type Api, openApi } from './api.js'

// The server as a whole: its endpoints, its clients' credentials, its keys, and the day it is away.

const lines: string[] = []
const routes = { '/exports': { scope: 'billing:export' } } as const
let scene: Scene
let api: Api
let key: Awaited<ReturnType<typeof generateKeyPair>>
beforeAll(async () => {
  key = await generateKeyPair('ES256')
  const { x = '', y = '' } = await exportJWK(key.publicKey)
  scene = await createScene({
    log: pino({ level: 'trace' }, { write: (line: string) => lines.push(line) }),
    seed: {
      ...seed,
      clients: [
        ...(seed.clients ?? []),
        {
          id: 'keyed',
          name: 'Keyed',
          agent: 'agent:support',
          metadata: {
            token_endpoint_auth_method: 'private_key_jwt',
            grant_types: ['client_credentials'],
            redirect_uris: [],
            jwks: { keys: [{ kty: 'EC', crv: 'P-256', x, y, alg: 'ES256', kid: 'one' }] },
          },
        },
      ],
    },
  })
  api = await openApi({ issuer: scene.issuer, audience: billing, now: scene.now }, routes)
})
afterAll(async () => {
  await api.close()
  await scene.server.close()
})

const post = async (fields: Readonly<Record<string, string>>, authorization?: string) => {
  const response = await fetch(`${scene.issuer}/token`, {
    method: 'POST',
    headers: authorization === undefined ? {} : { Authorization: authorization },
    body: new URLSearchParams(fields),
  })
  // the token endpoint answers JSON objects
  const body = (await response.json()) as { readonly error?: string; readonly access_token?: string }
  return { status: response.status, error: body.error, token: body.access_token ?? '' }
}
const direct = { grant_type: 'client_credentials', resource: billing, scope: 'billing:export' }
const bySecret = (client: string, secret: string) => post(direct, `Basic ${btoa(`${client}:${secret}`)}`)
const answer = async (path: string, token?: string): Promise<readonly [number, string]> => {
  const headers: Record<string, string> = token === undefined ? {} : { Authorization: `Bearer ${token}` }
  const response = await fetch(`${scene.issuer}${path}`, { headers })
  return [response.status, await response.text()]
}

test('A8: one server knows agents and decides, issues tokens and keeps the trail', async () => {
  const [status, metadata] = await answer('/.well-known/oauth-authorization-server')
  expect([status, JSON.parse(metadata).issuer]).toEqual([200, scene.issuer])
  expect((await answer('/.well-known/openid-configuration'))[0]).toBe(200)
  expect(JSON.parse((await answer('/jwks'))[1]).keys).not.toEqual([])
  const issued = await scene.direct()
  expect(issued.status).toBe(200)
  const token = await clientToken(scene.server, ['admin:read', 'admin:audit'])
  expect((await answer('/admin/agents', token))[0]).toBe(200)
  expect((await answer('/admin/agents'))[0]).toBe(401)
  expect(await answer(`/admin/audit/tasks/${String(issued.claims.txn)}`, token)).toEqual([
    200,
    expect.stringContaining('access.issued'),
  ])
})

describe('credentials of clients', () => {
  test('A24: a wrong, an expired and a withdrawn secret are invalid_client', async () => {
    const { clients } = scene.server.context
    const short = await clients.addSecret('other', 60)
    expect(await bySecret('other', short.secret)).toMatchObject({ status: 200 })
    expect(await bySecret('other', `${short.secret}x`)).toMatchObject({ status: 401, error: 'invalid_client' })
    expect(await bySecret('narrow', short.secret)).toMatchObject({ status: 401, error: 'invalid_client' })
    scene.advance(61)
    expect(await bySecret('other', short.secret)).toMatchObject({ status: 401, error: 'invalid_client' })
    const next = await clients.addSecret('other', 86_400)
    expect(await bySecret('other', next.secret)).toMatchObject({ status: 200 })
  })

  test('A24: an assertion that was used, that nobody signed, or that another key signed is invalid_client', async () => {
    const claims = () => ({
      iss: 'keyed',
      sub: 'keyed',
      aud: scene.issuer,
      jti: randomUUID(),
      iat: scene.now(),
      exp: scene.now() + 60,
    })
    const sign = async (by = key.privateKey) =>
      new SignJWT(claims()).setProtectedHeader({ alg: 'ES256', kid: 'one' }).sign(by)
    const send = (client_assertion: string) =>
      post({
        ...direct,
        client_assertion,
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      })
    const good = await sign()
    expect(await send(good)).toMatchObject({ status: 200 })
    expect(await send(good)).toMatchObject({ status: 401, error: 'invalid_client' })
    expect(await send(new UnsecuredJWT(claims()).encode())).toMatchObject({ error: 'invalid_client', token: '' })
    const other = await generateKeyPair('ES256')
    expect(await send(await sign(other.privateKey))).toMatchObject({ status: 401, error: 'invalid_client' })
    expect(await send(await sign())).toMatchObject({ status: 200 })
  })

  test('A25: a client without credentials gets neither its own token nor one for a person', async () => {
    for (const client of ['public', 'forced-public']) {
      for (const refused of [await scene.direct({ client }), await scene.exchange({ client })]) {
        expect([refused.status, refused.body.error, refused.token]).toEqual([400, 'unauthorized_client', ''])
      }
    }
    expect((await scene.exchange({ client: 'no-exchange' })).body.error).toBe('unauthorized_client')
    expect([(await scene.direct()).status, (await scene.exchange()).status]).toEqual([200, 200])
  })

  test('A26: a secret is changed with no request refused', async () => {
    // an agent without a role: what proves itself gets as far as the scope
    const client = 'roleless'
    expect((await scene.direct({ client })).body.error).toBe('invalid_scope')
    const { secret } = await scene.server.context.clients.addSecret(client, 600)
    expect((await bySecret(client, secret)).error).toBe('invalid_scope')
    expect((await scene.direct({ client })).body.error).toBe('invalid_scope')
    expect((await bySecret(client, `${secret}x`)).error).toBe('invalid_client')
  })
})

describe('tokens', () => {
  test('A26: none lives longer than it may: 300 s for a person, 900 s for the agent itself', async () => {
    const tokens = [await scene.exchange({ fields: { scope: 'billing:export' } }), await scene.direct()]
    const bound = { scope: 'ledger:write', resource: 'https://ledger.example.com' }
    tokens.push(await scene.exchange({ fields: bound, proof: await scene.proof(await createDpopKey()) }))
    const lifetimes = tokens.map(({ claims }) => Number(claims.exp) - Number(claims.iat))
    expect(lifetimes).toEqual([120, 300, 300])
    for (const lifetimes of [{ delegation: 301 }, { direct: 901 }]) {
      await expect(createScene({ lifetimes })).rejects.toThrow(/lifetimes/)
    }
  })

  test('A26: the signing key is rotated with no token refused', async () => {
    const { keys } = scene.server.context
    const before = await scene.direct()
    await keys.rotate('token')
    expect((await keys.published('token')).length).toBeGreaterThan(1)
    const between = await scene.direct()
    for (const { token } of [before, between]) expect((await api.call('/exports', token)).status).toBe(200)
    scene.advance(280)
    expect((await api.call('/exports', before.token)).status).toBe(200)
    expect((await api.call('/exports', (await scene.direct()).token)).status).toBe(200)
  })

  test('A34: neither the database nor the log has a token or a secret, after all of this', async () => {
    const person = await scene.personToken()
    const tokens = [person, (await scene.exchange({ fields: { subject_token: person } })).token]
    tokens.push((await scene.direct()).token)
    const { secret } = await scene.server.context.clients.addSecret('narrow', 60)
    expect((await bySecret('narrow', `${secret}x`)).status).toBe(401)
    // header and claims of a token are no secret by themselves: its signature is what makes it one
    const hidden = [secret, ...tokens.flatMap((token) => [token, token.split('.')[2] ?? ''])]
    expect(hidden.filter((text) => text.length < 16)).toEqual([])
    const rows = await dump(scene.server.context)
    expect(leaks(rows, hidden)).toEqual([])
    expect(leaks(lines.join('\n'), hidden)).toEqual([])
    expect(rows).toContain(decodeJwt(person).jti)
    expect(lines).not.toEqual([])
  })
})

test('A41: while the server is away, APIs go on accepting tokens until they expire', async () => {
  const own = await createScene()
  const away = await openApi({ issuer: own.issuer, audience: billing, now: own.now }, routes)
  try {
    const { token } = await own.exchange({ fields: { scope: 'billing:export' } })
    expect((await away.call('/exports', token)).status).toBe(200)
    await own.server.close()
    await expect(fetch(own.issuer)).rejects.toThrow()
    own.advance(110)
    expect((await away.call('/exports', token)).status).toBe(200)
    own.advance(20)
    expect(await away.call('/exports', token)).toMatchObject({ status: 401, code: 'token_expired' })
  } finally {
    await away.close()
  }
})
