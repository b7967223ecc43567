import { afterAll, beforeAll, expect, it } from 'vitest'
import { createScene, type Scene } from './scene.js'

let scene: Scene
beforeAll(async () => {
  scene = await createScene()
})
afterAll(() => scene.server.close())

it("an agent does not fill a person's inbox: beyond twenty items that wait, none is opened", async () => {
  const ask = (client: string, txn: string) =>
    scene.exchange({ client, fields: { subject_token: token, scope: 'billing:task', txn } })
  const token = await scene.personToken()
  const items = new Set<unknown>()
  for (let count = 0; count < 25; count++) {
    const { body } = await ask('support', `task_${count}`)
    expect(body).toMatchObject({ error: 'consent_required', consent_uri: `${scene.issuer}/approvals` })
    items.add(body.approval_id)
  }
  expect(items.size).toBe(21) // and undefined
  expect((await ask('support', 'task_3')).body.approval_id).toMatch(/^apr_/u)
  expect((await ask('other', 'task_30')).body.approval_id).toMatch(/^apr_/u)
})
