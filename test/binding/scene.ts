import { createPrivateKey, sign } from 'node:crypto'
import {
  createDpopKey,
  createTestClock,
  type DpopKey,
  type DpopProofSpec,
  type SigningAlgorithm,
} from '@behalf/testing'
import { expect } from 'vitest'
import {
  createDpopVerifier,
  type DpopRequest,
  type DpopSettings,
  type DpopVerifier,
} from '../../packages/core/dist/binding/dpop.js'
import {
  createMemoryReplayStore,
  createReplayGuard,
  type ReplayStore,
} from '../../packages/core/dist/binding/replay.js'
import { AccessError } from '../../packages/core/dist/errors.js'
import { algorithmProfiles } from '../../packages/core/dist/jws/algorithm.js'

export const resource = 'https://billing.example.com/api'
export const path = '/invoices/7'
export const token = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ1c2VyLTEifQ.c2lnbmF0dXJl'

/** A verifier, a client with its key, and the time they live in. */
export interface Scene {
  readonly key: DpopKey
  readonly verifier: DpopVerifier
  readonly advance: (seconds: number) => void
  readonly now: () => number
  /** A proof for the request that {@link Scene.verify} makes. */
  proof(spec?: Partial<DpopProofSpec>): Promise<string>
  verify(proof: string | null, request?: Partial<DpopRequest>): Promise<'first' | 'unchecked'>
}

/** What can differ from the usual scene. */
export interface SceneOptions extends Partial<DpopSettings> {
  readonly algorithm?: SigningAlgorithm
  readonly store?: ReplayStore
}

export async function createScene({ algorithm, store, now: fixed, ...settings }: SceneOptions = {}): Promise<Scene> {
  const clock = createTestClock()
  clock.set(1_795_300_000)
  const now = fixed ?? clock.now
  const key = await createDpopKey(algorithm)
  const verifier = createDpopVerifier({
    resource,
    algorithms: [...algorithmProfiles.keys()],
    maxAge: 60,
    futureTolerance: 15,
    nonce: undefined,
    replay: createReplayGuard({
      store: store ?? createMemoryReplayStore({ now }),
      timeout: 250,
      allowWhenUnavailable: false,
      now,
    }),
    now,
    ...settings,
  })
  return {
    key,
    verifier,
    now,
    advance: clock.advance,
    proof: (spec = {}) =>
      key.proof({ method: 'GET', url: `https://billing.example.com${path}`, token, issuedAt: now(), ...spec }),
    verify: (proof, request = {}) =>
      verifier.verify({ proof, method: 'GET', url: path, token, jkt: key.jkt, ...request }),
  }
}

/** Waits for a refusal. */
export async function refusal(answer: Promise<unknown>): Promise<AccessError> {
  const thrown: unknown = await answer.then(
    () => expect.unreachable('it was accepted'),
    (error: unknown) => error,
  )
  if (!(thrown instanceof AccessError)) throw thrown
  return thrown
}

/** A proof whose JSON is written by hand. */
export function signText({ privateJwk, algorithm }: DpopKey, header: string, claims: string): string {
  if (algorithm !== 'ES256') throw new TypeError('ES256 only')
  const input = [header, claims].map((part) => Buffer.from(part).toString('base64url')).join('.')
  const key = createPrivateKey({ key: { ...privateJwk }, format: 'jwk' })
  return `${input}.${sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}

/** The innermost constant text that says why. */
export function reasonOf(error: Error): string {
  return error.cause instanceof Error ? reasonOf(error.cause) : error.message
}
