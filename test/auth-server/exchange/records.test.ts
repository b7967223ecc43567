import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createScene, type Scene } from './scene.js'

let scene: Scene
beforeAll(async () => {
  scene = await createScene()
})
afterAll(() => scene.server.close())

const record = { type: 'customer_record', identifier: 'cus_1' }
const details = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))

describe('authorization_details', () => {
  it('are for what is asked for: a record of another permission stands in no token', async () => {
    const fields = { authorization_details: details([record]) }
    const stray = await scene.exchange({ fields: { ...fields, scope: 'billing:export' } })
    expect(stray).toMatchObject({ status: 400, body: { error: 'invalid_authorization_details' }, token: '' })
    const direct = await scene.direct({ fields: { ...fields, scope: 'billing:export' } })
    expect(direct).toMatchObject({ status: 400, body: { error: 'invalid_authorization_details' } })
    const right = await scene.exchange({ fields: { ...fields, scope: 'billing:record' } })
    expect(right.claims).toMatchObject({ authorization_details: [record] })
  })

  it.each([
    ['a NUL', '[{"type":"customer_record","x":"\\u0000"}]'],
    ['half a character', '[{"type":"customer_record","x":"\\ud800"}]'],
    ['half a character in a name', '[{"type":"customer_record","\\ud800":1}]'],
    ['7500 lists', `[{"type":"customer_record","x":${'['.repeat(7500)}${']'.repeat(7500)}}]`],
  ])('with %s are refused, which is no fault of the server', async (_, text) => {
    const answer = await scene.exchange({ fields: { scope: 'billing:record', authorization_details: text } })
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_authorization_details' } })
  })
})
