import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, vi } from 'vitest'
import { behind, createGate, createKeyEndpoint, hang, json, status } from './endpoint.js'
import { fault } from './faults.js'
import { audience, createClock, goodClaims, issuer, times } from './scene.js'
import type { ServiceSettings } from './service.js'
import { createKey, signToken } from './signing.js'

const program = fileURLToPath(new URL('../dist/faults/service.js', import.meta.url))

const createService = async (options: Partial<ServiceSettings> = {}) => {
  const endpoint = await createKeyEndpoint()
  const key = createKey('key-1')
  const clock = createClock(Math.floor(Date.now() / 1000))
  const log = join(tmpdir(), `behalf-${randomUUID()}.jsonl`)
  endpoint.publish([key.jwk])
  const settings: ServiceSettings = {
    issuer,
    jwksUri: endpoint.jwksUri,
    audience,
    log,
    sink: 'slow',
    warm: true,
    ...options,
  }
  const child: ChildProcessByStdio<null, Readable, null> = spawn(
    process.execPath,
    [program, JSON.stringify(settings)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const exited = once(child, 'exit')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await exited
    await endpoint.stop()
    rmSync(log, { force: true })
  })
  const lines: string[] = []
  createInterface(child.stdout).on('line', (line) => lines.push(line))
  const said = (count: number): Promise<void> =>
    vi.waitFor(() => expect(lines.length).toBeGreaterThanOrEqual(count), { timeout: 15_000 })
  await said(1)
  const origin = `http://127.0.0.1:${lines[0]}`
  return {
    endpoint,
    child,
    key,
    exited,
    origin,
    token: (jti: string): string => signToken(key, goodClaims(clock, { jti })),
    call: (token: string): Promise<Response> =>
      fetch(origin, { headers: { Authorization: `Bearer ${token}`, Connection: 'close' } }),
    /** Resolves once the service has got this many requests. */
    received: (count: number): Promise<void> => said(count + 1),
    /** The `jti` of each event on disk. */
    recorded: (): string[] =>
      existsSync(log)
        ? readFileSync(log, 'utf8')
            .split('\n')
            .filter((each) => each !== '')
            .map((each) => JSON.parse(each).token.jti)
        : [],
  }
}

for (const [name, prepare] of Object.entries({
  'that answers': json({ keys: [] }),
  'that fails': status(500),
  'that hangs': hang(),
})) {
  fault('process.shutdown', `idle, before a key endpoint ${name}: SIGTERM and close() end the process`, async () => {
    const service = await createService({ warm: name === 'that answers' })
    service.endpoint.always(prepare)
    service.child.kill('SIGTERM')
    expect(await service.exited).toEqual([0, null])
  })
}

fault('process.shutdown', 'after five hundred requests nothing keeps the process alive', async () => {
  const service = await createService()
  for (let round = 0; round < 10; round += 1) {
    const answers = await Promise.all(
      times(50, (index) => service.call(index % 2 === 0 ? service.token(`${round}-${index}`) : 'garbage')),
    )
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([200, 401]))
  }
  service.child.kill('SIGTERM')
  expect(await service.exited).toEqual([0, null])
  expect(service.recorded()).toHaveLength(500)
})

fault('process.shutdown', 'requests that wait for keys are answered 503, then the process ends', async () => {
  const service = await createService({ warm: false })
  service.endpoint.always(hang())
  const waiting = times(10, (index) => service.call(service.token(`${index}`)))
  await service.endpoint.arrived(1)
  await service.received(10)
  service.child.kill('SIGTERM')
  const answers = await Promise.all(waiting)
  expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([503]))
  expect(await service.exited).toEqual([0, null])
})

fault('audit.terminated', 'SIGTERM: every answered request has its event on disk', async () => {
  const service = await createService()
  const names = times(100, (index) => `token-${index}`)
  const answers = await Promise.all(names.map((name) => service.call(service.token(name))))
  service.child.kill('SIGTERM')
  expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([200]))
  expect(await service.exited).toEqual([0, null])
  expect(service.recorded().sort()).toEqual(names.sort())
})

fault('audit.terminated', 'uncaughtException: a handler that calls close() loses none either', async () => {
  const service = await createService()
  const names = times(100, (index) => `token-${index}`)
  await Promise.all(names.map((name) => service.call(service.token(name))))
  await fetch(`${service.origin}/crash`).catch(() => {})
  expect(await service.exited).toEqual([70, null])
  expect(service.recorded().sort()).toEqual(names.sort())
})

fault('audit.durable', 'kill -9 in the middle of the traffic: whatever was answered is on disk', async () => {
  const service = await createService({ sink: 'durable' })
  const answered: string[] = []
  const gate = createGate()
  const calls = times(200, async (index) => {
    const answer = await service.call(service.token(`token-${index}`)).then((response) => response.text())
    answered.push(answer)
    if (answered.length === 20) {
      service.child.kill('SIGKILL')
      gate.open()
    }
  })
  await gate.opened
  await Promise.allSettled(calls)
  expect(await service.exited).toEqual([null, 'SIGKILL'])
  const recorded = new Set(service.recorded())
  expect(answered.length).toBeGreaterThanOrEqual(20)
  expect(answered.filter((name) => !recorded.has(name))).toEqual([])
})

fault('keys.shutdown', 'close() during a refresh that hangs leaves nothing that keeps the process alive', async () => {
  const service = await createService({ warm: false })
  const gate = createGate()
  service.endpoint.next(behind(gate, json({ keys: [service.key.jwk] })))
  const waiting = service.call(service.token('waiting'))
  await service.endpoint.arrived(1)
  service.child.kill('SIGTERM')
  expect((await waiting).status).toBe(503)
  expect(await service.exited).toEqual([0, null])
  gate.open()
})
