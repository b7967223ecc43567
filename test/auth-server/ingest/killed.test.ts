import { type ChildProcess, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answered, call, readTrail, unrecorded } from './calls.js'
import { audienceOf, createScene, type Scene, secret } from './scene.js'

const program = fileURLToPath(new URL('../../dist/auth-server/ingest/api-process.js', import.meta.url))

let scene: Scene
let token: string

beforeAll(async () => {
  scene = await createScene()
})
afterAll(() => scene.close())

async function start(
  mode: 'required' | 'best-effort',
): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const settings = [scene.server.issuer, audienceOf('express'), 'express-api', secret, mode]
  const child = spawn(process.execPath, [program, ...settings], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [port] = await once(createInterface(child.stdout), 'line')
  return { child, url: `http://127.0.0.1:${port}/` }
}

/** Calls an API from eight sides, half of them without a token, and kills it with the answer of that number. */
async function callAndKill(mode: 'required' | 'best-effort', last: number): Promise<Answered> {
  const { child, url } = await start(mode)
  token = await scene.delegate('express', 'task_killed')
  const answered: Answered = new Map()
  const ended = once(child, 'exit')
  const callOn = async (bearer: string | undefined): Promise<void> => {
    for (;;) {
      await call(answered, url, bearer)
      if (answered.size >= last) child.kill('SIGKILL')
    }
  }
  const sides = Array.from({ length: 8 }, (_, index) => callOn(index % 2 === 0 ? token : undefined))
  await Promise.allSettled(sides) // each ends when nobody answers any more
  expect(await ended).toEqual([null, 'SIGKILL'])
  return answered
}

describe('an API that is killed under load', () => {
  it.each([1, 2, 3, 4, 5])('has answered nothing that is not in the trail, where that is required (%i)', async () => {
    const last = randomInt(1, 200)
    const answered = await callAndKill('required', last)
    expect(answered.size).toBeGreaterThanOrEqual(last)
    expect(unrecorded(answered, await readTrail(scene, 'express'))).toEqual([])
    expect(new Set(answered.values()).size).toBeLessThanOrEqual(2)
  })

  it('loses the events that wait, where it is not', async () => {
    const answered = await callAndKill('best-effort', 50)
    expect(unrecorded(answered, await readTrail(scene, 'express')).length).toBeGreaterThan(0)
  })

  it('leaves every chain intact', async () => {
    expect(await scene.server.context.audit.verify()).toMatchObject({ intact: true })
  })
})
