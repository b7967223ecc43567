import { runInNewContext } from 'node:vm'
import type { AuditEvent, DecisionEvent, ResourceServer, ResourceServerOptions } from '@behalf/core'
import { createTestIssuer, type TokenSpec } from '@behalf/testing'
import type { Response } from 'supertest'
import { vi } from 'vitest'

const issuer = await createTestIssuer({ listen: false })

/** One API: its options, tokens for it, and what it recorded. */
export interface Scene {
  readonly audience: string
  readonly options: ResourceServerOptions
  /** An Authorization value: a token for this API, of alice with the scope `read`, unless `spec` says otherwise. */
  readonly bearer: (spec?: Partial<TokenSpec>) => Promise<string>
  /** The decisions made so far, once there are `count`. */
  readonly decisions: (count: number) => Promise<readonly DecisionEvent[]>
}

export function createScene(audience = 'https://api.example.com'): Scene {
  const events: AuditEvent[] = []
  return {
    audience,
    options: { issuer: issuer.trusted(), audience, audit: (event) => void events.push(event) },
    bearer: async (spec) => `Bearer ${await issuer.token({ subject: 'alice', audience, scope: 'read', ...spec })}`,
    decisions: (count) =>
      vi.waitFor(() => {
        if (events.length < count) throw new Error(`${events.length} of ${count} events`)
        return events.filter((event) => event.type === 'access.decision')
      }),
  }
}

/** Code and route of each decision, in order. */
export function summary(decisions: readonly DecisionEvent[]): readonly (readonly [string, string | undefined])[] {
  return decisions.map(({ reason, resource }) => [reason.code, resource.route])
}

/** A resource server whose every decision that allows has headers for the answer of the handler. */
export function allowingWith(headers: Readonly<Record<string, string>>, server: ResourceServer): ResourceServer {
  return {
    ...server,
    protect: (requirement) => {
      const guard = server.protect(requirement)
      return async (request, source) => {
        const decision = await guard(request, source)
        return decision.allowed ? { ...decision, headers } : decision
      }
    },
  }
}

/** A promise that is no `instanceof Promise`, as test runners and sandboxes make them. */
export function promiseOfAnotherRealm<T>(value: T): Promise<T> {
  return runInNewContext('Promise.resolve(value)', { value }) as Promise<T>
}

/** Rejections and exceptions that nobody caught while `act` ran. */
export async function uncaughtDuring(act: () => Promise<unknown>): Promise<readonly unknown[]> {
  const uncaught: unknown[] = []
  const collect = (error: unknown) => void uncaught.push(error)
  process.on('unhandledRejection', collect)
  await act()
  await new Promise((resolve) => setTimeout(resolve, 20))
  process.off('unhandledRejection', collect)
  return uncaught
}

/** The body as it came, whatever its type. */
export function asText(response: Response, done: (error: Error | null, body: unknown) => void): void {
  let text = ''
  response.on('data', (chunk: Buffer) => (text += chunk.toString()))
  response.on('end', () => done(null, text))
}

/** The challenges of an API that publishes its metadata, to a caller who presents nothing. */
export function challengesWith(metadata: string): string {
  const algs = 'RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519'
  return `Bearer resource_metadata="${metadata}", DPoP algs="${algs}", resource_metadata="${metadata}"`
}

/** Headers as supertest shows them. */
export function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}
