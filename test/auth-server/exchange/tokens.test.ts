import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { orders } from './policy.js'
import { createScene, type Scene } from './scene.js'

let scene: Scene
beforeAll(async () => {
  scene = await createScene()
})
afterAll(async () => {
  await scene.server.close()
})

const tokens = () => scene.server.context.tokens

describe('the register of tokens', () => {
  test('knows a token by its text and by its id', async () => {
    const token = await scene.personToken({ sessionId: 'known' })
    const record = await tokens().verify(token)
    expect(record).toMatchObject({
      kind: 'subject',
      subject: 'alice',
      clientId: 'app',
      sessionId: 'known',
      revokedAt: null,
    })
    expect(record?.claims).toEqual(decodeJwt(token))
    expect(await tokens().find(String(record?.tokenId))).toEqual(record)
    expect(await tokens().find('nobody')).toBeUndefined()
  })

  test.each<[string, (token: string) => string]>([
    ['nothing', () => ''],
    ['a signature cut short', (token) => token.slice(0, -4)],
    ['padding', (token) => `${token}=`],
    ['white space', (token) => ` ${token}`],
    ['more than 16 KiB', (token) => token + 'A'.repeat(16_384)],
    ['other claims', (token) => token.replace(/\.[^.]+\./u, `.${btoa('{"sub":"bob"}').replaceAll('=', '')}.`)],
    ['alg none', (token) => `${btoa('{"alg":"none","typ":"at+jwt"}').replaceAll('=', '')}.${token.split('.')[1]}.AA`],
  ])('does not know %s', async (_name, spoil) => {
    const token = await scene.personToken()
    expect(await tokens().verify(spoil(token))).toBeUndefined()
    expect(await tokens().verify(token)).toBeDefined()
  })

  test('gives every token an index of its own', async () => {
    const made = await Promise.all([1, 2, 3, 4, 5].map(() => scene.personToken()))
    const places = made.map((token) => JSON.stringify(decodeJwt(token).status))
    expect(new Set(places).size).toBe(5)
  })

  test('begins the next status list where one is full', async () => {
    const { database } = scene.server.context
    await database.query("select setval('status_indexes', 131072)")
    const { status } = decodeJwt(await scene.personToken())
    expect(status).toEqual({ status_list: { idx: 0, uri: `${scene.issuer}/statuslists/1` } })
  })

  test('finds tokens by what they are, newest first, a page at a time', async () => {
    const transaction = 'searched'
    for (const resource of [orders, scene.issuer, orders]) await scene.personToken({ transaction, resource })
    const all = await tokens().search({ transaction }, { limit: 10 })
    expect(all).toHaveLength(3)
    const first = await tokens().search({ transaction }, { limit: 2 })
    const rest = await tokens().search({ transaction }, { limit: 2, after: first[1]?.tokenId })
    expect([...first, ...rest]).toEqual(all)
    expect(await tokens().search({ transaction, resource: orders }, { limit: 10 })).toHaveLength(2)
    expect(await tokens().search({ transaction, subject: 'bob' }, { limit: 10 })).toEqual([])
  })

  test('tells those in force from those that ended', async () => {
    const transaction = 'ended'
    await scene.personToken({ transaction, expiresAt: scene.now() - 1 })
    await scene.personToken({ transaction, sessionId: 'to-end' })
    await scene.personToken({ transaction })
    await scene.server.context.revocations.withdraw({ kind: 'session', value: 'to-end', reason: 'test', by: 'test' })
    expect(await tokens().search({ transaction, active: true }, { limit: 10 })).toHaveLength(1)
    expect(await tokens().search({ transaction, active: false }, { limit: 10 })).toHaveLength(2)
  })
})
