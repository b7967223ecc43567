import type { DecisionEvent } from '@behalf/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRefusalSink } from '../../../packages/auth-server/dist/admin/refusal-sink.js'
import { openGround } from '../support/ground.js'
import { sample } from './sample.js'
import { audienceOf, createScene, type Scene } from './scene.js'

describe('a client that is refused again and again', () => {
  it('fills no trail: after 600 refusals in a minute its requests are not decided, and those of others are', async () => {
    const ground = await openGround()
    const sink = createRefusalSink(ground)
    const refusal = (client: string): DecisionEvent => ({
      schema: 'delegation-audit/1',
      id: crypto.randomUUID(),
      time: new Date().toISOString(),
      type: 'access.decision',
      decision: 'deny',
      reason: { code: 'scope_insufficient' },
      client: { id: client },
      token: { sha256: 'x'.repeat(22), jti: 'token_1' },
      resource: { aud: 'https://auth.example.com/audit' },
      request: { method: 'POST' },
      duration_ms: 1,
    })
    for (let index = 0; index < 600; index += 1) await sink.record(refusal('loop'))
    await expect(sink.record(refusal('loop'))).rejects.toThrow('too often')
    await sink.record(refusal('other'))
    expect(ground.recorded.map(({ client }) => client?.id)).toEqual([
      ...Array.from({ length: 600 }, () => 'loop'),
      'other',
    ])
    await ground.close()
  })
})

describe('a client whose events are refused', () => {
  let scene: Scene

  beforeAll(async () => {
    scene = await createScene({ rateLimits: { audit: 250 } })
  })
  afterAll(() => scene.close())

  it('is put off sooner than one whose events are kept', async () => {
    const [express, koa] = [await scene.direct('express-api'), await scene.direct('koa-api')]
    const statuses: number[][] = []
    for (let index = 0; index < 4; index += 1) {
      const bad = await scene.post([sample({ resource: { aud: audienceOf('hono') } })], express)
      const good = await scene.post([sample({ resource: { aud: audienceOf('koa') } })], koa)
      statuses.push([bad.status, good.status])
    }
    expect(statuses).toEqual([
      [422, 200],
      [422, 200],
      [422, 200],
      [429, 200],
    ])
  })
})
