import { createDpopKey, type DpopKey } from '@behalf/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createPossession } from '../../../packages/auth-server/dist/exchange/possession.js'
import { billing } from './policy.js'
import { createScene, type Scene } from './scene.js'

const dpop = { nonce: 'required' } as const

let scene: Scene
let key: DpopKey
beforeAll(async () => {
  scene = await createScene({ dpop })
  key = await createDpopKey()
})
afterAll(async () => {
  await scene.server.close()
})

describe('a server that demands nonces (RFC 9449 section 8)', () => {
  test('takes no proof without one, and hands one out with every answer', async () => {
    const refused = await scene.exchange({ proof: await scene.proof(key) })
    expect([refused.status, refused.body.error]).toEqual([400, 'use_dpop_nonce'])
    const nonce = refused.headers.get('dpop-nonce') ?? ''
    expect(nonce).toMatch(/^[\w-]{43}$/)
    expect((await scene.events('delegation.denied')).at(-1)).toMatchObject({
      reason: { code: 'dpop_nonce_required', oauth_error: 'use_dpop_nonce' },
    })

    const granted = await scene.exchange({ proof: await scene.proof(key, { nonce }) })
    expect([granted.status, granted.claims.cnf]).toEqual([200, { jkt: key.jkt }])
    expect(granted.headers.get('dpop-nonce')).toBe(nonce)
    expect((await scene.direct({ proof: await scene.proof(key) })).body.error).toBe('use_dpop_nonce')
    expect((await scene.direct({ proof: await scene.proof(key, { nonce }) })).status).toBe(200)
  })

  test('takes no nonce that is made up or too old', async () => {
    const nonce = (await scene.exchange()).headers.get('dpop-nonce') ?? ''
    const made = await scene.exchange({ proof: await scene.proof(key, { nonce: 'A'.repeat(43) }) })
    expect(made.body.error).toBe('use_dpop_nonce')
    scene.advance(900)
    try {
      const old = await scene.exchange({ proof: await scene.proof(key, { nonce }) })
      expect(old.body.error).toBe('use_dpop_nonce')
      const fresh = old.headers.get('dpop-nonce') ?? ''
      expect((await scene.exchange({ proof: await scene.proof(key, { nonce: fresh }) })).status).toBe(200)
    } finally {
      scene.advance(-900)
    }
  })

  test('demands no proof of who sends none', async () => {
    expect((await scene.exchange()).status).toBe(200)
  })

  test('demands them for codes too, which the engine redeems', async () => {
    const redeem = async (nonce?: string) =>
      scene.request({
        client: 'app',
        proof: await scene.proof(key, { issuedAt: Math.floor(Date.now() / 1000), ...(nonce && { nonce }) }),
        fields: { grant_type: 'authorization_code', code: 'none', redirect_uri: 'https://app.example.com/back' },
      })
    const refused = await redeem()
    expect([refused.status, refused.body.error]).toEqual([400, 'use_dpop_nonce'])
    expect((await redeem(refused.headers.get('dpop-nonce') ?? '')).body.error).toBe('invalid_grant')
  })

  test('is answered by @behalf/agent with one more request, the first time', async () => {
    const client = await scene.sdk()
    const asked = async () => {
      const subjectToken = await scene.personToken()
      const call = { resource: billing, scope: 'billing:export', subjectToken, singleUse: true }
      expect(await client.getDelegationToken(call)).toMatchObject({ tokenType: 'DPoP', scope: ['billing:export'] })
      const { events } = await scene.server.context.audit.search({ client: 'support-sdk' }, { limit: 100 })
      return events.map(({ type }) => type)
    }
    expect(await asked()).toEqual(['delegation.denied', 'delegation.issued'])
    expect(await asked()).toEqual(['delegation.denied', 'delegation.issued', 'delegation.issued'])
  })
})

test('a server that demands none takes proofs without one, and hands none out', async () => {
  const plain = await createScene()
  try {
    const answer = await plain.exchange({ proof: await plain.proof(key) })
    expect([answer.status, answer.headers.get('dpop-nonce')]).toEqual([200, null])
  } finally {
    await plain.server.close()
  }
})

test('every process on one database hands out the same nonces', async () => {
  const { context } = scene.server
  expect(await createPossession(context).nonce()).toBe(await createPossession(context).nonce())
  const settings = { ...context.settings, dpop: { nonce: 'off' as const } }
  expect(await createPossession({ ...context, settings }).nonce()).toBeUndefined()
})

test('a store that cannot tell is a fault, not a refusal', async () => {
  const { context } = scene.server
  const lost = new Error('connection lost')
  const database = { ...context.database, query: async () => Promise.reject(lost) }
  const broken = createPossession({ ...context, database, settings: { ...context.settings, dpop: { nonce: 'off' } } })
  await expect(broken.prove(await scene.proof(key))).rejects.toBe(lost)
})
