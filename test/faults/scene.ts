import { randomUUID } from 'node:crypto'
import {
  type AuditEvent,
  createResourceServer,
  type Decision,
  type Requirement,
  type ResourceServer,
  type ResourceServerOptions,
  type Warning,
} from '@behalf/core'
import { onTestFinished, vi } from 'vitest'
import { createKeyEndpoint, type KeyEndpoint } from './endpoint.js'
import { createKey, type JsonObject, type SigningKey, signToken } from './signing.js'

export const issuer = 'https://auth.example.com'
export const audience = 'https://billing.example.com'

/** A clock that stands still until a test moves it. */
export interface Clock {
  readonly now: () => number
  advance(seconds: number): void
}

export const createClock = (start = 1_795_300_000): Clock => {
  let seconds = start
  return {
    now: () => seconds,
    advance: (by) => {
      seconds += by
    },
  }
}

let serial = 0

/** Claims of a good token at this moment; every call gives another `jti`. */
export const goodClaims = (clock: Clock, more: JsonObject = {}): JsonObject => {
  serial += 1
  return {
    iss: issuer,
    sub: 'user_1',
    aud: audience,
    client_id: 'agent-support',
    iat: clock.now(),
    exp: clock.now() + 300,
    jti: `${serial}-${randomUUID()}`,
    scope: 'billing:read',
    act: { sub: 'agent:support' },
    ...more,
  }
}

export const present = <C>(
  server: ResourceServer<C>,
  token: string,
  requirement?: Requirement<C>,
): Promise<Decision<C>> =>
  server.authorize(
    { method: 'GET', url: '/invoices', headers: new Headers({ Authorization: `Bearer ${token}` }) },
    requirement,
  )

/** The one word a fault test compares: `allowed`, or the code of the refusal. */
export const verdict = (decision: Decision<unknown>): string => (decision.allowed ? 'allowed' : decision.error.code)

export interface Scene {
  readonly endpoint: KeyEndpoint
  readonly clock: Clock
  readonly key: SigningKey
  readonly server: ResourceServer
  readonly events: AuditEvent[]
  readonly warnings: Warning[]
  /** A fresh good token, signed by this key (the scene's own by default). */
  token(key?: SigningKey, claims?: JsonObject, header?: JsonObject): string
  /** Presents a token and answers the verdict. */
  ask(token?: string): Promise<string>
  /** Presents a token and answers the whole decision. */
  decide(token?: string): Promise<Decision>
}

const defaults = {
  keySet: { cacheMaxAge: 600_000, cooldownDuration: 30_000, timeoutDuration: 5_000, cacheMaxAgeFallback: 3_600_000 },
}

/** A resource server over a fault-injecting key endpoint, with one good key published. */
export const createScene = async (options: Partial<ResourceServerOptions> = {}): Promise<Scene> => {
  const endpoint = await createKeyEndpoint()
  const clock = createClock()
  const key = createKey('key-1')
  const events: AuditEvent[] = []
  const warnings: Warning[] = []
  endpoint.publish([key.jwk])
  const server = createResourceServer({
    issuer: { issuer, jwksUri: endpoint.jwksUri },
    audience,
    now: clock.now,
    audit: (event) => {
      events.push(event)
    },
    onWarning: (warning) => {
      warnings.push(warning)
    },
    ...options,
    keySet: { ...defaults.keySet, ...options.keySet },
  })
  onTestFinished(async () => {
    await server.close()
    await endpoint.stop()
  })
  const token = (by = key, claims: JsonObject = {}, header: JsonObject = {}): string =>
    signToken(by, goodClaims(clock, claims), header)
  const decide = (presented = token()): Promise<Decision> => present(server, presented)
  return {
    endpoint,
    clock,
    key,
    server,
    events,
    warnings,
    token,
    decide,
    ask: async (presented) => verdict(await decide(presented)),
  }
}

/** Resolves once this assertion holds. How long that takes is the machine's affair. */
export const eventually = (assertion: () => void | Promise<void>): Promise<void> =>
  vi.waitFor(assertion, { timeout: 15_000, interval: 2 })

/** Gives a fetch that should not be there the time to show. Too little of it lets a fault pass, but fails nothing. */
export const linger = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50))

/** Lets everything already under way in this process go on: sockets, timers of zero, promises. */
export const settle = async (turns = 5): Promise<void> => {
  for (let turn = 0; turn < turns; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve))
  }
}

export const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index))
