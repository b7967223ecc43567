import type { ResourceServerOptions } from '@behalf/core'
import type { Traffic } from './traffic.js'

/** What a server under test is told. */
export interface AppSettings {
  readonly issuer: string
  readonly jwksUri: string
  readonly audience: string
  readonly scope: string
  readonly cacheEntries: number
}

/**
 * One way to guard `GET /invoices` in one framework, as a team would write it. It imports its guard when it starts, so
 * that every process holds only what is measured in it.
 */
export interface App {
  readonly name: string
  readonly traffic: Traffic
  /** Whether it is what a team would use instead of Behalf. */
  readonly peer?: true
  /** Starts the server and resolves with its port. */
  readonly start: (settings: AppSettings) => Promise<number>
}

export const unprotected = 'unprotected'
export const behalfRepeated = 'Behalf, repeated tokens'
const behalfAudited = 'Behalf, repeated tokens, audited'
export const behalfDistinct = 'Behalf, distinct tokens'

/** What the route answers, whoever guards it. */
export const invoices = { subject: 'user_8f2c1d', invoices: [] }

/** The apps of a framework: the route alone, guarded by Behalf, and guarded by what a team would use instead. */
export function appsOf(
  bare: () => Promise<number>,
  behalf: (options: ResourceServerOptions, scope: string) => Promise<number>,
  peers: readonly App[],
): readonly App[] {
  const guarded = (name: string, traffic: Traffic, audit?: () => void): App => ({
    name,
    traffic,
    start: ({ issuer, audience, scope, cacheEntries }) =>
      behalf({ issuer, audience, tokenCache: { maxEntries: cacheEntries }, ...(audit && { audit }) }, scope),
  })
  return [
    { name: unprotected, traffic: 'repeated', start: bare },
    guarded(behalfRepeated, 'repeated'),
    guarded(behalfAudited, 'repeated', () => {}),
    guarded(behalfDistinct, 'distinct'),
    ...peers,
  ]
}
