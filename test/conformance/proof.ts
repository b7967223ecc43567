import { createDpopKey, type DpopKey, type DpopProofSpec } from '@behalf/testing'
import type { Call } from '../support/api.js'
import { AUDIENCE, type Json, mint, NOW } from '../support/token.js'
import type { HeaderLine } from '../support/wire.js'

/** The client whose tokens are bound, and another one. */
export const client: DpopKey = await createDpopKey()
export const stranger: DpopKey = await createDpopKey()

/** A good token bound to the client's key. */
export function bound(changes: Json = {}): string {
  return mint({ cnf: { jkt: client.jkt }, ...changes })
}

/** What differs from a good request with a good proof. */
export interface Presented extends Omit<Partial<DpopProofSpec>, 'token'> {
  readonly path?: string
  readonly sent?: string
  /** The token of the request, and of the proof unless `about` is another. */
  readonly token?: string
  readonly about?: string
  readonly by?: DpopKey
  readonly scheme?: string
  /** The DPoP fields, instead of the proof: as they are. */
  readonly proofs?: readonly string[]
  readonly headers?: readonly HeaderLine[]
  readonly events?: number
}

/** A proof for `GET /invoices`, or for what it is told. */
export function prove({
  path = '/invoices',
  by = client,
  token = bound(),
  about,
  ...spec
}: Presented): Promise<string> {
  return by.proof({ method: 'GET', url: AUDIENCE + path, issuedAt: NOW, ...spec, token: about ?? token })
}

/** A request under the DPoP scheme with a proof of its own. */
export async function present(presented: Presented = {}): Promise<Call> {
  const { token = bound(), path = '/invoices', sent = 'GET', scheme = 'DPoP', headers = [], events = 1 } = presented
  const proofs = presented.proofs ?? [await prove({ ...presented, token })]
  const fields = proofs.map((proof): HeaderLine => ['DPoP', proof])
  return { method: sent, path, authorization: `${scheme} ${token}`, headers: [...headers, ...fields], events }
}

/** The same by name. */
export async function presentAll(named: Readonly<Record<string, Presented>>): Promise<Record<string, Call>> {
  const calls = Object.entries(named).map(async ([name, presented]) => [name, await present(presented)] as const)
  return Object.fromEntries(await Promise.all(calls))
}
