import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Revocation } from '@behalf/core'
import { createDpopKey, createTestIssuer } from '@behalf/testing'
import { afterAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { describeWith } from '../support/services.js'
import type { ApiSettings } from './api.js'
import { libraries } from './clients.js'
import { isShared, newPrefix, program, removeKeys, sharedPort, startRedis } from './server.js'

const api = fileURLToPath(new URL('../dist/redis/api.js', import.meta.url))
const audience = 'https://billing.example.com'
const issuer = await createTestIssuer({ listen: false })
const prefix = newPrefix()

/** What a request was answered: the code of a refusal, or `allowed`. */
interface Api {
  get(path: string, token: string, headers?: Readonly<Record<string, string>>): Promise<string>
  revoke(revocation: Revocation): Promise<number>
  /** Asks it to end, and tells how long that took and how it went. */
  end(): Promise<{ readonly took: number; readonly code: number | null }>
}

async function startApi(settings: Pick<ApiSettings, 'library' | 'port'> & Partial<ApiSettings>): Promise<Api> {
  const all: ApiSettings = { issuer: issuer.trusted(), audience, prefix, staleAfter: 10_000, ...settings }
  const child = spawn(process.execPath, [api, JSON.stringify(all)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await exited
  })
  const [line] = await once(createInterface(child.stdout), 'line')
  const origin = `http://127.0.0.1:${line}`
  return {
    async get(path, token, headers = {}) {
      const scheme = 'DPoP' in headers ? 'DPoP' : 'Bearer'
      const answer = await fetch(origin + path, { headers: { Authorization: `${scheme} ${token}`, ...headers } })
      const { code } = (await answer.json()) as { readonly code?: string }
      return answer.ok ? 'allowed' : `${answer.status} ${code}`
    },
    async revoke(revocation) {
      return (await fetch(origin, { method: 'POST', body: JSON.stringify(revocation) })).status
    },
    async end() {
      const startedAt = performance.now()
      child.kill('SIGTERM')
      const [code] = await exited
      return { took: performance.now() - startedAt, code }
    },
  }
}

const mint = (subject: string) => issuer.token({ audience, subject })
const of = (subject: string): Revocation => ({ subject, issuer: issuer.issuer })

/** Milliseconds until an API answers something. */
async function timeUntil(expected: string, answer: () => Promise<string>): Promise<number> {
  const startedAt = performance.now()
  await vi.waitFor(async () => expect(await answer()).toBe(expected), { timeout: 20_000, interval: 10 })
  return performance.now() - startedAt
}

describeWith(`Redis on port ${sharedPort}`, isShared, 'two processes of an API', () => {
  afterAll(() => removeKeys(prefix))
  const start = () => Promise.all(libraries.map((library) => startApi({ library, port: sharedPort })))

  it('admit one of 50 simultaneous uses of a token', async () => {
    const apis = await start()
    const token = await mint('user-1')
    const uses = Array.from({ length: 25 }, () => apis.map((each) => each.get('/once', token)))
    const answers = await Promise.all(uses.flat())
    expect(answers.filter((answer) => answer === 'allowed')).toHaveLength(1)
    expect(answers.filter((answer) => answer === '401 token_replayed')).toHaveLength(49)
    expect(await apis[0]?.get('/', token)).toBe('allowed') // where it need not be the first use
  })

  it('admit one of 50 simultaneous uses of a DPoP proof', async () => {
    const apis = await start()
    const key = await createDpopKey()
    const token = await issuer.token({ audience, subject: 'user-1', boundTo: key })
    const proof = await key.proof({ method: 'GET', url: `${audience}/`, token })
    const uses = Array.from({ length: 25 }, () => apis.map((each) => each.get('/', token, { DPoP: proof })))
    const answers = await Promise.all(uses.flat())
    expect(answers.filter((answer) => answer === 'allowed')).toHaveLength(1)
    expect(answers.filter((answer) => answer === '401 dpop_proof_replayed')).toHaveLength(49)
  })

  it.each([0, 1])('enforce within a second what the other has revoked: process %i revokes', async (index) => {
    const apis = await start()
    const [revoker, other] = [apis[index], apis[1 - index]]
    const [token, bystander] = [await mint(`user-${index}`), await mint('bystander')]
    expect(await other?.get('/', token)).toBe('allowed')
    expect(await revoker?.get('/', token)).toBe('allowed')

    expect(await revoker?.revoke(of(`user-${index}`))).toBe(204)
    expect(await revoker?.get('/', token)).toBe('401 token_revoked')
    const took = await timeUntil('401 token_revoked', async () => other?.get('/', token) ?? '')
    expect(took).toBeLessThan(1000)
    expect(await other?.get('/', bystander)).toBe('allowed')
  })

  it('know what was revoked before they were started', async () => {
    const [first] = await start()
    const token = await mint('user-before')
    expect(await first?.revoke(of('user-before'))).toBe(204)
    await first?.end()
    for (const each of await start()) expect(await each.get('/', token)).toBe('401 token_revoked')
  })

  it('end within a second when asked to', async () => {
    for (const each of await start()) {
      await each.get('/once', await mint('user-1'))
      const { took, code } = await each.end()
      expect(code).toBe(0)
      expect(took).toBeLessThan(1000)
    }
  })
})

describeWith('redis-server', program !== undefined, 'two processes of an API whose Redis fails', () => {
  const staleAfter = 3_000

  describe.each([
    ['and has lost everything when it is back', false],
    ['and has kept everything when it is back', true],
  ])('%s', (_what, persistent) => {
    it.each(libraries)('serve for a while, then refuse, then work again by themselves: %s', async (library) => {
      const redis = await startRedis({ persistent })
      onTestFinished(redis.close)
      const start = () => startApi({ library, port: redis.port, staleAfter })
      const [one, other] = await Promise.all([start(), start()])
      const [revoked, meanwhile, good] = await Promise.all([mint('revoked'), mint('meanwhile'), mint('good')])
      expect(await one.revoke(of('revoked'))).toBe(204)
      await timeUntil('401 token_revoked', () => other.get('/', revoked))

      await redis.stop()
      const stoppedAt = performance.now()
      expect(await other.get('/once', good)).toBe('503 replay_unavailable')
      while (performance.now() < stoppedAt + staleAfter - 1000) {
        expect(await other.get('/', good)).toBe('allowed')
        expect(await one.get('/', revoked)).toBe('401 token_revoked')
        await sleep(100)
      }
      await timeUntil('503 revocation_unavailable', () => other.get('/', good))
      expect(performance.now() - stoppedAt).toBeGreaterThan(staleAfter - 600)
      expect(performance.now() - stoppedAt).toBeLessThan(staleAfter + 1000)
      await timeUntil('503 revocation_unavailable', () => one.get('/', revoked))
      expect(await one.revoke(of('meanwhile'))).toBe(503)

      await redis.start()
      expect(await timeUntil('allowed', () => other.get('/', good))).toBeLessThan(3000)
      await timeUntil('allowed', () => one.get('/', good))
      const late = await start() // learns from Redis what those knew that went on
      for (const each of [one, other, late]) {
        await timeUntil('401 token_revoked', () => each.get('/', revoked))
        await timeUntil('401 token_revoked', () => each.get('/', meanwhile))
        expect(await each.get('/', good)).toBe('allowed')
      }
      expect(await one.revoke(of('good'))).toBe(204)
      expect(await timeUntil('401 token_revoked', () => other.get('/', good))).toBeLessThan(1000)
    })
  })
})
