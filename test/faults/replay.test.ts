import {
  createMemoryReplayStore,
  createResourceServer,
  type ReplayStore,
  type ResourceServerOptions,
} from '@behalf/core'
import { createDpopKey, createTestIssuer } from '@behalf/testing'
import { expect } from 'vitest'
import { fault } from './faults.js'
import { heapAfter } from './memory.js'
import { audience, createClock, times } from './scene.js'

const perWindow = 100_000
const window = 75
/** As long as the name of a proof. */
const nameOf = (index: number): string => `dpop:${index.toString().padStart(43, '0')}`

async function reserveAll(store: ReplayStore, count: number, from: number, expiresAt: number): Promise<void> {
  for (let index = from; index < from + count; index += 1) {
    if (!(await store.reserve(nameOf(index), expiresAt))) throw new Error(`${index} was there already`)
  }
}

fault('replay.memory', 'a million proofs are forgotten after their windows, and while one lasts none is', async () => {
  const clock = createClock()
  const store = createMemoryReplayStore({ maxEntries: perWindow, now: clock.now })
  const held = await heapAfter(() => reserveAll(store, perWindow, 0, clock.now() + window))
  expect(held).toBeGreaterThan(perWindow * 50) // so much that forgetting shows
  expect(await store.reserve(nameOf(0), clock.now() + window)).toBe(false)

  const grown = await heapAfter(async () => {
    for (const round of times(9, (index) => index + 1)) {
      clock.advance(window)
      await reserveAll(store, perWindow, round * perWindow, clock.now() + window)
    }
  })
  expect(grown).toBeLessThan(held / 2)

  clock.advance(window)
  const left = await heapAfter(() => reserveAll(store, perWindow / 16, 10 * perWindow, clock.now() + window))
  expect(held + grown + left).toBeLessThan(held / 4)
  expect(await store.reserve(nameOf(10 * perWindow), clock.now() + window)).toBe(false)
})

const key = await createDpopKey()
const other = await createDpopKey()

/** A client with a bound token, and APIs that share a clock: one after the other is one that was restarted. */
async function createProcesses() {
  const issuer = await createTestIssuer({ listen: false })
  const clock = createClock(Math.floor(Date.now() / 1000))
  const token = await issuer.token({ subject: 'user-1', audience, boundTo: key })
  const start = (options: Partial<ResourceServerOptions> = {}) =>
    createResourceServer({ issuer: issuer.trusted(), audience, now: clock.now, ...options })
  const prove = (nonce?: string, by = key): Promise<string> =>
    by.proof({ method: 'GET', url: `${audience}/`, token, issuedAt: clock.now(), ...(nonce && { nonce }) })
  return { clock, start, prove, token }
}

type Processes = Awaited<ReturnType<typeof createProcesses>>

async function send(api: ReturnType<Processes['start']>, token: string, proof: string) {
  const headers = { Authorization: `DPoP ${token}`, DPoP: proof }
  const decision = await api.authorize(new Request(`${audience}/`, { headers }))
  return { code: decision.allowed ? 'allowed' : decision.error.code, nonce: decision.headers['DPoP-Nonce'] }
}

fault(
  'replay.memory',
  'a full store refuses what it could not remember, and serves again after the window',
  async () => {
    const { clock, start, prove, token } = await createProcesses()
    const api = start({ replayStore: createMemoryReplayStore({ maxEntries: 2, now: clock.now }) })
    const first = await prove()
    expect((await send(api, token, first)).code).toBe('allowed')
    expect((await send(api, token, await prove())).code).toBe('allowed')
    expect((await send(api, token, await prove())).code).toBe('replay_unavailable')
    clock.advance(61)
    expect((await send(api, token, first)).code).toBe('dpop_proof_invalid')
    clock.advance(20)
    expect((await send(api, token, await prove())).code).toBe('allowed')
  },
)

fault(
  'replay.restart',
  'the store in memory forgets, for the window and no longer; a shared one does not',
  async () => {
    const { clock, start, prove, token } = await createProcesses()
    const proof = await prove()
    expect((await send(start(), token, proof)).code).toBe('allowed')
    expect((await send(start(), token, proof)).code).toBe('allowed') // as the README says
    const replayStore = createMemoryReplayStore({ now: clock.now }) // stands for one outside the process
    const shared = await prove()
    expect((await send(start({ replayStore }), token, shared)).code).toBe('allowed')
    expect((await send(start({ replayStore }), token, shared)).code).toBe('dpop_proof_replayed')
    clock.advance(61)
    expect((await send(start(), token, proof)).code).toBe('dpop_proof_invalid')
  },
)

fault('replay.restart', 'a secret of each start refuses every nonce handed out before it', async () => {
  const { start, prove, token } = await createProcesses()
  const startWith = (letter: string) => start({ dpop: { mode: 'required', nonce: { secret: letter.repeat(32) } } })
  const before = startWith('a')
  const { code, nonce } = await send(before, token, await prove())
  expect(code).toBe('dpop_nonce_required')
  const proof = await prove(nonce)
  expect((await send(before, token, proof)).code).toBe('allowed')
  const after = startWith('b')
  const again = await send(after, token, proof)
  expect(again.code).toBe('dpop_nonce_required')
  expect((await send(after, token, await prove(again.nonce))).code).toBe('allowed')
  expect((await send(after, token, await prove(again.nonce, other))).code).toBe('binding_mismatch')
})
