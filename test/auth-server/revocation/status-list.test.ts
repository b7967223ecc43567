import { createResourceServer } from '@behalf/core'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { billing, createScene, type Scene } from '../introspection/scene.js'

let scene: Scene
/** Added to the clock of the server, in seconds. */
let ahead = 0
const closing: (() => Promise<void>)[] = []

beforeAll(async () => {
  scene = await createScene({ now: () => Math.floor(Date.now() / 1000) + ahead })
})
afterAll(async () => {
  for (const close of closing) await close()
  await scene.server.close()
})

/** An API of ours that looks at status lists and at nothing else. */
function createApi() {
  const { issuer } = scene.server
  const api = createResourceServer({
    issuer,
    audience: billing,
    statusList: { hosts: [new URL(issuer).host] },
    now: () => Date.now() / 1000 + ahead,
  })
  closing.push(() => api.close())
  return async (token: string): Promise<string> => {
    const decision = await api.authorize(new Request(billing, { headers: { Authorization: `Bearer ${token}` } }))
    return decision.allowed ? 'allowed' : decision.error.code
  }
}

const listOf = (token: string): string => {
  const { status } = decodeJwt<{ status?: { status_list: { uri: string } } }>(token)
  return status?.status_list.uri ?? ''
}

describe('a status list', () => {
  it('says of each token whether it was revoked', async () => {
    const [revoked, kept] = [await scene.direct(), await scene.direct()]
    expect(listOf(revoked)).toBe(`${scene.server.issuer}/statuslists/0`)
    const judge = createApi()
    expect([await judge(revoked), await judge(kept)]).toEqual(['allowed', 'allowed'])
    await scene.revoke('support', revoked)
    ahead += 20 // past `ttl`
    expect([await judge(revoked), await judge(kept)]).toEqual(['token_revoked', 'allowed'])
  })

  it('is signed, says for how long it holds, and may be kept so long', async () => {
    const response = await fetch(listOf(await scene.direct()))
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('application/statuslist+jwt')
    expect(response.headers.get('cache-control')).toBe('public, max-age=15')
    const list = await response.text()
    expect(decodeProtectedHeader(list)).toMatchObject({ typ: 'statuslist+jwt', alg: 'ES256' })
    const { iat = 0, exp = 0, ...claims } = decodeJwt(list)
    expect(claims).toMatchObject({
      iss: scene.server.issuer,
      sub: `${scene.server.issuer}/statuslists/0`,
      ttl: 15,
      status_list: { bits: 1, lst: expect.any(String) },
    })
    expect(exp - iat).toBe(900)
  })

  it('is not sent again to who has it', async () => {
    const url = listOf(await scene.direct())
    const first = await fetch(url)
    const headers = { 'If-None-Match': first.headers.get('etag') ?? '', 'Cache-Control': 'max-age=0' }
    const again = await fetch(url, { headers })
    expect([again.status, await again.text()]).toEqual([304, ''])
    ahead += 5
    expect((await fetch(url, { headers })).status).toBe(200)
  })

  it.each(['1', '-1', '00', '01', '9999999', 'x', '0/'])('is not there by the name %s', async (name) => {
    await scene.direct()
    expect((await fetch(`${scene.server.issuer}/statuslists/${name}`)).status).toBe(404)
    expect((await fetch(`${scene.server.issuer}/statuslists/0`)).status).toBe(200)
  })
})
