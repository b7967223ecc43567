import { decodeJwt } from 'jose'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createPerson } from '../support/browserless.js'
import { openPagesScene, type PagesScene, password } from './scene.js'

let scene: PagesScene
beforeAll(async () => {
  scene = await openPagesScene()
})
afterAll(() => scene.close())

it('asks a person who signed in longer ago than max_age again, and says when they did', async () => {
  const person = createPerson(scene.server.issuer, { username: 'ada', password })
  const authorize = async (parameters: Readonly<Record<string, string>>) => {
    const { url, finish } = await scene.begin({ client: 'shop', parameters })
    const first = await person.open(url)
    const isAsked = first.html.includes('type="password"')
    const { answer } = await person.authorize(url)
    const { access_token, id_token = '' } = await finish(answer.href)
    const authTime = decodeJwt(access_token).auth_time
    expect(decodeJwt(id_token).auth_time ?? authTime).toBe(authTime)
    return { isAsked, authTime: Number(authTime) }
  }

  const before = await authorize({})
  expect(before.isAsked).toBe(true)
  scene.clock.offset += 100
  expect(await authorize({ max_age: '300' })).toEqual({ isAsked: false, authTime: before.authTime })
  scene.clock.offset += 300
  expect(await authorize({})).toEqual({ isAsked: false, authTime: before.authTime })
  const after = await authorize({ max_age: '300' })
  expect(after.isAsked).toBe(true)
  expect(after.authTime).toBeGreaterThanOrEqual(before.authTime + 400)
  expect(await authorize({ max_age: '300' })).toEqual({ isAsked: false, authTime: after.authTime })
})
