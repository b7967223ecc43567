import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createScene, type Scene } from './scene.js'

let scene: Scene

beforeAll(async () => {
  scene = await createScene()
})
afterAll(() => scene.server.close())

describe('revocation by a client (RFC 7009)', () => {
  it('ends its token and every token made from it', async () => {
    const person = await scene.personToken()
    const other = await scene.personToken()
    const child = await scene.exchange(person.token)
    const stranger = await scene.exchange(other.token)
    await scene.revoke('app', person.token)
    expect(await scene.isInForce(person.token)).toBe(false)
    expect(await scene.isInForce(child)).toBe(false)
    expect(await scene.isInForce(stranger)).toBe(true)
    expect(await scene.introspect('billing-api', child)).toEqual({ active: false })
    expect(await scene.introspect('billing-api', stranger)).toMatchObject({ active: true })
  })

  it('leaves what a token was made from in force', async () => {
    const person = await scene.personToken()
    const child = await scene.exchange(person.token)
    await scene.revoke('support', child)
    expect(await scene.isInForce(child)).toBe(false)
    expect(await scene.isInForce(person.token)).toBe(true)
  })

  it('can be asked by another client of the same agent', async () => {
    const token = await scene.direct()
    await scene.revoke('support-second', token)
    expect(await scene.isInForce(token)).toBe(false)
  })

  it.each(['stranger', 'billing-api', 'auditor', 'app'])(
    'is nothing %s can do: the answer is the same',
    async (client) => {
      const token = await scene.direct()
      await scene.revoke(client, token)
      expect(await scene.isInForce(token)).toBe(true)
    },
  )

  it.each(['nobody-issued-this', 'e30.e30.e30'])('of %s is answered alike', async (token) => {
    await expect(scene.revoke('support', token)).resolves.toBe(undefined)
  })

  it('takes the token, not its name', async () => {
    const token = await scene.direct()
    await scene.revoke('support', decodeJwt(token).jti ?? '')
    expect(await scene.isInForce(token)).toBe(true)
    await scene.revoke('support', token)
    expect(await scene.isInForce(token)).toBe(false)
  })

  it('is recorded', async () => {
    const token = await scene.direct()
    const { jti } = decodeJwt(token)
    await scene.revoke('support', token)
    const { events } = await scene.server.context.audit.search({ tokenId: jti, type: 'token.revoked' }, { limit: 10 })
    expect(events).toMatchObject([{ client: { id: 'support' }, actor: { id: 'agent:support' }, detail: { count: 1 } }])
  })
})
