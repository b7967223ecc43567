import { createDpopKey } from '@behalf/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPossession, type Possession } from '../../../packages/auth-server/dist/exchange/possession.js'
import { Refusal } from '../../../packages/auth-server/dist/exchange/refusal.js'
import { createScene, type Scene } from './scene.js'

let scene: Scene
let possession: Possession
beforeAll(async () => {
  scene = await createScene()
  possession = createPossession(scene.server.context, { demandNonce: true })
})
afterAll(async () => {
  await scene.server.close()
})

test('a server that demands nonces hands one out and takes no proof without it', async () => {
  const key = await createDpopKey()
  const refused: unknown = await possession.prove(await scene.proof(key)).catch((error: unknown) => error)
  expect(refused).toBeInstanceOf(Refusal)
  expect(refused).toMatchObject({ error: 'use_dpop_nonce', code: 'dpop_nonce_required' })
  const nonce = await possession.nonce()
  expect(nonce).toMatch(/^[\w-]{43}$/)
  await expect(possession.prove(await scene.proof(key, { nonce }))).resolves.toBe(key.jkt)
  await expect(possession.prove(undefined)).resolves.toBeUndefined()
})

test('every process on one database hands out the same ones', async () => {
  const other = createPossession(scene.server.context, { demandNonce: true })
  expect(await other.nonce()).toBe(await possession.nonce())
  expect(await createPossession(scene.server.context).nonce()).toBeUndefined()
})

test('a store that cannot tell is a fault, not a refusal', async () => {
  const key = await createDpopKey()
  const lost = new Error('connection lost')
  const broken = createPossession({
    ...scene.server.context,
    database: { ...scene.server.context.database, query: async () => Promise.reject(lost) },
  })
  await expect(broken.prove(await scene.proof(key))).rejects.toBe(lost)
})
