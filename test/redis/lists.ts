import type { Revocation, VerifiedToken } from '@behalf/core'
import { createRedisRevocationList, type RedisRevocationList, type RedisRevocationListOptions } from '@behalf/redis'
import { expect, onTestFinished, vi } from 'vitest'
import { createWarnings, token } from '../revocation/setting.js'
import { ISSUER } from '../support/token.js'
import { type ClientSettings, type Clients, connectClients } from './clients.js'

export const now = (): number => Date.now() / 1000

/** A token issued a minute ago. */
export const tokenOf = (subject: string, changes: Partial<VerifiedToken> = {}): VerifiedToken =>
  token({ subject, issuedAt: now() - 60, ...changes })

/** Withdraws what a subject has. */
export const of = (subject: string, changes: Partial<Revocation> = {}): Revocation =>
  ({ subject, issuer: ISSUER, ...changes }) as Revocation

/** What one process of an API has. */
export interface Party extends Clients {
  readonly list: RedisRevocationList
  /** Codes of the warnings so far. */
  warnings(): readonly string[]
}

/** Creates a list with clients of its own, all of which end with the test. */
export async function createParty(
  settings: ClientSettings,
  options: Partial<RedisRevocationListOptions> & { readonly prefix: string },
): Promise<Party> {
  const clients = await connectClients(settings)
  onTestFinished(clients.close)
  const { client, subscriber } = clients
  const { onWarning, codes } = createWarnings()
  const list = createRedisRevocationList({ client, subscriber, onWarning, ...options })
  onTestFinished(() => list.close())
  return { ...clients, list, warnings: codes }
}

/** The same, when the list knows what Redis knows. */
export async function joinParty(...settings: Parameters<typeof createParty>): Promise<Party> {
  const party = await createParty(...settings)
  await party.list.ready()
  return party
}

/** Milliseconds until a list knows that a subject is withdrawn. */
export async function timeToLearn({ list }: Party, subject: string): Promise<number> {
  const startedAt = performance.now()
  await vi.waitFor(async () => expect(await list.isRevoked(tokenOf(subject))).toBe(true), {
    timeout: 15_000,
    interval: 5,
  })
  return performance.now() - startedAt
}

/** The keys of a list. */
export const keysOf = (prefix: string) => ({
  marks: `{${prefix}}marks`,
  ends: `{${prefix}}ends`,
  log: `{${prefix}}log`,
  channel: `{${prefix}}changes`,
})
